package markup

import (
	"unicode"
	"unicode/utf8"
)

// IsHashtag reports whether a name, without its #, is a hashtag that Mastodon
// accepts from others: letters, digits, marks and underscores of any script,
// joined by middle dots or joiners, with a letter among them or a separator
// inside.
func IsHashtag(name string) bool {
	if name == "" || len(name) > maxHashtag || !utf8.ValidString(name) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, size := utf8.DecodeLastRuneInString(name)
	if !isWordRune(first) || !isWordRune(last) {
		return false
	}
	says := false
	for i, r := range name {
		inside := i > 0 && i < len(name)-size
		switch {
		case isJoiner(r):
			says = true
		case !isWordRune(r):
			return false
		case unicode.IsLetter(r) || r == '_' && inside:
			says = true
		}
	}
	return says
}
