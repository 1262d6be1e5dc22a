package object

// A Video has a title, a description and a page to watch it on (PeerTube).
func video() Kind { return Kind{Type: "Video", Read: readTitled} }
