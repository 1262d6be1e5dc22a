package object

import (
	"strings"
	"unicode/utf8"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// isTitled reports whether objects of a type are more than a text: they have a
// title, and a page of their own.
func isTitled(typ string) bool {
	switch typ {
	case "Article", "Page", "Video", "Audio", "Image", "Event":
		return true
	}
	return false
}

// readTitled reads such an object: its title first and its page last, so that no
// status is empty.
func readTitled(o *vocab.Object, status *store.Object) { readTitledWith(o, status, "") }

// readTitledWith is readTitled with more HTML after the title.
func readTitledWith(o *vocab.Object, status *store.Object, facts string) {
	readExcerpt(o, status)
	status.Content = markup.Sanitize(titleOf(o)+facts+textInPlace(o, status)) + pageLink(o)
}

// readExcerpt undoes what a summary means of a Note: here it is no content
// warning. It is one still if the author marked the object as sensitive (a
// PeerTube video, a WordPress post).
func readExcerpt(o *vocab.Object, status *store.Object) {
	if !o.Sensitive {
		status.SpoilerText, status.Sensitive = "", false
	}
}

// maxInPlace is how long a text may be, in characters, that is shown in place of
// its excerpt.
const maxInPlace = 4000

// textInPlace is the text of an object, its excerpt and its text, or, of a long
// one, the excerpt alone: its page has the rest.
func textInPlace(o *vocab.Object, status *store.Object) string {
	text := textOf(o)
	excerpt := ""
	if status.SpoilerText == "" {
		excerpt = excerptOf(o)
	}
	if excerpt == "" {
		return text
	}
	whole := markup.PlainText(text)
	switch {
	case whole == "" || utf8.RuneCountInString(whole) > maxInPlace:
		return markup.Render(excerpt, markup.Options{})
	case beginsWith(whole, excerpt):
		return text
	}
	return markup.Render(excerpt, markup.Options{}) + text
}

// excerptOf is what an object says of itself in short: its summary, or the Note
// that may be shown in its place (FEP-b2b8).
func excerptOf(o *vocab.Object) string {
	if s := markup.PlainText(o.Summary); s != "" {
		return clip(s, maxSpoiler)
	}
	preview, _ := o.Document["preview"].(vocab.Document)
	content, _ := preview["content"].(string)
	return clip(markup.PlainText(clip(content, maxContent)), maxSpoiler)
}

// beginsWith reports whether a text begins as its excerpt does, which may be
// cut, and end in dots.
func beginsWith(text, excerpt string) bool {
	words := strings.Fields(strings.TrimRight(excerpt, " .…[]"))
	if len(words) > 12 {
		words = words[:12]
	}
	return strings.HasPrefix(strings.Join(strings.Fields(text), " "), strings.Join(words, " "))
}

func titleOf(o *vocab.Object) string {
	title := strings.Join(strings.Fields(markup.PlainText(o.Name)), " ")
	if title == "" {
		return ""
	}
	return "<p><strong>" + markup.EscapeText(clip(title, maxSpoiler)) + "</strong></p>"
}

// pageLink links the page of an object, with its host to be seen.
func pageLink(o *vocab.Object) string { return markup.Render(pageOf(o), markup.Options{}) }

// isPage reports whether a link is one that a browser can display as a page.
func isPage(l vocab.Link) bool {
	if l.MediaType == "" {
		return typeOfName(l.Href) == ""
	}
	return strings.HasPrefix(l.MediaType, "text/html")
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
