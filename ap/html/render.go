package html

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Target is where a mention leads.
type Target struct {
	URL      string
	Username string // shown, without its host
}

// Options say what the words of a text stand for. Without a function the word
// stays text.
type Options struct {
	Mention    func(handle string) (Target, bool) // handle is name or name@host
	HashtagURL func(tag string) string
}

// Scanned is what a text mentions, each once, in order.
type Scanned struct {
	Mentions []string // name or name@host, as typed
	Hashtags []string // without #, as typed
}

// Scan finds the mentions and hashtags of a text.
func Scan(text string) Scanned {
	var out Scanned
	seen := map[string]bool{}
	for _, w := range words(text) {
		key := string(rune('0'+w.kind)) + strings.ToLower(w.value)
		if w.kind != mention && w.kind != hashtag || seen[key] {
			continue
		}
		seen[key] = true
		if w.kind == mention {
			out.Mentions = append(out.Mentions, w.value)
		} else {
			out.Hashtags = append(out.Hashtags, w.value)
		}
	}
	return out
}

// Render makes HTML of a text written here: paragraphs, breaks, links,
// mentions and hashtags in the shapes that Mastodon's clients look for.
func Render(text string, o Options) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return ""
	}
	var b strings.Builder
	for _, paragraph := range strings.Split(text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph == "" {
			continue
		}
		b.WriteString("<p>")
		renderWords(&b, paragraph, o)
		b.WriteString("</p>")
	}
	// The same gate as for everything else; it changes nothing but the links' rel.
	return Sanitize(b.String())
}

func renderWords(b *strings.Builder, text string, o Options) {
	for _, w := range words(text) {
		switch w.kind {
		case link:
			renderLink(b, w.raw)
			continue
		case mention:
			if o.Mention == nil {
				break
			}
			if t, ok := o.Mention(w.value); ok {
				b.WriteString(`<span class="h-card" translate="no"><a href="` + EscapeText(t.URL) +
					`" class="u-url mention">@<span>` + EscapeText(t.Username) + `</span></a></span>`)
				continue
			}
		case hashtag:
			if o.HashtagURL != nil {
				b.WriteString(`<a href="` + EscapeText(o.HashtagURL(w.value)) +
					`" class="mention hashtag" rel="tag">#<span>` + EscapeText(w.value) + `</span></a>`)
				continue
			}
		}
		b.WriteString(strings.ReplaceAll(EscapeText(w.raw), "\n", "<br/>"))
	}
}

// shownLink is how many characters of a link are shown.
const shownLink = 30

// renderLink hides the scheme and the tail of a long link, as Mastodon does.
func renderLink(b *strings.Builder, u string) {
	hidden := u[:strings.Index(u, "//")+2]
	if strings.HasPrefix(u[len(hidden):], "www.") {
		hidden += "www."
	}
	shown, tail, class := u[len(hidden):], "", ""
	if r := []rune(shown); len(r) > shownLink {
		shown, tail, class = string(r[:shownLink]), string(r[shownLink:]), ` class="ellipsis"`
	}
	b.WriteString(`<a href="` + EscapeText(u) + `" translate="no"><span class="invisible">` + EscapeText(hidden) +
		`</span><span` + class + `>` + EscapeText(shown) + `</span><span class="invisible">` + EscapeText(tail) + `</span></a>`)
}

// URLLength is what a link counts for in Length.
const URLLength = 23

// Length counts the characters of a text as a person does: grapheme clusters,
// a link as URLLength, a mention without its host.
func Length(text string) int {
	n := 0
	for _, w := range words(text) {
		switch w.kind {
		case link:
			n += URLLength
		case mention:
			name, _, _ := strings.Cut(w.value, "@")
			n += 1 + len(name)
		default:
			n += uniseg.GraphemeClusterCount(w.raw)
		}
	}
	return n
}

type wordKind int

const (
	plain wordKind = iota
	link
	mention
	hashtag
)

// word is a stretch of a text: raw as it stands there, value without its mark.
type word struct {
	kind       wordKind
	raw, value string
}

// words cuts a text into plain stretches and links, mentions and hashtags, in
// one pass. The raws joined are the text.
func words(text string) []word {
	var out []word
	start := 0 // of the plain stretch
	prev := rune(' ')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		w := word{}
		switch {
		case r == '@' && !isWordRune(prev) && prev != '/' && prev != '=' && prev != '.':
			w = mentionAt(text[i:])
		case r == '#' && !isWordRune(prev) && prev != '&' && prev != '/':
			w = hashtagAt(text[i:])
		case (r == 'h' || r == 'H') && !isWordRune(prev):
			w = linkAt(text[i:])
		}
		if w.raw == "" {
			prev = r
			i += size
			continue
		}
		if start < i {
			out = append(out, word{raw: text[start:i]})
		}
		out = append(out, w)
		i += len(w.raw)
		start = i
		prev, _ = utf8.DecodeLastRuneInString(w.raw)
	}
	if start < len(text) {
		out = append(out, word{raw: text[start:]})
	}
	return out
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// mentionAt reads @name or @name@host[:port] at the beginning of s.
func mentionAt(s string) word {
	end := 1 + nameLength(s[1:])
	if end == 1 {
		return word{}
	}
	if end < len(s) && s[end] == '@' {
		if n := hostLength(s[end+1:]); n > 0 {
			return word{mention, s[:end+1+n], s[1 : end+1+n]}
		}
		return word{}
	}
	return word{mention, s[:end], s[1:end]}
}

// nameLength is how far a username goes: word characters, with dots and
// hyphens inside.
func nameLength(s string) int {
	end := 0
	for i := 0; i < len(s) && i < 128; i++ {
		switch {
		case isNameByte(s[i]):
			end = i + 1
		case (s[i] == '.' || s[i] == '-') && end > 0:
		default:
			return end
		}
	}
	return end
}

// hostLength is how far a host name goes, with a port if there is one.
func hostLength(s string) int {
	end := 0
	for i, r := range s {
		if i > 255 {
			break
		}
		if isWordRune(r) {
			end = i + utf8.RuneLen(r)
		} else if r != '.' && r != '-' || end == 0 {
			break
		}
	}
	if end > 0 && end < len(s) && s[end] == ':' {
		n := end + 1
		for n < len(s) && n < end+6 && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n > end+1 {
			return n
		}
	}
	return end
}

// hashtagAt reads a hashtag: letters, digits, marks and underscores, joined
// by middle dots, and not digits alone.
func hashtagAt(s string) word {
	end, letters := 1, false
	for i, r := range s[1:] {
		i++
		switch {
		case isWordRune(r):
			letters = letters || !unicode.IsDigit(r)
			end = i + utf8.RuneLen(r)
		case (r == '·' || r == '\u30fb' || r == '\u200c') && end > 1:
		default:
			i = len(s)
		}
		if i == len(s) || i > 300 {
			break
		}
	}
	if end == 1 || !letters {
		return word{}
	}
	return word{hashtag, s[:end], s[1:end]}
}

// linkAt reads a link up to a space, without the punctuation that ends a
// sentence and without a bracket that was opened before it.
func linkAt(s string) word {
	scheme := 0
	for _, p := range []string{"https://", "http://"} {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			scheme = len(p)
		}
	}
	if scheme == 0 {
		return word{}
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>"{}|\^`+"`", r)
	})
	if end < 0 {
		end = len(s)
	}
	u := s[:end]
	for len(u) > scheme {
		last := u[len(u)-1]
		if strings.IndexByte(".,;:!?'*_~", last) >= 0 ||
			last == ')' && strings.Count(u, ")") > strings.Count(u, "(") ||
			last == ']' && strings.Count(u, "]") > strings.Count(u, "[") {
			u = u[:len(u)-1]
			continue
		}
		break
	}
	if len(u) == scheme || !isNameByte(u[scheme]) && u[scheme] != '[' && u[scheme] < utf8.RuneSelf {
		return word{}
	}
	return word{link, u, u}
}

// RenderLine is Render for what stands in one line, as a field of a profile
// does: no paragraphs or breaks.
func RenderLine(text string, o Options) string {
	var b strings.Builder
	renderWords(&b, strings.Join(strings.Fields(text), " "), o)
	return Sanitize(b.String())
}
