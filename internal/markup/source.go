package markup

import (
	"mime"
	"strings"
)

// RenderSource renders a remote text that is not HTML, by its media type:
// Markdown, Misskey's MFM, BBCode or plain text. ok is false for any other type,
// whose text is HTML.
//
// Each of the three is read as far as posts use it, in one pass with bounded
// looking ahead (SECURITY-RULES 28), and what comes out goes through the
// sanitiser like any remote HTML: the renderers decide how a text looks, never
// what is safe. The first 64 KiB are rendered.
func RenderSource(text, mediaType string) (html string, ok bool) {
	typ, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		typ = strings.ToLower(strings.TrimSpace(mediaType))
	}
	text = cut(normal(text), maxText)
	switch typ {
	case "text/plain":
		return Render(text, Options{}), true
	case "text/markdown", "text/x-markdown":
		return Sanitize(blocks{dialect: markdown()}.render(text)), true
	case "text/x.misskeymarkdown", "text/x-misskeymarkdown", "text/mfm":
		return Sanitize(blocks{dialect: mfm()}.render(text)), true
	case "text/bbcode", "text/x-bbcode":
		return Sanitize(bbcode(text)), true
	}
	return "", false
}

// dialect is what Markdown and MFM differ in.
type dialect struct {
	lists, headings, images, entities, escapes bool
	functions                                  bool // $[name text]
	tags                                       func(tag string) bool
}

func markdown() dialect {
	return dialect{lists: true, headings: true, images: true, entities: true, escapes: true, tags: func(string) bool { return true }}
}

func mfm() dialect {
	return dialect{functions: true, tags: func(tag string) bool {
		switch tag {
		case "b", "i", "s", "small", "center", "plain":
			return true
		}
		return false
	}}
}
