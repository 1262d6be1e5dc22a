package object

// A Page is a link with a title: what Lemmy and its like post.
func page() Kind { return Kind{Type: "Page", Read: readTitled} }
