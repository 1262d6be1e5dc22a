// Package markup makes all the HTML that reaches a browser or an app
// (SECURITY-RULES 17): remote HTML is sanitised (Sanitize), local text is
// rendered (Render), both when it is stored and nowhere else. No other code
// changes HTML. It also converts HTML to text (PlainText), and finds the
// mentions and hashtags of a text (Scan) and its length (Length).
//
// It never fetches anything, keeps no state and knows nothing of accounts: the
// caller resolves mentions (Options). Each function is one pass over its input
// (SECURITY-RULES 28). Read Sanitize and Options first.
package markup

import (
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// MaxHTML is the longest HTML, in bytes, that Sanitize reads as HTML and that
// it or Render returns (SECURITY-RULES 27).
const MaxHTML = 512 << 10

// Sanitize returns the parts of remote HTML that are on the allow-list: text,
// paragraphs, links, lists, quotes, code, ruby and emphasis, much as Mastodon
// shows it. Headings become bold paragraphs, pictures their descriptions, other
// blocks lines; scripts, styles, drawings and formulas are removed with their
// content. Links keep the schemes of linkSchemes and get
// rel="nofollow noopener noreferrer"; others, and relative ones, become their
// text.
//
// Every element is closed and in a place that HTML allows, so a post can't
// affect the page around it. Elements over maxNesting deep are dropped and
// their text kept. Of input longer than MaxHTML only the text is kept, cut to
// maxText; output that would exceed MaxHTML is cut there.
//
// Sanitize(Sanitize(s)) is Sanitize(s), and the output of Render is unchanged
// by it.
func Sanitize(remote string) string {
	if len(remote) > MaxHTML {
		return Render(PlainText(remote), Options{})
	}
	return sanitize(remote, false)
}

// sanitize is Sanitize; with own, a local account's own profile, rel="me" is
// kept.
func sanitize(s string, own bool) string {
	// bluemonday runs last. It changes nothing that tidy writes except the
	// form of breaks, which clients expect with a space.
	return strings.ReplaceAll(allowList().Sanitize(tidy(s, own)), "<br/>", lineBreak)
}

// EscapeText makes text safe between tags and in quoted attributes.
func EscapeText(s string) string { return html.EscapeString(s) }

// lineBreak is a break in the form of Mastodon's own HTML.
const lineBreak = "<br />"

// linkSchemes are the schemes of links: the web, mail, and the networks that
// Mastodon lists, with matrix. Not tel, sms or the like, since a tap on those
// acts.
func linkSchemes() []string {
	return []string{"http", "https", "mailto", "xmpp", "matrix", "gemini", "gopher", "magnet",
		"ipfs", "ipns", "dat", "dweb", "ssb"}
}

// Classes that clients interpret, and those of microformats (h-card, u-url, …).
// Any other could imitate the page around the post.
const classPattern = `(mention|hashtag|invisible|ellipsis|quote-inline|(h|p|u|dt|e)-[a-z0-9-]+)`

var allowList = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em",
		"ul", "ol", "li", "ruby", "rt", "rp", "sub", "sup", "small")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes(linkSchemes()...)
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowAttrs("target").Matching(regexp.MustCompile(`^_blank$`)).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^(tag |me )?nofollow noopener noreferrer$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^`+classPattern+`( `+classPattern+`)*$`)).OnElements("a", "span", "p")
	p.AllowAttrs("translate").Matching(regexp.MustCompile(`^no$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^-?[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("value").Matching(regexp.MustCompile(`^-?[0-9]{1,9}$`)).OnElements("li")
	p.AllowAttrs("reversed").Matching(regexp.MustCompile(`^$`)).OnElements("ol")
	return p
})
