package object

// An Image is a picture with a title (Pixelfed once).
func image() Kind { return Kind{Type: "Image", Read: readTitled} }
