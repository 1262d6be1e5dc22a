package markup

import (
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// kind is how an element is treated.
type kind int

const (
	unwrapped kind = iota // only its content is shown: font, mark, video, …
	inline                // kept, in a line
	block                 // kept, a paragraph, quote or list
	item                  // kept, in a list: li
	heading               // becomes a bold paragraph
	boundary              // only its content, in a line of its own: div, tr, …
	cell                  // only its content, apart from its neighbour: td, th
	lineEnd               // br
	picture               // its description is shown
	opaque                // goes with its content, which is no text for a reader
)

func kindOf(tag string) kind {
	switch tag {
	case "span", "a", "del", "s", "code", "b", "strong", "u", "i", "em", "ruby", "rt", "rp", "sub", "sup", "small":
		return inline
	case "p", "pre", "blockquote", "ul", "ol":
		return block
	case "li":
		return item
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return heading
	case "div", "section", "article", "aside", "header", "footer", "main", "nav", "address", "figure", "figcaption",
		"details", "summary", "dl", "dt", "dd", "table", "caption", "tr", "hr", "form", "fieldset", "center":
		return boundary
	case "td", "th":
		return cell
	case "br":
		return lineEnd
	case "img":
		return picture
	case "script", "style", "template", "iframe", "noscript", "noembed", "noframes", "svg", "math",
		"title", "textarea", "select", "xmp", "plaintext":
		return opaque
	}
	return unwrapped
}

// visible yields the tags and texts of HTML that are visible to a reader, as
// the tokenizer reads them: in one pass, without comments, declarations and
// opaque elements.
func visible(s string) iter.Seq[html.Token] {
	return func(yield func(html.Token) bool) {
		z := html.NewTokenizer(strings.NewReader(s))
		hidden, depth := "", 0
		for z.Next() != html.ErrorToken {
			t := z.Token()
			switch {
			case t.Type == html.CommentToken || t.Type == html.DoctypeToken:
			case hidden != "":
				if t.Data == hidden && t.Type == html.StartTagToken {
					depth++
				} else if t.Data == hidden && t.Type == html.EndTagToken {
					depth--
				}
				if depth == 0 {
					hidden = ""
				}
			case t.Type != html.TextToken && kindOf(t.Data) == opaque:
				// Only foreign elements can be self-closing: <script/> is open.
				foreign := t.Data == "svg" || t.Data == "math"
				if t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken && !foreign {
					hidden, depth = t.Data, 1
				}
			default:
				if !yield(t) {
					return
				}
			}
		}
	}
}

// clean removes control characters other than tab and newline from a text, and
// replaces bytes that aren't UTF-8. PostgreSQL would refuse both.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, s)
}

func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
