// Package markup makes all the HTML that reaches a browser or an app
// (SECURITY-RULES 17): what strangers wrote is sanitised (Sanitize), what is
// written here is rendered (Render), both when it is stored and nowhere else.
// Nothing rewrites HTML after it. It also reads the other way (PlainText), and
// finds what a text names (Scan, Emojis) and how long it is (Length).
//
// It never fetches anything, keeps no state and knows nothing of accounts: who
// a mention leads to is given to it (Options). All of it is one pass over its
// input (SECURITY-RULES 28). Read Sanitize and Options first.
package markup

import (
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// MaxHTML is the longest HTML, in bytes, that Sanitize reads as HTML and that
// it or Render gives back (SECURITY-RULES 27).
const MaxHTML = 512 << 10

// Sanitize gives of a stranger's HTML what is on the allow-list: text,
// paragraphs, links, lists, quotes, code, ruby and emphasis, much as Mastodon
// shows it. Headings become bold paragraphs, pictures their descriptions,
// other blocks lines; scripts, styles, drawings and formulas go with their
// content. Links keep the schemes of linkSchemes and are told not to pass on
// where they were clicked; others, relative ones too, become their text.
//
// Every element is closed and stands where HTML allows it, so a post can't
// reach into the page around it. Elements over maxNesting deep are dropped and
// their text kept. Of input longer than MaxHTML only the text is kept, cut to
// maxText; output that would grow beyond MaxHTML ends there.
//
// Sanitize(Sanitize(s)) is Sanitize(s), and what Render made stays as it is.
func Sanitize(remote string) string {
	if len(remote) > MaxHTML {
		return Render(PlainText(remote), Options{})
	}
	return sanitize(remote, false)
}

// sanitize is Sanitize; what is the own profile of an account here keeps rel="me".
func sanitize(s string, own bool) string {
	// bluemonday has the last word. On what tidy writes it changes nothing but
	// the spelling of breaks, which clients know with a space.
	return strings.ReplaceAll(allowList().Sanitize(tidy(s, own)), "<br/>", lineBreak)
}

// EscapeText makes text safe between tags and in quoted attributes.
func EscapeText(s string) string { return html.EscapeString(s) }

// lineBreak is how a break is spelt, as in Mastodon's own HTML.
const lineBreak = "<br />"

// linkSchemes are what a link may open: the web, mail, and the networks that
// Mastodon lists, with matrix. Not tel, sms or the like, since a tap on those acts.
func linkSchemes() []string {
	return []string{"http", "https", "mailto", "xmpp", "matrix", "gemini", "gopher", "magnet",
		"ipfs", "ipns", "dat", "dweb", "ssb"}
}

// Classes that clients give a meaning to, and those of microformats (h-card,
// u-url, …). Any other could borrow the look of the page around the post.
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
