package object

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// readTitled reads an object that is more than a text: its title first and its
// page last, so that no status is empty.
func readTitled(o *vocab.Object, status *store.Object) {
	page := o.ID
	for _, l := range o.URL {
		if isPage(l) {
			page = l.Href
			break
		}
	}
	status.Content = markup.Sanitize(titleOf(o) + textOf(o) + markup.Render(page, markup.Options{}))
}

func titleOf(o *vocab.Object) string {
	if o.Name == "" {
		return ""
	}
	return "<p><strong>" + markup.EscapeText(markup.PlainText(o.Name)) + "</strong></p>"
}

// isPage reports whether a link is one that a browser can display.
func isPage(l vocab.Link) bool {
	return l.MediaType == "" || strings.HasPrefix(l.MediaType, "text/html")
}

// pageOf is the page of an object, or its id when it has none.
func pageOf(o *vocab.Object) string {
	for _, l := range o.URL {
		if isPage(l) && isURI(l.Href) {
			return l.Href
		}
	}
	return o.ID
}

func isURI(s string) bool {
	_, err := vocab.ParseURI(s)
	return err == nil
}
