package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// renderInline renders the text of a paragraph of Markdown or MFM. What begins
// something that is never closed is text.
func renderInline(text string, d dialect) string {
	p := inliner{dialect: d, text: text, count: map[string]int{}}
	p.findTicks()
	for p.at < len(text) {
		if !p.special() {
			p.at++
		}
	}
	p.flush()
	return strings.Join(p.pieces, "")
}

// inliner reads a text once, from its beginning to its end. Its pieces are HTML;
// those of what was opened become tags when it is closed.
type inliner struct {
	dialect
	text   string
	from   int // of the text that is not written yet
	at     int
	pieces []string
	open   []opened
	count  map[string]int // how many of each mark are open
	links  []autoLink
	dead   int           // brackets before this piece are around a link, and make none
	ticks  map[int][]int // where the runs of so many backticks are
}

// opened is a mark that something may close: ** __ * _ ~~ [ ![ ?[ $[
type opened struct {
	mark  string
	piece int
}

// autoLink is a piece that is a link by itself, and text inside of another.
type autoLink struct {
	piece int
	text  string
}

func (p *inliner) write(s string) { p.pieces = append(p.pieces, s) }

// flush writes the text up to here.
func (p *inliner) flush() {
	if p.from < p.at {
		p.write(p.escape(p.text[p.from:p.at]))
	}
	p.from = p.at
}

func (p *inliner) escape(s string) string {
	if p.entities {
		s = clean(html.UnescapeString(s))
	}
	return strings.ReplaceAll(EscapeText(s), "\n", lineBreak)
}

// put writes HTML in place of the next n bytes.
func (p *inliner) put(n int, s string) bool {
	p.flush()
	p.write(s)
	p.at += n
	p.from = p.at
	return true
}

// special reads what is not text, if there is something.
func (p *inliner) special() bool {
	rest := p.text[p.at:]
	switch c := rest[0]; c {
	case '\\':
		if p.escapes && len(rest) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!~>|<&\"'", rest[1]) >= 0 {
			return p.put(2, EscapeText(rest[1:2]))
		}
	case '`':
		return p.codeSpan()
	case '*', '_', '~':
		return p.emphasis(c)
	case '!', '?', '$':
		if len(rest) > 1 && rest[1] == '[' && (c == '!' && p.images || c == '?' && p.functions) {
			return p.begin(string(c)+"[", 2)
		}
		if c == '$' && p.functions {
			return p.function()
		}
	case '[':
		return p.begin("[", 1)
	case ']':
		return p.endBracket()
	case '<':
		return p.tag()
	case 'h', 'H':
		return p.link()
	}
	return false
}

// findTicks finds all runs of backticks, so that none is looked for again.
func (p *inliner) findTicks() {
	for i := strings.IndexByte(p.text, '`'); i >= 0 && i < len(p.text); {
		n := run(p.text[i:], '`')
		if p.ticks == nil {
			p.ticks = map[int][]int{}
		}
		p.ticks[n] = append(p.ticks[n], i)
		i += n
		next := strings.IndexByte(p.text[i:], '`')
		if next < 0 {
			return
		}
		i += next
	}
}

// run is how often a character stands at the beginning of a text.
func run(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}

func (p *inliner) codeSpan() bool {
	n := run(p.text[p.at:], '`')
	list := p.ticks[n]
	for len(list) > 0 && list[0] <= p.at {
		list = list[1:]
	}
	p.ticks[n] = list
	if len(list) == 0 {
		p.at += n
		return true
	}
	inside := p.text[p.at+n : list[0]]
	return p.put(list[0]+n-p.at, "<code>"+EscapeText(strings.TrimSpace(inside))+"</code>")
}

// emphasis reads a run of * _ or ~. What it closes is closed first.
func (p *inliner) emphasis(c byte) bool {
	n := run(p.text[p.at:], c)
	before, _ := utf8.DecodeLastRuneInString(p.text[:p.at])
	after, _ := utf8.DecodeRuneInString(p.text[p.at+n:])
	closes := p.at > 0 && !unicode.IsSpace(before)
	opens := p.at+n < len(p.text) && !unicode.IsSpace(after)
	if c == '_' { // not inside of words
		closes = closes && (p.at+n == len(p.text) || !isWordRune(after))
		opens = opens && (p.at == 0 || !isWordRune(before))
	}
	for n > 0 {
		one, two := string(c), string([]byte{c, c})
		top := ""
		if len(p.open) > 0 {
			top = p.open[len(p.open)-1].mark
		}
		switch {
		case closes && n >= 2 && (top == two || top != one && p.count[two] > 0):
			p.end(two, 2)
			n -= 2
		case closes && c != '~' && p.count[one] > 0:
			p.end(one, 1)
			n--
		case opens && n >= 2:
			p.begin(two, 2)
			n -= 2
		case opens && c != '~':
			p.begin(one, 1)
			n--
		default:
			p.at += n
			n = 0
		}
	}
	return true
}

// begin writes a mark that may be closed later.
func (p *inliner) begin(mark string, n int) bool {
	p.put(n, EscapeText(mark))
	p.open = append(p.open, opened{mark, len(p.pieces) - 1})
	p.count[mark]++
	return true
}

// pop takes what was opened last.
func (p *inliner) pop() opened {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	p.count[last.mark]--
	return last
}

// end closes the nearest of a mark. What was opened inside of it is text.
func (p *inliner) end(mark string, n int) {
	for {
		last := p.pop()
		if last.mark != mark {
			continue
		}
		tag := "em"
		switch mark {
		case "**", "__":
			tag = "strong"
		case "~~":
			tag = "del"
		}
		p.pieces[last.piece] = "<" + tag + ">"
		p.put(n, "</"+tag+">")
		return
	}
}

// endBracket closes a link, a picture or a function.
func (p *inliner) endBracket() bool {
	if p.count["["]+p.count["!["]+p.count["?["]+p.count["$["] == 0 {
		return false
	}
	for {
		last := p.pop()
		switch last.mark {
		case "$[":
			p.pieces[last.piece] = ""
			return p.put(1, "")
		case "[", "![", "?[":
			target, n := destination(p.text[p.at+1:])
			if n == 0 || last.piece < p.dead {
				return false
			}
			p.flush()
			for len(p.links) > 0 && p.links[len(p.links)-1].piece > last.piece { // no link in a link
				inner := p.links[len(p.links)-1]
				p.pieces[inner.piece] = EscapeText(inner.text)
				p.links = p.links[:len(p.links)-1]
			}
			if last.piece == len(p.pieces)-1 { // a picture without a description
				p.write(EscapeText(target))
			}
			p.pieces[last.piece] = `<a href="` + EscapeText(target) + `">`
			p.put(1+n, "</a>")
			p.dead = len(p.pieces)
			return true
		}
	}
}

// maxDestination is how far is looked for the end of a link's target.
const maxDestination = 2048

// destination parses the target of a link, (target "title"), and its length; 0
// for none.
func destination(s string) (target string, n int) {
	if !strings.HasPrefix(s, "(") {
		return "", 0
	}
	s = cut(s, maxDestination)
	depth, end := 0, -1
	for i := 1; i < len(s) && end < 0; i++ {
		switch c := s[i]; {
		case c == '(':
			if depth++; depth > 2 {
				return "", 0
			}
		case c == ')' && depth > 0:
			depth--
		case c == ')' || c == ' ' || c == '\n':
			end = i
		}
	}
	if end < 0 {
		return "", 0
	}
	target = strings.TrimSuffix(strings.TrimPrefix(s[1:end], "<"), ">")
	if s[end] != ')' { // a title
		title := strings.TrimLeft(s[end:], " \n")
		if title == "" || strings.IndexByte(`"'`, title[0]) < 0 {
			return "", 0
		}
		quote := strings.IndexByte(title[1:], title[0])
		if quote < 0 || !strings.HasPrefix(title[quote+2:], ")") {
			return "", 0
		}
		end = len(s) - len(title) + quote + 2
	}
	return target, end + 1
}

// function begins MFM's $[name.arguments text], of which the text is shown.
func (p *inliner) function() bool {
	rest := p.text[p.at:]
	if !strings.HasPrefix(rest, "$[") {
		return false
	}
	n := 2
	for n < len(rest) && n < 128 && rest[n] != ' ' && rest[n] != ']' && rest[n] != '[' && rest[n] != '\n' {
		n++
	}
	if n == 2 || n == len(rest) || rest[n] != ' ' {
		return false
	}
	p.put(n+1, EscapeText(rest[:n+1]))
	p.open = append(p.open, opened{"$[", len(p.pieces) - 1})
	p.count["$["]++
	return true
}

// maxTagLength is how far is looked for the end of a tag.
const maxTagLength = 1024

// tag passes a tag on to the sanitiser, and reads a link in angle brackets.
func (p *inliner) tag() bool {
	rest := p.text[p.at:]
	if l := linkAt(rest[1:]); l.kind == link && strings.HasPrefix(rest[1+len(l.raw):], ">") {
		return p.autoLink(len(l.raw)+2, l.raw)
	}
	name := strings.TrimPrefix(rest[1:], "/")
	n := 0
	for n < len(name) && n < 32 && isNameByte(name[n]) {
		n++
	}
	if n == 0 || !isLetterByte(name[0]) || !p.tags(strings.ToLower(name[:n])) {
		return false
	}
	end := strings.IndexAny(cut(name, maxTagLength), "<>\n")
	if end < 0 || name[end] != '>' {
		return false
	}
	whole := len(rest) - len(name) + end + 1
	return p.put(whole, rest[:whole])
}

func isLetterByte(c byte) bool { return isNameByte(c) && c != '_' && !isDigitByte(c) }

// link reads an address in the text.
func (p *inliner) link() bool {
	before, _ := utf8.DecodeLastRuneInString(p.text[:p.at])
	if p.at > 0 && before < utf8.RuneSelf && (isNameByte(byte(before)) || strings.ContainsRune("@#$", before)) {
		return false
	}
	l := linkAt(p.text[p.at:])
	if l.kind != link {
		if len(l.raw) > 0 {
			p.at += len(l.raw)
			return true
		}
		return false
	}
	return p.autoLink(len(l.raw), l.raw)
}

func (p *inliner) autoLink(n int, address string) bool {
	r := renderer{}
	s := r.link(address)
	if s == "" {
		return false
	}
	p.put(n, s)
	p.links = append(p.links, autoLink{len(p.pieces) - 1, address})
	return true
}
