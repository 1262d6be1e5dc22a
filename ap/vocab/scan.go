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

// decoder reads a document in one walk over its bytes, and builds it on the way. It
// takes what encoding/json takes (RFC 8259), limits depth and count, and refuses an
// object that has a core term twice, since two parsers could read different values
// (SECURITY-RULES 9). Of other duplicate keys the last counts.
type decoder struct {
	bounds Bounds
	raw    []byte
	all    string // the same: the texts of the document are parts of it
	at     int    // where it is in raw
	depth  int
	values int
	// spans are the original bytes of each object, by the object's map:
	// what is stored or passed on of a document is never serialized again.
	spans map[uintptr]json.RawMessage
	// odd says that a term or a type outside of the @context may not have its
	// plain name (plainTerms).
	odd bool
}

func decode(raw []byte) (Document, *decoder, error) {
	if len(raw) > MaxBytes {
		return nil, nil, fmt.Errorf("a document of %d bytes exceeds the limit of %d", len(raw), MaxBytes)
	}
	d := &decoder{raw: raw, all: string(raw), spans: map[uintptr]json.RawMessage{}}
	value, err := d.value(false)
	if err != nil {
		return nil, nil, err
	}
	if d.next(); d.at < len(raw) {
		return nil, nil, d.invalid()
	}
	m, ok := value.(Document)
	if !ok {
		return nil, nil, errors.New("the document is not a JSON object")
	}
	return m, d, nil
}

// invalid is the error for what is no JSON.
func (d *decoder) invalid() error { return fmt.Errorf("not JSON: byte %d is unexpected", d.at+1) }

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
	case 'n':
		return nil, d.word("null")
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	}
	return d.number()
}

// next is the next byte that is no space, which is not read yet; 0 at the end.
func (d *decoder) next() byte {
	for ; d.at < len(d.raw); d.at++ {
		switch c := d.raw[d.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// skip reads the next byte, if it is c.
func (d *decoder) skip(c byte) bool {
	if d.next() != c || d.at == len(d.raw) {
		return false
	}
	d.at++
	return true
}

func (d *decoder) word(word string) error {
	if !strings.HasPrefix(d.all[d.at:], word) {
		return d.invalid()
	}
	d.at += len(word)
	return nil
}

// number reads a number (RFC 8259 §6).
func (d *decoder) number() (json.Number, error) {
	start := d.at
	one := func(of string) bool {
		if d.at == len(d.raw) || strings.IndexByte(of, d.raw[d.at]) < 0 {
			return false
		}
		d.at++
		return true
	}
	digits := func() bool {
		begin := d.at
		for one("0123456789") {
		}
		return d.at > begin
	}
	one("-")
	if !one("0") && !digits() {
		return "", d.invalid()
	}
	if one(".") && !digits() {
		return "", d.invalid()
	}
	if one("eE") {
		if one("+-"); !digits() {
			return "", d.invalid()
		}
	}
	return json.Number(d.all[start:d.at]), nil
}

// text reads a string.
func (d *decoder) text() (string, error) {
	start, escapes := d.at, false
	for d.at++; d.at < len(d.raw); d.at++ {
		switch c := d.raw[d.at]; {
		case c == '"':
			d.at++
			if !escapes {
				return d.all[start+1 : d.at-1], nil
			}
			return unescape(d.raw[start:d.at])
		case c == '\\':
			escapes = true
			d.at++
		case c < ' ':
			return "", d.invalid()
		}
	}
	d.at = len(d.raw)
	return "", d.invalid()
}

// unescape reads a string with escapes.
func unescape(quoted []byte) (s string, err error) {
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", fmt.Errorf("not JSON: %w", err)
	}
	return s, nil
}

// enter begins an object or a list, which leave ends.
func (d *decoder) enter() error {
	if d.depth++; d.depth > MaxDepth {
		return fmt.Errorf("the document is nested deeper than %d", MaxDepth)
	}
	d.at++
	return nil
}

func (d *decoder) leave() { d.depth-- }

func (d *decoder) array(core bool) ([]any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	items := []any{}
	if d.skip(']') {
		return items, nil
	}
	for {
		v, err := d.value(core)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if d.skip(']') {
			return items, nil
		}
		if !d.skip(',') {
			return nil, d.invalid()
		}
	}
}

func (d *decoder) object() (Document, error) {
	start := d.at
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	m := Document{}
	for empty := d.skip('}'); !empty; {
		if d.next() != '"' {
			return nil, d.invalid()
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if !d.skip(':') {
			return nil, d.invalid()
		}
		odd := d.odd || isOdd(key)
		_, core := coreTerms[plainTerm(key)]
		if _, duplicate := m[key]; duplicate && core {
			return nil, fmt.Errorf("duplicate key %q in one object", key)
		}
		if m[key], err = d.value(core); err != nil {
			return nil, err
		}
		if key == "@context" {
			d.odd = odd // whatever names are in it
		} else {
			d.odd = d.odd || odd || key == "type" && isOddType(m[key])
		}
		if d.skip('}') {
			break
		}
		if !d.skip(',') {
			return nil, d.invalid()
		}
	}
	d.spans[address(m)] = d.raw[start:d.at:d.at]
	return m, nil
}

// address identifies a map.
func address(m Document) uintptr { return reflect.ValueOf(m).Pointer() }
