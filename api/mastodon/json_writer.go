package mastodon

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// jsonWriter appends the JSON of the entities that most requests are for:
// encoding/json takes a fifth of the time of a page. What is written is what the
// tags of the entities say (json_entities.go), as encoding/json writes it without
// escaping HTML: TestJSON compares the two.
type jsonWriter struct {
	b        []byte
	accounts map[*Account]span // where the authors of a page are written, to be copied; nil for one entity
}

type span struct{ begin, end int }

func newPageWriter(b []byte) *jsonWriter { return &jsonWriter{b, map[*Account]span{}} }

// other appends what is rare, with encoding/json.
func (w *jsonWriter) other(v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // our own entities, which can be encoded
	w.b = bytes.TrimSuffix(w.b, []byte{'\n'})
}

func (w *jsonWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *jsonWriter) raw(s string) { w.b = append(w.b, s...) }

func (w *jsonWriter) int(name string, n int64) {
	w.raw(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *jsonWriter) bool(name string, v bool) {
	w.raw(name)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *jsonWriter) text(name, s string) {
	w.raw(name)
	w.b = appendText(w.b, s)
}

func (w *jsonWriter) nullable(name string, s *string) {
	w.raw(name)
	if s == nil {
		w.raw("null")
		return
	}
	w.b = appendText(w.b, *s)
}

// float writes a number as encoding/json does (ECMAScript's rules).
func (w *jsonWriter) float(name string, f float64) {
	w.raw(name)
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	w.b = strconv.AppendFloat(w.b, f, format, -1, 64)
	if n := len(w.b); format == 'e' && n >= 4 && w.b[n-4] == 'e' && w.b[n-3] == '-' && w.b[n-2] == '0' {
		w.b[n-2] = w.b[n-1] // e-09 is e-9
		w.b = w.b[:n-1]
	}
}

// appendList appends a list; nil is null.
func appendList[T any](w *jsonWriter, list []T, write func(w *jsonWriter, e T)) {
	if list == nil {
		w.raw("null")
		return
	}
	w.raw("[")
	for i, e := range list {
		if i > 0 {
			w.raw(",")
		}
		write(w, e)
	}
	w.raw("]")
}

// appendText appends a text as a JSON string.
func appendText(b []byte, s string) []byte {
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
