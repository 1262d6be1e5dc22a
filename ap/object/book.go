package object

import (
	"strconv"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// What BookWyrm says about books: a Review with a title and stars, a Rating with
// stars alone, a Comment, and a Quotation, whose quote is a text of the book and
// no post. Their summary is a content warning, as of a Note. A GeneratedNote is
// a Note ("has finished reading").
func book(typ string) Kind { return Kind{Type: typ, Read: readBook} }

func generatedNote() Kind {
	return Kind{Type: "GeneratedNote", Read: func(o *vocab.Object, status *store.Object) { status.Content = textOf(o) }}
}

func isAboutBook(typ string) bool {
	switch typ {
	case "Review", "Rating", "Comment", "Quotation":
		return true
	}
	return false
}

func readBook(o *vocab.Object, status *store.Object) {
	head := titleOf(o)
	if s := stars(vocab.Number(o.Document["rating"])); s != "" {
		head += "<p>" + s + "</p>"
	}
	if quote, _ := o.Document["quote"].(string); quote != "" && o.Type == "Quotation" {
		head += "<blockquote>" + markup.Sanitize(clip(quote, maxContent)) + "</blockquote>"
	}
	status.Content = markup.Sanitize(head + textOf(o))
	if about, _ := o.Document["inReplyToBook"].(string); about != "" {
		status.Content = withLinks(status.Content, []link{{href: about}})
	}
}

// stars writes a rating of 0.5 to 5 stars; "" for none.
func stars(n float64) string {
	if n < 0.5 || n > 5 {
		return ""
	}
	out := strings.Repeat("★", int(n))
	if n-float64(int(n)) >= 0.5 {
		out += "½"
	}
	return out + " (" + strconv.FormatFloat(n, 'g', 2, 64) + "/5)"
}
