package object

// An Article is a long text with a title (a blog's post). Its title comes first
// and its page last.
func article() Kind { return Kind{Type: "Article", Read: readTitled} }
