package vocab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of a document (SECURITY-RULES 27). What exceeds them is refused
// before anything is built of it.
const (
	MaxBytes  = 1 << 20
	MaxDepth  = 32
	MaxValues = 10_000
)

// scan walks the tokens of a document once, keeping no tree: it bounds depth
// and count and refuses an object that has a core term twice, since two
// readers of it could believe two things (SECURITY-RULES 9). Of other keys
// that stand twice the last counts.
func scan(raw []byte) error {
	if len(raw) > MaxBytes {
		return fmt.Errorf("the document has %d bytes, the most is %d", len(raw), MaxBytes)
	}
	if err := scanDepth(raw); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := scanValue(d, new(int), false); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more behind the document's end")
	}
	return nil
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
				return fmt.Errorf("the document nests deeper than %d", MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func scanValue(d *json.Decoder, count *int, core bool) error {
	tok, err := d.Token()
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if *count++; *count > MaxValues {
		return fmt.Errorf("the document has more than %d values", MaxValues)
	}
	// Elsewhere it is dropped, but an id without it would be another's.
	if s, ok := tok.(string); ok && core && strings.IndexByte(s, 0) >= 0 {
		return errors.New("an id, type or name holds a NUL")
	}
	switch tok {
	case json.Delim('{'):
		return scanObject(d, count)
	case json.Delim('['):
		for d.More() {
			if err := scanValue(d, count, core); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return err
	}
	return nil
}

func scanObject(d *json.Decoder, count *int) error {
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		key, ok := tok.(string)
		if !ok {
			return errors.New("not JSON: a key is no string")
		}
		_, core := coreTerms[key]
		if seen[key] && core {
			return fmt.Errorf("the key %q stands twice in one object", key)
		}
		seen[key] = true
		if err := scanValue(d, count, core); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
