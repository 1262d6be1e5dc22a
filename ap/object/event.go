package object

// An Event has a title, a description and a page (Mobilizon).
func event() Kind { return Kind{Type: "Event", Read: readTitled} }
