package vocab

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"kinglet/internal/jsontext"
)

// Encode encodes a document: keys in alphabetical order, the context first. The
// bytes are those that encoding/json writes without escaping < and > as \u003c,
// since it is not HTML; it would take most of the time of a page of a collection.
func Encode(m Document) json.RawMessage { return encode(m) }

func encode(v any) json.RawMessage { return appendValue(make([]byte, 0, 2<<10), v) }

// appendValue appends a value as JSON. What is encoded already is copied as it
// is.
func appendValue(b []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return jsontext.Append(b, x)
	case bool:
		return strconv.AppendBool(b, x)
	case int:
		return strconv.AppendInt(b, int64(x), 10)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case Document:
		return appendObject(b, x)
	case []any:
		return appendList(b, x)
	case json.RawMessage:
		if len(x) > 0 {
			return append(b, x...)
		}
		return append(b, "null"...)
	}
	return appendOther(b, v)
}

func appendObject(b []byte, m Document) []byte {
	if m == nil {
		return append(b, "null"...)
	}
	var room [32]string
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.Append(b, k), ':')
		b = appendValue(b, m[k])
	}
	return append(b, '}')
}

func appendList(b []byte, list []any) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	if len(list) == len(ourContext) && &list[0] == &ourContext[0] {
		return append(b, encodedContext()...)
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, v)
	}
	return append(b, ']')
}

// appendOther appends what is rare, with encoding/json.
func appendOther(b []byte, v any) []byte {
	var rest bytes.Buffer
	e := json.NewEncoder(&rest)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // only our own plain structs come here, and what was decoded
	}
	return append(b, bytes.TrimRight(rest.Bytes(), "\n")...)
}

// encodedContext is the @context of most of our documents.
var encodedContext = sync.OnceValue(func() []byte { return appendOther(nil, ourContext) })

var contextKey = []byte(`{"@context":`)

// withoutContext is a document without its @context, to be embedded.
func withoutContext(doc json.RawMessage) json.RawMessage {
	if rest, ours := cutContext(doc); ours && len(rest) > 1 && rest[0] == ',' {
		return append(json.RawMessage{'{'}, rest[1:]...)
	}
	if !bytes.Contains(doc, contextKey[1:]) {
		return doc
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(doc, &m); err != nil {
		return doc
	}
	delete(m, "@context")
	return appendOther(nil, m)
}

// WithContext adds to a document that was embedded in another, and so has none,
// the @context that it needs on its own. Every other byte stays as it was
// delivered.
func WithContext(doc json.RawMessage) json.RawMessage {
	if bytes.HasPrefix(doc, contextKey) {
		return doc
	}
	if bytes.Contains(doc, contextKey[1:]) || !bytes.HasPrefix(doc, []byte(`{"`)) { // not as we write them
		var m map[string]json.RawMessage
		if err := json.Unmarshal(doc, &m); err != nil || len(m) == 0 || m["@context"] != nil {
			return doc
		}
	}
	rest := bytes.TrimPrefix(bytes.TrimLeft(doc, " \t\r\n"), []byte("{"))
	return slices.Concat(contextKey, contextFor(doc), []byte(","), rest)
}
