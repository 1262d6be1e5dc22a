// Package html makes all the HTML that reaches a browser or an app: strangers'
// is sanitised (Sanitize), what is written here is rendered (Render), both at
// the time of writing and nowhere else. Nothing rewrites HTML after it.
package html

import (
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// MaxHTML is the longest HTML, in bytes, that is sanitised as HTML. What is
// longer is shown as text, cut to this length.
const MaxHTML = 512 << 10

// maxNesting is how deep elements may stand in one another; deeper ones are
// dropped and their text kept.
const maxNesting = 64

// Sanitize gives of a stranger's HTML what is on the allow-list: text,
// paragraphs, links, lists, quotes, code and emphasis, as Mastodon shows it.
// Links are http(s), mailto and a few networks' own; scripts, styles and
// everything that loads or runs is gone. Every element is closed, so that a
// post can't reach into the page around it. Sanitize(Sanitize(s)) is
// Sanitize(s).
func Sanitize(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > MaxHTML {
		return "<p>" + EscapeText(strings.ToValidUTF8(s[:MaxHTML], "")) + "</p>"
	}
	return allowList().Sanitize(balance(s))
}

// EscapeText makes text safe between tags and in attributes.
func EscapeText(s string) string { return html.EscapeString(s) }

var allowList = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em",
		"ul", "ol", "li", "ruby", "rt", "rp", "sub", "sup", "small")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "xmpp", "matrix", "gemini", "gopher", "magnet", "ipfs", "ipns", "dat", "ssb")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^(tag|me|ugc|nofollow|noopener|noreferrer| )+$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^ *(mention|hashtag|invisible|ellipsis|quote-inline|(h|p|u|dt|e)-[a-z-]+)( +(mention|hashtag|invisible|ellipsis|quote-inline|(h|p|u|dt|e)-[a-z-]+))* *$`)).OnElements("a", "span", "p")
	p.AllowAttrs("translate").Matching(regexp.MustCompile(`^no$`)).OnElements("a", "span", "p", "code")
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("value").Matching(bluemonday.Integer).OnElements("li")
	p.AllowAttrs("reversed").Matching(regexp.MustCompile(`^(|reversed)$`)).OnElements("ol")
	return p
})

// balance rewrites the tags so that each is closed where it should be, turns
// headings into bold paragraphs and pictures into their descriptions, and
// drops what is not text at all. It is one pass over the tokens.
func balance(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	var open []string
	closeTo := func(n int) {
		for len(open) > n {
			b.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		}
	}
	skip := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			closeTo(0)
			return b.String()
		case html.TextToken:
			if skip == "" {
				b.WriteString(html.EscapeString(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if skip != "" {
				continue
			}
			if isOpaque(t.Data) {
				if t.Type == html.StartTagToken {
					skip = t.Data
				}
				continue
			}
			open = writeStart(&b, t, open)
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			if tag == skip {
				skip = ""
				continue
			}
			if skip != "" {
				continue
			}
			if isHeading(tag) {
				tag = "p"
			}
			for i := len(open) - 1; i >= 0; i-- {
				if open[i] == tag {
					closeTo(i)
					break
				}
			}
		}
	}
}

func writeStart(b *strings.Builder, t html.Token, open []string) []string {
	switch {
	case t.Data == "br":
		b.WriteString("<br/>")
		return open
	case t.Data == "img":
		for _, a := range t.Attr {
			if a.Key == "alt" {
				b.WriteString(html.EscapeString(a.Val))
			}
		}
		return open
	case len(open) >= maxNesting:
		return open
	case isHeading(t.Data):
		b.WriteString("<p><strong>")
		return append(open, "p", "strong")
	case !isKept(t.Data):
		return open
	}
	t.Type = html.StartTagToken
	b.WriteString(t.String())
	return append(open, t.Data)
}

// isOpaque names elements whose content is no text for a reader.
func isOpaque(tag string) bool {
	switch tag {
	case "script", "style", "template", "iframe", "object", "embed", "noscript", "noembed", "noframes", "svg", "math",
		"title", "head", "textarea", "select", "xmp", "plaintext", "audio", "video", "canvas", "applet":
		return true
	}
	return false
}

func isHeading(tag string) bool {
	return len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6'
}

func isKept(tag string) bool {
	switch tag {
	case "p", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em",
		"ul", "ol", "li", "ruby", "rt", "rp", "sub", "sup", "small":
		return true
	}
	return false
}

// PlainText is the text a reader sees of HTML, its paragraphs and breaks as
// newlines: for titles, previews and notifications. It is text, and must be
// escaped like any other.
func PlainText(s string) string {
	if len(s) > MaxHTML {
		s = strings.ToValidUTF8(s[:MaxHTML], "")
	}
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	skip := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if skip == "" {
				b.WriteString(html.UnescapeString(string(z.Raw())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			tag := string(name)
			switch {
			case skip != "":
			case isOpaque(tag):
				skip = tag
			case tag == "br":
				b.WriteString("\n")
			case (tag == "p" || tag == "li" || tag == "blockquote" || tag == "pre") && b.Len() > 0:
				b.WriteString("\n\n")
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == skip {
				skip = ""
			}
		}
	}
}
