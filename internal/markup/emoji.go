package markup

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// IsEmoji reports whether a text is one grapheme cluster that is a symbol and
// no letter: an emoji.
func IsEmoji(s string) bool {
	if uniseg.GraphemeClusterCount(s) != 1 {
		return false
	}
	keycap, symbol := false, false
	for _, r := range s {
		switch {
		case r == 0x20E3: // of 1️⃣
			keycap = true
		case r > 0x7f && unicode.IsSymbol(r):
			symbol = true
		case unicode.IsLetter(r), unicode.IsControl(r), unicode.IsSpace(r):
			return false
		}
	}
	return keycap || symbol
}
