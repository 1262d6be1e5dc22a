package mastodon

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"kinglet/api/respond"
	"kinglet/store"
)

// Entities that write their own JSON write what encoding/json does by their
// tags, whatever they hold: a field that is added to one and not written fails
// here.
func TestJSON(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for _, entity := range []respond.Appender{&Status{}, &Statuses{}, &Context{}, &Account{}, &Accounts{}, &Notification{}, &Notifications{}} {
		for range 500 {
			v := reflect.New(reflect.TypeOf(entity).Elem())
			fill(dice, v.Elem(), 0)
			compareJSON(t, v.Interface().(respond.Appender))
		}
	}
	author, roles := &Account{ID: "1", Note: "the same twice", Roles: []struct{}{}}, []struct{}{}
	compareJSON(t, Statuses{{ID: "1", Account: author}, {ID: "2", Account: author, Reblog: &Status{Account: &Account{Roles: roles}}}})
	compareJSON(t, Statuses(nil))
	compareJSON(t, Statuses{})
}

// Every text is written as encoding/json writes it.
func FuzzText(f *testing.F) {
	for _, s := range oddTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		compareJSON(t, &Account{Note: s, DisplayName: "x" + s + s, Roles: []struct{}{}})
	})
}

var oddTexts = []string{
	"", "plain", "<p>a \"link\" & more</p>", "back\\slash", "\b\f\n\r\t\x00\x1f\x7f", "ünï 🐦 text", "\xff\xfe", "a\u2028b\u2029c", "12345678", "1234567\"", "12345678\"", "1234567\x80",
	"eight by eight, and a longer text without anything", "\u2027\u202a\ufffd", "0123456\x1f", "0123456 ", "\xe2\x80", "!!!!!!!!\"\"\"\"\"\"\"\"",
}

func compareJSON(t *testing.T, e respond.Appender) {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	if got := append(e.AppendJSON([]byte("before")), '\n'); string(got) != "before"+want.String() {
		t.Fatalf("%T:\n%s\nwant\n%s", e, got[len("before"):], want.Bytes())
	}
}

// fill sets every field to something or nothing. What has no members so far
// (roles, filters) is an empty list, as the serializer makes it.
func fill(dice *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(dice.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(dice.Int64N(1<<40) - 1<<39)
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, -0.5, 1.7777777777777777, 1e-7, 1.5e-9, 1e21, 3e20, 0.000001}[dice.IntN(9)])
	case reflect.String:
		v.SetString(oddTexts[dice.IntN(len(oddTexts))])
	case reflect.Pointer:
		empty := v.Type().Elem().Kind() == reflect.Struct && v.Type().Elem().NumField() == 0
		if !empty && depth < 4 && dice.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(dice, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if empty := v.Type().Elem(); empty.Kind() == reflect.Struct && empty.NumField() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			return
		}
		if n := dice.IntN(4) - 1; n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(dice, v.Index(i), depth+1)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(dice, v.Field(i), depth)
		}
	default:
		panic(v.Kind())
	}
}

// A picture's focus that another server gave as 1e999 does not spoil the page.
func TestInfiniteFocus(t *testing.T) {
	for _, focus := range [][2]float64{{math.Inf(1), 0}, {0, math.Inf(-1)}, {math.Inf(1), math.Inf(1)}} {
		e := Serializer{}.Attachment(store.Attachment{FocusX: focus[0], FocusY: focus[1]})
		if b := (&Status{MediaAttachments: []Attachment{e}}).AppendJSON(nil); !json.Valid(b) {
			t.Errorf("%v: %s", focus, b)
		}
	}
}
