package jsontext

import (
	"bytes"
	"encoding/json"
	"testing"
)

// What is written is what encoding/json writes.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "plain text of more than eight bytes", "a\"b\\c<>&", "\x00\x01\b\f\n\r\t\x1f\x7f", "é ü 日本 👍", "\u2028\u2029", "\xff\xfe", "1234567\"", "12345678\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := string(Append([]byte("x"), s)); got+"\n" != "x"+want.String() {
			t.Errorf("%q is written as %s, not %s", s, got, want.String())
		}
	})
}
