package proof

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical writes a document as RFC 8785 (JCS) has it: no spaces, keys in the
// order of their UTF-16, texts with the fewest escapes, numbers as JavaScript
// writes them. What JavaScript can't read the same is an error.
func Canonical(document any) ([]byte, error) { return appendValue(nil, document) }

func appendValue(b []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case string:
		return appendText(b, x)
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %.32q: %w", string(x), err)
		}
		return appendNumber(b, f)
	case float64:
		return appendNumber(b, x)
	case int:
		return appendNumber(b, float64(x))
	case []any:
		return appendList(b, x)
	case map[string]any:
		return appendObject(b, x)
	}
	return nil, fmt.Errorf("a %T is no JSON", v)
}

func appendList(b []byte, list []any) (_ []byte, err error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, m map[string]any) (_ []byte, err error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareUTF16)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, k); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendValue(b, m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// compareUTF16 compares texts by their UTF-16 units (RFC 8785 §3.2.3). That is the
// order of their bytes but for what is beyond U+FFFF.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			return firstUnit(x, y) - firstUnit(y, x)
		}
		a, b = a[n:], b[m:]
	}
	return len(a) - len(b)
}

// firstUnit is the unit of r that tells it from another rune.
func firstUnit(r, other rune) int {
	if r <= 0xffff {
		return int(r)
	}
	high, low := utf16.EncodeRune(r)
	if other > 0xffff {
		if h, _ := utf16.EncodeRune(other); h == high {
			return int(low)
		}
	}
	return int(high)
}

const hex = "0123456789abcdef"

// appendText writes a text (RFC 8785 §3.2.2.2).
func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("a text is not UTF-8")
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		default:
			if at := strings.IndexByte("\b\t\n\f\r", c); at >= 0 {
				b = append(b, '\\', "btnfr"[at])
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
	}
	return append(b, '"'), nil
}

// appendNumber writes a number as ECMAScript's Number::toString (RFC 8785
// §3.2.2.3).
func appendNumber(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("a number is not finite")
	}
	if f == 0 {
		return append(b, '0'), nil // and -0
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	// Go writes e-07, JavaScript e-7.
	if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
		b = append(b[:n-2], b[n-1])
	}
	return b, nil
}
