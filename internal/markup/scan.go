package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Scanned are the mentions and hashtags of a text, each once, in order.
type Scanned struct {
	Mentions []string // name, name@host or name@host:port, as typed, without the first @; !name@host of a community
	Hashtags []string // as typed, without #
}

// Scan finds the mentions and hashtags of a text. Those that differ in case
// only are one; the first is returned.
func Scan(text string) Scanned {
	var out Scanned
	seen := map[string]bool{}
	for _, w := range words(normal(text)) {
		key := w.raw[:1] + strings.ToLower(strings.ToUpper(w.value)) // ς and Σ are one, too
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

// URLLength is the length of a link in Length.
const URLLength = 23

// Length counts the characters of a text as Mastodon does: grapheme clusters, a
// link as URLLength, a mention without its host.
func Length(text string) int {
	n := 0
	for _, w := range words(normal(text)) {
		switch w.kind {
		case link:
			n += URLLength
		case mention:
			name, _, _ := strings.Cut(w.raw[1:], "@")
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

// word is a part of a text: raw as written, value without its mark.
type word struct {
	kind       wordKind
	raw, value string
}

// words splits a text into plain parts and links, mentions and hashtags, in one
// pass. The raws joined are the text. Each parser looks no further ahead than a
// constant, than what it consumes, or than what can't begin another word, so
// all of it is linear (SECURITY-RULES 28).
func words(text string) []word {
	var out []word
	start := 0 // of the plain stretch
	prev := rune(' ')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		var w word
		switch {
		case r == '@' && !isWordRune(prev) && !strings.ContainsRune("/=.", prev):
			w = mentionAt(text[i:])
		case r == '!' && !isWordRune(prev) && !strings.ContainsRune("/=.", prev):
			w = communityAt(text[i:])
		case r == '#' && !isWordRune(prev) && !strings.ContainsRune("&/", prev):
			w = hashtagAt(text[i:])
		case (r == 'h' || r == 'H') && (prev >= utf8.RuneSelf || !isNameByte(byte(prev)) && !strings.ContainsRune("@#$", prev)):
			w = linkAt(text[i:]) // also right after Chinese or Japanese, which has no spaces
		}
		if w.kind == plain {
			size = max(size, len(w.raw)) // what was looked at in vain isn't looked at again
			i += size
		} else {
			if start < i {
				out = append(out, word{raw: text[start:i]})
			}
			out = append(out, w)
			i += len(w.raw)
			start = i
		}
		prev, _ = utf8.DecodeLastRuneInString(text[:i])
	}
	if start < len(text) {
		out = append(out, word{raw: text[start:]})
	}
	return out
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && !isEmojiMark(r)
}

// isEmojiMark reports whether a mark turns a character into an emoji, as after
// # and 1.
func isEmojiMark(r rune) bool { return r >= '\ufe00' && r <= '\ufe0f' || r == '\u20e3' }

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

const maxName = 128 // bytes of a mention's name; longer ones are none

// mentionAt parses @name or @name@host[:port] at the beginning of s.
func mentionAt(s string) word {
	n := nameLength(s[1:])
	end := 1 + n
	if n == 0 || n > maxName {
		return word{}
	}
	if end < len(s) && s[end] == '@' {
		n := hostLength(s[end+1:])
		if n == 0 || n > maxHost {
			return word{}
		}
		end += 1 + n
		end += portLength(s[end:])
	}
	return word{mention, s[:end], s[1:end]}
}

// communityAt parses !name@host[:port] at the beginning of s, which is how Lemmy's
// people name a community: its value keeps the mark.
func communityAt(s string) word {
	w := mentionAt(s)
	if w.kind != mention || !strings.Contains(w.value, "@") {
		return word{}
	}
	w.value = w.raw
	return w
}

// nameLength is the length of a username: word characters, with dots and
// hyphens inside, so that one at the end is punctuation.
func nameLength(s string) int {
	end := 0
	for i := range len(s) {
		if isNameByte(s[i]) {
			end = i + 1
		} else if s[i] != '.' && s[i] != '-' || end == 0 {
			break
		}
	}
	return end
}

// hostLength is the length of a host name: labels with single dots between.
func hostLength(s string) int {
	end, prev := 0, '.'
	for i, r := range s {
		if isWordRune(r) {
			end = i + utf8.RuneLen(r)
		} else if r != '-' && r != '.' || prev == '.' || r == '.' && prev == '-' {
			break
		}
		prev = r
	}
	return end
}

func portLength(s string) int {
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if s == "" || s[0] != ':' || n == 1 || n > len(":65535") {
		return 0
	}
	return n
}

const maxHashtag = 300 // bytes; longer ones are none

// hashtagAt parses a hashtag: letters, digits, marks and underscores, joined by
// middle dots or joiners, with a letter among them.
func hashtagAt(s string) word {
	end, letters := 1, false
	for i, r := range s[1:] {
		if isWordRune(r) {
			letters = letters || unicode.IsLetter(r)
			end = 1 + i + utf8.RuneLen(r)
		} else if !isJoiner(r) || end == 1 {
			break
		}
	}
	if !letters || end > maxHashtag {
		return word{}
	}
	return word{hashtag, s[:end], s[1:end]}
}

// isJoiner reports whether a character may be inside a hashtag only: the middle
// dots of Catalan and Japanese, and the joiners of Persian and Indic scripts.
func isJoiner(r rune) bool { return strings.ContainsRune("\u00b7\u30fb\u200c\u200d", r) }

// linkAt parses a link up to a space, <, > or ", without the punctuation that
// ends a sentence and without a bracket that was opened before the link. What
// looks like a link and is not a URL is returned as plain.
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
	u := strings.TrimRightFunc(s[:scheme+urlLength(s[scheme:])], endsSentence)
	if len(u) <= scheme {
		return word{raw: s[:scheme]}
	}
	if _, ok := safeURL(u); !ok {
		return word{raw: u}
	}
	return word{link, u, u}
}

func urlLength(s string) int {
	round, square := 0, 0 // brackets open
	for i, r := range s {
		switch r {
		case '<', '>', '"':
			return i
		case '(':
			round++
		case '[':
			square++
		case ')':
			round--
		case ']':
			square--
		}
		if round < 0 || square < 0 || unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError {
			return i
		}
	}
	return len(s)
}

func endsSentence(r rune) bool {
	return strings.ContainsRune(".,;:!?'([", r) || slices.Contains([]rune("…’”»›、。，．：；！？」』）】〉》"), r)
}
