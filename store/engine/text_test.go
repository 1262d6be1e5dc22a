package engine_test

import (
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// A text that PostgreSQL can't keep is refused by both, and found by neither.
func TestTextThatCannotBeKept(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, keep("a", "v"))
		for name, bad := range map[string]string{"NUL": "a\x00b", "not UTF-8": "a\xffb"} {
			if engine.ValidText(bad) {
				t.Errorf("%s is valid", name)
			}
			view(t, e, func(tx *engine.Tx) error {
				if v, ok, err := setting(tx, bad); ok || err != nil {
					t.Errorf("%s: found %q, %v", name, v, err)
				}
				// A statement that writes nothing may be any that reads.
				for _, query := range []string{"\n\t SELECT value FROM settings WHERE key <> $1", `WITH s AS (SELECT * FROM settings) SELECT value FROM s WHERE key <> $1`} {
					if v, ok, err := engine.One[string](tx, query, bad); ok || err != nil {
						t.Errorf("%s: %s finds %q, %v", name, query, v, err)
					}
				}
				return nil
			})
			if err := e.Update(t.Context(), keep("k", bad)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !engine.ValidText("ä 🐦") {
			t.Error("a valid text is not")
		}
	})
}

// A text that is too long for an index of PostgreSQL is the caller's mistake.
func TestTextThatIsTooLong(t *testing.T) {
	t.Parallel()
	e := open(t, engine.Options{Database: template.PostgresURL(t)})
	var long strings.Builder
	for i := range 1 << 16 { // not one that is compressed to little
		long.WriteByte(byte('a' + (i*i*31+i/7)%26))
	}
	var salted strings.Builder
	for i, c := range long.String() {
		salted.WriteRune(c + rune(i%1000))
	}
	if err := e.Update(t.Context(), keep(salted.String(), "v")); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
