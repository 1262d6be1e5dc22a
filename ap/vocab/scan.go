package vocab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// decoder reads the tokens of a document once. It limits depth and count, and
// refuses an object that has a core term twice, since two parsers could read
// different values (SECURITY-RULES 9). Of other duplicate keys the last counts.
type decoder struct {
	*json.Decoder
	bounds Bounds
	raw    []byte
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
	d := &decoder{Decoder: json.NewDecoder(bytes.NewReader(raw)), raw: raw, spans: map[uintptr]json.RawMessage{}}
	d.UseNumber()
	value, err := d.value(new(int), false)
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errors.New("data after the end of the document")
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

func (d *decoder) value(count *int, core bool) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if *count++; *count > MaxValues {
		return nil, fmt.Errorf("the document has more than %d values", MaxValues)
	}
	// Elsewhere a NUL is dropped, but an id without it would be another id.
	if s, ok := tok.(string); ok && core && strings.IndexByte(s, 0) >= 0 {
		return nil, errors.New("an id, type or name contains a NUL")
	}
	switch tok {
	case json.Delim('{'):
		return d.object(count)
	case json.Delim('['):
		items := []any{}
		for d.More() {
			v, err := d.value(count, core)
			if err != nil {
				return nil, err
			}
			items = append(items, v)
		}
		_, err := d.Token()
		return items, err
	}
	return tok, nil
}

func (d *decoder) object(count *int) (any, error) {
	start := d.InputOffset() - 1
	m := Document{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		key, ok := tok.(string)
		if !ok {
			return nil, errors.New("not JSON: a key is not a string")
		}
		_, core := coreTerms[key]
		_, duplicate := m[key]
		if duplicate && core {
			return nil, fmt.Errorf("duplicate key %q in one object", key)
		}
		if m[key], err = d.value(count, core); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	d.spans[address(m)] = d.raw[start:d.InputOffset():d.InputOffset()]
	return m, nil
}

// address identifies a map.
func address(m Document) uintptr { return reflect.ValueOf(m).Pointer() }
