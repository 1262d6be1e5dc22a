package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// maxNesting is how deep elements may be nested.
	maxNesting = 64
	// closingRoom is reserved at the end of the output for all end tags.
	closingRoom = maxNesting * len("</blockquote>")
	// worstEscape is the most bytes that EscapeText makes of one, and
	// Render of a newline: &#34; and <br />.
	worstEscape = len(lineBreak)
)

// tidier writes HTML again from its tokens, so that an HTML5 parser (WHATWG
// HTML §13.2.6) reads the same tree: all closed, no paragraph in a paragraph,
// no link in a link. What is correct is written unchanged, which makes Sanitize
// stable.
type tidier struct {
	b    strings.Builder
	open []string
	text bool // the present line shows something
	gap  bool // a block we don't keep began or ended: what follows is a new line
	full bool // MaxHTML is reached
	own  bool // written by the owner of a profile here: rel="me" is kept
}

func tidy(s string, own bool) string {
	t := tidier{own: own}
	for token := range visible(s) {
		switch token.Type {
		case html.TextToken:
			t.writeText(token.Data)
		case html.EndTagToken:
			t.end(token.Data)
		default:
			t.start(token)
		}
		if t.full {
			break
		}
	}
	t.closeTo(0)
	return t.b.String()
}

func (t *tidier) start(token html.Token) {
	tag := token.Data
	switch kindOf(tag) {
	case lineEnd:
		t.write(lineBreak)
		t.newLine()
	case picture:
		t.writeText(attribute(token, "alt"))
	case boundary:
		t.gap = true
	case cell:
		if t.text && !t.gap {
			t.writeText(" ")
		}
	case heading:
		t.closeNearest("p")
		if len(t.open)+2 <= maxNesting {
			t.newLine()
			t.push("p", "<p>")
			t.push("strong", "<strong>")
		}
	case block:
		t.closeNearest("p")
		if len(t.open) < maxNesting {
			t.newLine()
			t.push(tag, t.startTag(token))
		}
	case item:
		t.closeItem()
		t.closeNearest("p")
		if len(t.open) < maxNesting {
			t.newLine()
			t.push(tag, t.startTag(token))
		}
	case inline:
		t.startInline(token)
	}
}

func (t *tidier) startInline(token html.Token) {
	tag := token.Data
	s := t.startTag(token)
	switch tag {
	case "a":
		if s == "" {
			return
		}
		t.closeNearest("a")
	case "rt", "rp":
		ruby := lastIndex(t.open, "ruby")
		if ruby < 0 {
			return
		}
		t.closeTo(ruby + 1)
	}
	if len(t.open) >= maxNesting {
		return
	}
	t.fillGap()
	t.push(tag, s)
}

func (t *tidier) end(tag string) {
	switch kindOf(tag) {
	case lineEnd: // </br> is a break, WHATWG HTML §13.2.6.4.7
		t.write(lineBreak)
		t.newLine()
	case boundary:
		t.gap = true
	case heading:
		t.closeNearest("p")
	case inline, block, item:
		t.closeNearest(tag)
	}
}

// writeText writes text, cutting what doesn't fit.
func (t *tidier) writeText(s string) {
	if s = clean(s); s == "" {
		return
	}
	if strings.TrimSpace(s) != "" {
		t.fillGap()
		t.text = true
	}
	escaped := EscapeText(s)
	if room := MaxHTML - closingRoom - t.b.Len(); len(escaped) > room {
		escaped = EscapeText(cut(s, room/worstEscape))
		t.full = true
	}
	t.b.WriteString(escaped)
}

func (t *tidier) write(s string) bool {
	if t.full || t.b.Len()+len(s)+closingRoom > MaxHTML {
		t.full = true
		return false
	}
	t.b.WriteString(s)
	return true
}

func (t *tidier) push(tag, s string) {
	if t.write(s) {
		t.open = append(t.open, tag)
	}
}

func (t *tidier) newLine() { t.text, t.gap = false, false }

func (t *tidier) fillGap() {
	if t.gap && t.text {
		t.write(lineBreak)
		t.text = false
	}
	t.gap = false
}

// closeTo closes elements until n are open.
func (t *tidier) closeTo(n int) {
	for len(t.open) > n {
		last := t.open[len(t.open)-1]
		t.b.WriteString("</" + last + ">")
		if kindOf(last) != inline {
			t.newLine()
		}
		t.open = t.open[:len(t.open)-1]
	}
}

func (t *tidier) closeNearest(tag string) {
	if i := lastIndex(t.open, tag); i >= 0 {
		t.closeTo(i)
	}
}

// closeItem ends the previous item, but not one that contains this list.
func (t *tidier) closeItem() {
	for i, tag := range slices.Backward(t.open) {
		if tag == "li" {
			t.closeTo(i)
			return
		}
		if tag != "p" && kindOf(tag) == block {
			return
		}
	}
}

func lastIndex(open []string, tag string) int {
	for i, o := range slices.Backward(open) {
		if o == tag {
			return i
		}
	}
	return -1
}

// startTag is a tag with its allowed attributes, always in the same order; ""
// for a link without an allowed URL.
func (t *tidier) startTag(token html.Token) string {
	var b strings.Builder
	add := func(key, value string) { b.WriteString(" " + key + `="` + EscapeText(value) + `"`) }
	b.WriteString("<" + token.Data)
	if token.Data == "a" {
		href, ok := safeURL(attribute(token, "href"))
		if !ok {
			return ""
		}
		add("href", href)
	}
	if token.Data == "a" || token.Data == "span" || token.Data == "p" {
		if class := keptClasses(attribute(token, "class")); class != "" {
			add("class", class)
		}
	}
	if token.Data == "a" {
		given, rel := strings.Fields(attribute(token, "rel")), linkRel
		if slices.Contains(given, "tag") {
			rel = tagRel
		} else if t.own && slices.Contains(given, "me") {
			rel = meRel
		}
		b.WriteString(` target="_blank" rel="` + rel + `"`)
	}
	if attribute(token, "translate") == "no" {
		add("translate", "no")
	}
	if lang := attribute(token, "lang"); isLanguage(lang) {
		add("lang", lang)
	}
	if n := attribute(token, "start"); token.Data == "ol" && isInteger(n) {
		add("start", n)
	}
	if token.Data == "ol" && slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "reversed" }) {
		add("reversed", "")
	}
	if n := attribute(token, "value"); token.Data == "li" && isInteger(n) {
		add("value", n)
	}
	return b.String() + ">"
}

// A rel of "me" is kept only for the owner of a local profile: on a page of
// ours it says that the account and the linked site are one person, and a
// stranger whose post is boosted there could claim the page.
const (
	linkRel = "nofollow noopener noreferrer"
	tagRel  = "tag " + linkRel
	meRel   = "me " + linkRel
)

// maxClasses is how many classes an element keeps.
const maxClasses = 16

func keptClasses(s string) string {
	var kept []string
	for class := range strings.FieldsSeq(s) {
		if len(kept) < maxClasses && isKeptClass(class) {
			kept = append(kept, class)
		}
	}
	return strings.Join(kept, " ")
}

func isKeptClass(class string) bool {
	switch class {
	case "mention", "hashtag", "invisible", "ellipsis", "quote-inline":
		return true
	}
	prefix, name, _ := strings.Cut(class, "-")
	switch prefix {
	case "h", "p", "u", "dt", "e":
		return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	}
	return false
}

func isLanguage(s string) bool {
	return s != "" && len(s) <= 35 && strings.IndexFunc(s, func(r rune) bool {
		return r != '-' && (r > 'z' || !isNameByte(byte(r)) || r == '_')
	}) < 0
}

func isInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && len(digits) <= 9 && strings.Trim(digits, "0123456789") == ""
}
