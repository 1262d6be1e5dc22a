package vocab

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// The bounds of a document (SECURITY-RULES 27). What exceeds them is refused
// before anything is built of it.
const (
	MaxBytes  = 1 << 20
	MaxDepth  = 32
	MaxValues = 10_000
)

// Document is a document as JSON has it: maps, lists, texts, json.Numbers.
type Document = map[string]any

// decoder builds what encoding/json has found to be valid. It limits the count,
// and refuses an object that has a core term twice, since two parsers could read
// different values (SECURITY-RULES 9). Of other duplicate keys the last counts.
type decoder struct {
	bounds Bounds
	raw    []byte
	at     int // where it is in raw
	values int
	// spans are the original bytes of each object, by the object's map:
	// what is stored or passed on of a document is never serialized again.
	spans map[uintptr]json.RawMessage
}

func decode(raw []byte) (Document, *decoder, error) {
	if len(raw) > MaxBytes {
		return nil, nil, fmt.Errorf("a document of %d bytes exceeds the limit of %d", len(raw), MaxBytes)
	}
	if err := scanDepth(raw); err != nil {
		return nil, nil, err
	}
	if !json.Valid(raw) {
		return nil, nil, fmt.Errorf("not JSON: %w", json.Unmarshal(raw, new(json.RawMessage)))
	}
	d := &decoder{raw: raw, spans: map[uintptr]json.RawMessage{}}
	value, err := d.value(false)
	if err != nil {
		return nil, nil, err
	}
	m, ok := value.(Document)
	if !ok {
		return nil, nil, errors.New("the document is not a JSON object")
	}
	return m, d, nil
}

// scanDepth counts brackets without decoding: encoding/json itself checks the
// whole value recursively first.
func scanDepth(raw []byte) error {
	depth, inString, escaped := 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("the document is nested deeper than %d", MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// value reads a value; core says that it is a core term's.
func (d *decoder) value(core bool) (any, error) {
	if d.values++; d.values > MaxValues {
		return nil, fmt.Errorf("the document has more than %d values", MaxValues)
	}
	switch d.next() {
	case '{':
		return d.object()
	case '[':
		return d.array(core)
	case '"':
		s, err := d.text()
		// Elsewhere a NUL is dropped, but an id without it would be another id.
		if err == nil && core && strings.IndexByte(s, 0) >= 0 {
			return nil, errors.New("an id, type or name contains a NUL")
		}
		return s, err
	}
	start := d.at
	for d.at < len(d.raw) && strings.IndexByte(",]} \t\r\n", d.raw[d.at]) < 0 {
		d.at++
	}
	switch word := string(d.raw[start:d.at]); word {
	case "null":
		return nil, nil
	case "true", "false":
		return word == "true", nil
	default:
		return json.Number(word), nil
	}
}

// next is the next byte that is no space, which is not read yet.
func (d *decoder) next() byte {
	for strings.IndexByte(" \t\r\n", d.raw[d.at]) >= 0 {
		d.at++
	}
	return d.raw[d.at]
}

// skip reads the next byte, if it is c.
func (d *decoder) skip(c byte) bool {
	if d.next() != c {
		return false
	}
	d.at++
	return true
}

// text reads a string.
func (d *decoder) text() (s string, err error) {
	start, escapes := d.at, false
	for d.at++; d.raw[d.at] != '"'; d.at++ {
		if d.raw[d.at] == '\\' {
			escapes = true
			d.at++
		}
	}
	d.at++
	if !escapes {
		return string(d.raw[start+1 : d.at-1]), nil
	}
	err = json.Unmarshal(d.raw[start:d.at], &s)
	return s, err
}

func (d *decoder) array(core bool) ([]any, error) {
	d.at++
	items := []any{}
	for !d.skip(']') {
		v, err := d.value(core)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		d.skip(',')
	}
	return items, nil
}

func (d *decoder) object() (Document, error) {
	start := d.at
	d.at++
	m := Document{}
	for !d.skip('}') {
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		d.skip(':')
		_, core := coreTerms[key]
		_, duplicate := m[key]
		if duplicate && core {
			return nil, fmt.Errorf("duplicate key %q in one object", key)
		}
		if m[key], err = d.value(core); err != nil {
			return nil, err
		}
		d.skip(',')
	}
	d.spans[address(m)] = d.raw[start:d.at:d.at]
	return m, nil
}

// address identifies a map.
func address(m Document) uintptr { return reflect.ValueOf(m).Pointer() }
