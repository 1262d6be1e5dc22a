package store

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Most of what a page decodes are lists of texts and of objects of texts, in the
// JSON that jsonText wrote. They are read here in a fifth of encoding/json's
// time; what is anything else is left to it.

// readList reads such a list into dest; false when it is not one, dest is then
// unchanged.
func readList(b []byte, dest any) bool {
	switch dest := dest.(type) {
	case *[]string:
		return appendTexts(b, dest)
	case *[]Emoji:
		return appendObjects(b, dest, func(e *Emoji, key, value string) bool {
			switch key {
			case "shortcode":
				e.Shortcode = value
			case "url":
				e.URL = value
			default:
				return false
			}
			return true
		})
	case *[]Field:
		return appendObjects(b, dest, func(f *Field, key, value string) (ok bool) {
			switch key {
			case "name":
				f.Name = value
			case "value":
				f.Value = value
			case "verified_at":
				var err error
				f.VerifiedAt, err = time.Parse(time.RFC3339Nano, value)
				return err == nil
			default:
				return false
			}
			return true
		})
	}
	return false
}

func appendTexts(b []byte, dest *[]string) bool {
	r := listReader{string(b)}
	var list []string
	if !r.take('[') {
		return false
	}
	for more := true; more; more = r.take(',') {
		s, isText := r.text()
		if !isText {
			return false
		}
		list = append(list, s)
	}
	if !r.take(']') || len(r.rest) > 0 {
		return false
	}
	*dest = list
	return true
}

func appendObjects[T any](b []byte, dest *[]T, set func(to *T, key, value string) bool) bool {
	r := listReader{string(b)}
	var list []T
	if !r.take('[') {
		return false
	}
	for more := true; more; more = r.take(',') {
		if !r.take('{') {
			return false
		}
		var object T
		for more := true; more; more = r.take(',') {
			key, isKey := r.text()
			colon := r.take(':')
			value, isText := r.text()
			if !isKey || !colon || !isText || !set(&object, key, value) {
				return false
			}
		}
		if !r.take('}') {
			return false
		}
		list = append(list, object)
	}
	if !r.take(']') || len(r.rest) > 0 {
		return false
	}
	*dest = list
	return true
}

// listReader reads JSON without spaces. The texts that it returns are parts of the
// one that it reads.
type listReader struct{ rest string }

func (r *listReader) take(c byte) bool {
	if len(r.rest) == 0 || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *listReader) text() (s string, ok bool) {
	if !r.take('"') {
		return "", false
	}
	for i := range len(r.rest) {
		switch c := r.rest[i]; {
		case c == '"':
			s, r.rest = r.rest[:i], r.rest[i+1:]
			return s, utf8.ValidString(s)
		case c == '\\':
			return r.escaped(i)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped reads a text whose first escape is at i.
func (r *listReader) escaped(i int) (s string, ok bool) {
	out := append(make([]byte, 0, 2*i+64), r.rest[:i]...)
	for b := r.rest[i:]; len(b) > 0; {
		c := b[0]
		switch {
		case c == '"':
			r.rest = b[1:]
			return string(out), utf8.Valid(out)
		case c < ' ':
			return "", false
		case c != '\\':
			out, b = append(out, c), b[1:]
			continue
		case len(b) < 2:
			return "", false
		}
		size := 2
		switch c := b[1]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			if len(b) < 6 {
				return "", false
			}
			n, err := strconv.ParseUint(b[2:6], 16, 16)
			if err != nil || n >= 0xd800 && n < 0xe000 { // half of a pair, which jsonText does not write
				return "", false
			}
			out, size = utf8.AppendRune(out, rune(n)), 6
		default:
			return "", false
		}
		b = b[size:]
	}
	return "", false
}
