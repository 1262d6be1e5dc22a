package object

// An Audio has a title, a description and a page to hear it on (Funkwhale).
func audio() Kind { return Kind{Type: "Audio", Read: readTitled} }
