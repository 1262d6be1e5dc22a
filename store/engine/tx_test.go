package engine_test

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"

	"kinglet/internal/semaphore"
	"kinglet/store/engine"
)

// A set of ids or of texts is one parameter, on both engines.
func TestSets(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, run(`INSERT INTO things (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'it''s "c"')`))
		view(t, e, func(tx *engine.Tx) error {
			for _, c := range []struct {
				condition, set string
				want           int64
			}{
				{tx.In("id", "$1"), `[1,3,9223372036854775807]`, 2},
				{tx.In("id", "$1"), `[]`, 0},
				{tx.InText("name", "$1"), `["a","it's \"c\"","d"]`, 2},
				{tx.InText("name", "$1"), `[]`, 0},
			} {
				if n, _, err := engine.One[int64](tx, `SELECT COUNT(*) FROM things WHERE `+c.condition, c.set); err != nil || n != c.want {
					t.Errorf("%s of %s: %d, %v", c.condition, c.set, n, err)
				}
			}
			return nil
		})
	})
}

func TestRows(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		body := []byte{0, 1, 0xff}
		update(t, e, run(`INSERT INTO things (id, name, body) VALUES (1, 'a', $1), (2, 'b', $1)`, body))
		update(t, e, func(tx *engine.Tx) error {
			for query, want := range map[string]int64{
				`UPDATE things SET name = 'c' WHERE id = 1`: 1, `UPDATE things SET name = 'c' WHERE id = 7`: 0, `UPDATE things SET body = body`: 2,
			} {
				if n, err := tx.Exec(query); err != nil || n != want {
					t.Errorf("%s: %d, %v", query, n, err)
				}
			}
			return nil
		})
		view(t, e, func(tx *engine.Tx) error {
			got, ok, err := engine.One[[]byte](tx, `SELECT body FROM things WHERE id = 1`)
			if !ok || err != nil || !bytes.Equal(got, body) {
				t.Errorf("%v %v %v", got, ok, err)
			}
			if _, ok, err := engine.One[string](tx, `SELECT name FROM things WHERE id = 7`); ok || err != nil {
				t.Errorf("a row that is not there: %v %v", ok, err)
			}
			rows := 0
			if err := tx.Query(func(engine.Row) error { rows++; return errNo }, `SELECT id FROM things`); err != errNo || rows != 1 {
				t.Errorf("%d rows after the scan failed, %v", rows, err)
			}
			if !tx.Now().Equal(e.Now()) && tx.Now().Before(e.Now().Add(-1e9)) {
				t.Errorf("it is %s", tx.Now())
			}
			return nil
		})
	})
}

func TestStatementsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		var n atomic.Int64
		ctx := engine.WithTrace(t.Context(), func(string, []any) { n.Add(1) })
		if err := e.Update(ctx, all(keep("a", "v"), keep("b", "v"))); err != nil {
			t.Fatal(err)
		}
		if err := e.View(ctx, func(tx *engine.Tx) error { _, _, err := setting(tx, "a"); return err }); err != nil {
			t.Fatal(err)
		}
		want := int64(3)
		if engine.RunTwice {
			want = 5
		}
		if n.Load() != want {
			t.Errorf("%d statements", n.Load())
		}
		update(t, e, keep("c", "v"))
		if n.Load() != want {
			t.Error("another's statements are counted")
		}
	})
}

func TestReaders(t *testing.T) {
	stranger := engine.AsStranger(t.Context(), "192.0.2.1")
	for name, c := range map[string]struct {
		got      string
		want     string
		stranger bool
	}{
		"the server":         {engine.Client(t.Context()), semaphore.Trusted, engine.IsStranger(t.Context())},
		"who is known":       {engine.Client(engine.AsKnown(stranger)), semaphore.Trusted, engine.IsStranger(engine.AsKnown(stranger))},
		"a lookup of both":   {engine.Client(engine.AsLookup(stranger)), engine.Client(stranger), engine.IsStranger(engine.AsLookup(stranger))},
		"another stranger's": {"", "", engine.Client(engine.AsStranger(t.Context(), "192.0.2.2")) == engine.Client(stranger)},
	} {
		if c.got != c.want || c.stranger {
			t.Errorf("%s: %q, a stranger %v", name, c.got, c.stranger)
		}
	}
	if !engine.IsStranger(stranger) || !strings.Contains(engine.Client(stranger), "192.0.2.1") {
		t.Errorf("a stranger is %q", engine.Client(stranger))
	}
}

func TestDatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, database string
		postgres       bool
	}{
		{"no folder", t.TempDir() + "/none/k.db", false},
		{"no server", "postgres://kinglet@127.0.0.1:1/kinglet", true},
		{"no URL", "postgresql://%zz", true},
	} {
		if engine.IsPostgres(c.database) != c.postgres {
			t.Errorf("%s: of another engine", c.name)
		}
		if e, err := engine.Open(t.Context(), engine.Options{Database: c.database, Schema: things}); err == nil {
			e.Close()
			t.Errorf("%s: opened", c.name)
		}
	}
}
