package vocab

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is built of a document is what encoding/json reads, number by number;
// what that refuses is refused.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : [ ] , "b" : { } } `, `{"a":[1,-2.5e+7,"x",null,true,false]}`, `{"a":"\u003c\ud83d\ude00\ud800\\\"\/\n","\u0061":2}`, `{"a":{"b":[[{"c":"]}"}]]},"a":3}`,
		`[]`, `"x"`, `1`, `{"a":1}x`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":+1}`, `{"a":.5}`, `{"a":}`, `{"a":-0.0E-0}`, `{"a":trues}`, "{\"a\":\"\n\"}", `{"a":"\x"}`, `{"a":nul}`, `{"a"`, `{"a":"` + "\x00" + `"}`, `{,}`, `{"a":1,}`, `[1,]`, `{"a" 1}`, ``, ` `,
		`{"id":"a\u0000b"}`, `{"id":1,"id":2}`, `{"a":1,"a":[2]}`, strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	} {
		f.Add([]byte(s))
	}
	for _, doc := range ownPayloads(f) {
		f.Add(doc)
	}
	documents, _ := filepath.Glob("testdata/*.json")
	for _, name := range documents {
		if raw, err := os.ReadFile(name); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !utf8.Valid(raw) {
			return // Parse has replaced it
		}
		got, d, err := decode(raw)
		var want any
		r := json.NewDecoder(bytes.NewReader(raw))
		r.UseNumber()
		whole := r.Decode(&want) == nil
		if _, more := r.Token(); more != io.EOF {
			whole = false
		}
		m, isObject := want.(map[string]any)
		if err == nil && (!whole || !isObject) {
			t.Fatalf("%q is taken", raw)
		}
		if err != nil {
			for _, ours := range []string{"duplicate key", "exceeds", "deeper", "more than", "NUL"} {
				if strings.Contains(err.Error(), ours) {
					return
				}
			}
			if whole && isObject {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("%q is %v, want %v", raw, got, m)
		}
		if span := d.spans[address(got)]; !bytes.Equal(span, bytes.TrimSpace(raw)) {
			t.Fatalf("%q has the bytes %q", raw, span)
		}
	})
}
