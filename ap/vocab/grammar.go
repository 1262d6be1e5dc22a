package vocab

import "strings"

// What strangers name in their documents must match its grammar, or is not
// stored: language tags and the shortcodes of emojis end up in attributes, in
// file names of clients and in queries.

// maxLanguageTag is longer than any tag in use (RFC 5646 §4.4.1).
const maxLanguageTag = 35

// LanguageTag returns a valid language tag (BCP 47), or "", also for "und",
// which means that the language is not known.
func LanguageTag(s string) string {
	if len(s) > maxLanguageTag || strings.EqualFold(s, "und") {
		return ""
	}
	for i, subtag := range strings.Split(s, "-") {
		if len(subtag) == 0 || len(subtag) > 8 || i == 0 && (len(subtag) < 2 || len(subtag) > 3) {
			return ""
		}
		for j := range len(subtag) {
			if c := subtag[j]; !isLetter(c) && (i == 0 || !isDigit(c)) {
				return ""
			}
		}
	}
	return s
}

// maxShortcode bounds the name of an emoji.
const maxShortcode = 128

// IsShortcode reports whether a name is an emoji's: at least two ASCII letters,
// digits and underscores, as in Mastodon.
func IsShortcode(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return len(s) >= 2 && len(s) <= maxShortcode
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
