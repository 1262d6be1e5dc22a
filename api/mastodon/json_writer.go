package mastodon

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"kinglet/internal/jsontext"
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
	w.b = jsontext.Append(w.b, s)
}

func (w *jsonWriter) nullable(name string, s *string) {
	w.raw(name)
	if s == nil {
		w.raw("null")
		return
	}
	w.b = jsontext.Append(w.b, *s)
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
