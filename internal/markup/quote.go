package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// QuoteLink is the paragraph that stands for a quoted post where that can't be
// shown; "" for an invalid URL.
func QuoteLink(url string) string {
	link := (&renderer{}).link(url)
	if link == "" {
		return ""
	}
	return `<p class="quote-inline">RE: ` + link + `</p>`
}

// WithoutQuoteLink removes from sanitised HTML what stands for a quoted post
// where quotes are not understood: what has the class quote-inline, and at the
// end of a paragraph "RE:" with a link to one of the post's addresses.
func WithoutQuoteLink(sanitized string, quoted []string) string {
	c := quoteCutter{html: sanitized, quoted: quoted}
	c.read()
	if c.end >= 0 {
		c.cuts = append(c.cuts, cutting{c.begin, c.end})
	}
	if len(c.cuts) == 0 {
		return sanitized
	}
	var b strings.Builder
	at := 0
	for _, cut := range c.cuts {
		b.WriteString(sanitized[at:max(at, cut.begin)])
		at = max(at, cut.end)
	}
	b.WriteString(sanitized[at:])
	// Again, since what was cut may leave something open or empty.
	return strings.ReplaceAll(Sanitize(b.String()), "<p></p>", "")
}

// quoteCutter finds what to cut, in one pass.
type quoteCutter struct {
	html   string
	quoted []string
	cuts   []cutting

	// Where "RE:" with the breaks before it begins, and, after its link, where
	// that ends: -1 for none.
	begin, end int
}

type cutting struct{ begin, end int }

func (c *quoteCutter) read() {
	z := html.NewTokenizer(strings.NewReader(c.html))
	at, breaks := 0, -1 // breaks is where those before the present token begin
	within, depth := "", 0
	c.begin, c.end = -1, -1
	linked := false
	for z.Next() != html.ErrorToken {
		begin := at
		at += len(z.Raw())
		t := z.Token()
		if within != "" { // in what has the class
			switch {
			case t.Data != within:
			case t.Type == html.StartTagToken:
				depth++
			case t.Type == html.EndTagToken:
				depth--
			}
			if depth == 0 {
				c.cuts[len(c.cuts)-1].end = at
				within = ""
			}
			continue
		}
		switch {
		case t.Type == html.StartTagToken && hasClass(t, "quote-inline"):
			c.cuts = append(c.cuts, cutting{begin, len(c.html)})
			within, depth = t.Data, 1
			c.begin, c.end = -1, -1
		case linked: // inside of the link
			if t.Type == html.EndTagToken && t.Data == "a" {
				linked, c.end = false, at
			}
		case t.Data == "a" && t.Type == html.StartTagToken && c.begin >= 0 && slices.Contains(c.quoted, attribute(t, "href")):
			linked = true
		case t.Data == "p" && t.Type == html.EndTagToken && c.end >= 0:
			c.cuts = append(c.cuts, cutting{c.begin, c.end})
			c.begin, c.end = -1, -1
		case t.Type == html.TextToken && strings.TrimSpace(t.Data) == "" && c.end >= 0:
			c.end = at
		case t.Type == html.TextToken && isQuoteMark(t.Data):
			c.begin, c.end = begin+strings.LastIndex(c.html[begin:at], "RE:"), -1
			if breaks >= 0 && strings.TrimSpace(t.Data) == "RE:" {
				c.begin = breaks
			}
		default:
			c.begin, c.end = -1, -1
		}
		if t.Type != html.TextToken && kindOf(t.Data) == lineEnd {
			if breaks < 0 {
				breaks = begin
			}
		} else if t.Type != html.TextToken || strings.TrimSpace(t.Data) != "" {
			breaks = -1
		}
	}
}

// isQuoteMark reports whether a text ends in "RE:", a word of its own.
func isQuoteMark(text string) bool {
	before, ok := strings.CutSuffix(strings.TrimSpace(text), "RE:")
	return ok && (before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, "\n"))
}

func hasClass(t html.Token, class string) bool {
	return slices.Contains(strings.Fields(attribute(t, "class")), class)
}
