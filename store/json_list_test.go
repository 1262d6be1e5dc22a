package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// What readList reads is what encoding/json does, and what it wrote is read.
func TestReadList(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	for _, v := range []any{
		[]string{"x"}, []string{"", `"`, `\`, "<a href='x'>&</a>", "a\x00b\n\r\t\b\f\x7f", "\u2028é𝄞", "/"},
		[]Emoji{{":a:", "https://a.test/a.png?b&c"}, {}},
		[]Field{{Name: "n", Value: "v"}, {Name: "<b>", Value: `<a href="https://x.test">x</a>`, VerifiedAt: at}, {}},
	} {
		text := encodeJSON(v)
		got := reflect.New(reflect.TypeOf(v))
		if !readList([]byte(text), got.Interface()) || !reflect.DeepEqual(got.Elem().Interface(), v) {
			t.Errorf("%s: %+v", text, got.Elem())
		}
	}
	if err := (jsonScanner[[]Field]{new([]Field)}).Scan(`[{"name":1}]`); err == nil {
		t.Error("what is no list of fields is read")
	}
}

func FuzzReadList(f *testing.F) {
	for _, s := range []string{
		``, `[]`, `null`, `{}`, `["a"]`, `["a",]`, `[,"a"]`, `["a" ]`, `["\u00e9\ud834\udd1e"]`, `["\u12"]`, "[\"a\nb\"]", `["a"]]`, "[\"\xff\"]", `["\u003c\u003e\/\q"]`,
		`[{"shortcode":"a","url":"b"}]`, `[{"shortcode":"a","other":"b"}]`, `[{"Shortcode":"a"}]`, `[{"name":"a","value":"b","verified_at":"2026-01-02T03:04:05.678Z"}]`,
		`[{"name":"a","value":null}]`, `[{"name":"a"},]`, `[{"name":"a",}]`, `[{"name":"a","name":"b"}]`, `[{}]`, `["\`, `["\u`, `[{"name":"a","verified_at":"x"}]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		compareList[[]string](t, s)
		compareList[[]Emoji](t, s)
		compareList[[]Field](t, s)
	})
}

func compareList[T any](t *testing.T, s string) {
	var got, want T
	if !readList([]byte(s), &got) {
		if !reflect.ValueOf(got).IsNil() {
			t.Errorf("%q is not read, and yet is %+v", s, got)
		}
		return
	}
	if err := json.Unmarshal([]byte(s), &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %+v, want %+v (%v)", s, got, want, err)
	}
}
