// Package jsontext writes texts as JSON strings, as encoding/json does without
// escaping HTML and several times as fast: pages and documents are mostly texts.
// A leaf.
package jsontext

import "unicode/utf8"

// Append appends a text as a JSON string.
func Append(b []byte, s string) []byte {
	b = append(b, '"')
	begin := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i += max(plainBytes(s[i:]), 1)
			continue
		} else if c < utf8.RuneSelf {
			b = appendEscaped(append(b, s[begin:i]...), c)
			i++
			begin = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[begin:i]...), `\ufffd`...)
			begin = i + size
		case r == '\u2028' || r == '\u2029': // not allowed in JavaScript
			b = append(append(b, s[begin:i]...), `\u202`...)
			b = append(b, "89"[r-'\u2028'])
			begin = i + size
		}
		i += size
	}
	return append(append(b, s[begin:]...), '"')
}

// plainBytes is how many bytes, in steps of eight, a text begins with that need
// no escape: no control characters, quotes, backslashes, and nothing but ASCII.
func plainBytes(s string) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, backslash := v^ones*'"', v^ones*'\\'
		special := v | (v - ones*' ') | (quote - ones) | (backslash - ones) // the high bit of a byte that is one, or lower than it
		if special&highs != 0 {
			return n
		}
		n += 8
	}
	return n
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
