package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxHeadTokens is how many tokens of a page are looked at for its links.
const maxHeadTokens = 2000

// AlternateLink is the first link in the head of a page to another form of it
// (rel=alternate) of a media type that is wanted, and the page's base, "" for
// none: both as they are written. What stands in the body is not looked at,
// since there others may have written it.
func AlternateLink(page []byte, wanted func(mediaType string) bool) (href, base string) {
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(len(page) + 1)
	for range maxHeadTokens {
		typ := z.Next()
		if typ == html.ErrorToken {
			break
		}
		if typ != html.StartTagToken && typ != html.SelfClosingTagToken {
			continue
		}
		token := z.Token()
		switch token.DataAtom {
		case atom.Base:
			if base == "" {
				base = attributeOf(token, "href")
			}
		case atom.Link:
			if hasWord(attributeOf(token, "rel"), "alternate") && wanted(attributeOf(token, "type")) {
				return strings.TrimSpace(attributeOf(token, "href")), strings.TrimSpace(base)
			}
		case atom.Html, atom.Head, atom.Meta, atom.Title, atom.Style, atom.Script, atom.Noscript, atom.Template:
		default:
			return "", "" // the body has begun
		}
	}
	return "", ""
}

func attributeOf(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

// hasWord reports whether a list of words, separated by spaces, has one.
func hasWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
