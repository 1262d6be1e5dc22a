package vocab

import (
	"bytes"
	"encoding/json"
	"testing"
)

// plainly is a document as encoding/json writes it.
func plainly(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}

// What Encode writes is what encoding/json writes.
func TestEncode(t *testing.T) {
	many := Document{}
	for i := range 50 {
		many[string(rune('a'+i%26))+string(rune('0'+i))] = i
	}
	for name, m := range map[string]Document{
		"nothing": {}, "none": nil, "many": many,
		"all": {
			"@context": Context(), "id": "https://a.test/1", "Z": true, "a": nil, "b": false, "n": 1, "m": int64(-5), "f": 1.5, "u": uint8(3), "j": json.Number("12e3"),
			"list": []any{"x", 1, []any{}, Document{"y": "<&>\u2028\""}, []any(nil)}, "texts": []string{"a", "b"}, "raw": json.RawMessage(`{"a":[1,2]}`),
			"struct": typedTerm{"x", "y"}, "map": map[string]string{"b": "1", "a": "2"}, "no": json.RawMessage(nil), "": "empty", "é\"": "key",
		},
		"another context": {"@context": []any{"https://www.w3.org/ns/activitystreams"}},
		"a longer one":    {"@context": append(Context(), "https://a.test/context")},
	} {
		if got, want := string(Encode(m)), plainly(t, m); got != want {
			t.Errorf("%s:\n%s\nand not\n%s", name, got, want)
		}
	}
}

// A collection embeds documents without their contexts, whoever wrote them.
func TestEmbeddedContexts(t *testing.T) {
	inner := Document{"id": "https://a.test/1", "content": `of {"@context":1}`}
	with := Document{"@context": Context(), "id": inner["id"], "content": inner["content"]}
	other := `{"id":"https://a.test/1", "@context": ["x"], "content":"y"}`
	for name, c := range map[string]struct{ doc, want string }{
		"ours":         {plainly(t, with), plainly(t, inner)},
		"without":      {plainly(t, inner), plainly(t, inner)},
		"only context": {`{"@context":` + string(encodedContext()) + `}`, `{}`},
		"another's":    {other, `{"content":"y","id":"https://a.test/1"}`},
		"in front":     {`{"@context":"x","a":1}`, `{"a":1}`},
	} {
		if got := string(withoutContext(json.RawMessage(c.doc))); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, c := range map[string]struct{ doc, want string }{
		"without": {plainly(t, inner), plainly(t, with)},
		"ours":    {plainly(t, with), plainly(t, with)},
		"another": {other, other},
		"nothing": {`{}`, `{}`},
		"no JSON": {`x`, `x`},
		"spaces":  {` { "a":1}`, `{"@context":` + string(encodedContext()) + `, "a":1}`},
	} {
		if got := string(WithContext(json.RawMessage(c.doc))); name != "without" && got != c.want {
			t.Errorf("%s: %s", name, got)
		} else if name == "without" && !json.Valid([]byte(got)) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	m := Document{
		"@context": Context(), "id": "https://a.test/objects/1", "type": "Note", "attributedTo": "https://a.test/users/alice", "content": "<p>Hello world</p>",
		"to": []any{Public}, "cc": []any{"https://a.test/users/alice/followers"}, "tag": []any{Document{"type": "Mention", "href": "x", "name": "y"}}, "sensitive": false, "summary": nil,
	}
	b.ReportAllocs()
	for b.Loop() {
		Encode(m)
	}
}
