package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"kinglet/store/engine"
)

type ownInt int64
type ownText string

// What is bound comes back, whatever its type, place and length; a type of
// one's own is one of those.
func TestValues(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		long := strings.Repeat("é𝄞x", 100_000)
		update(t, e, func(tx *engine.Tx) error {
			for i, text := range []string{"", "x", "it's", long, "short again"} {
				if _, err := tx.Exec(`INSERT INTO things (id, name, body) VALUES ($1, $3, $2)`, i+1, []byte(text), ownText(fmt.Sprint(i))); err != nil {
					return err
				}
				var id ownInt
				var name string
				var again ownText
				var body []byte
				var is, isNot, empty bool
				err := tx.Query(func(row engine.Row) error { return row.Scan(&id, &name, &again, &body, &is, &isNot, &empty) }, `
					SELECT id, name, CAST($2 AS TEXT), body, CAST($3 AS BOOLEAN), NOT CAST($3 AS BOOLEAN), CAST($4 AS TEXT) = ''
					FROM things WHERE name = $2 AND id = $1 AND name = $2`, ownInt(i+1), fmt.Sprint(i), true, "")
				if err != nil {
					return err
				}
				if id != ownInt(i+1) || name != fmt.Sprint(i) || again != ownText(name) || string(body) != text || !is || isNot || !empty {
					t.Errorf("%d: %v %q %q %d bytes %v %v %v", i, id, name, again, len(body), is, isNot, empty)
				}
			}
			return nil
		})
	})
}

// A pointer is nil for NULL, whatever it pointed to before.
func TestNull(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for name, c := range map[string]struct {
			query string
			want  string
		}{"a number": {`SELECT 7, 'x'`, "7 x"}, "nothing": {`SELECT CAST(NULL AS BIGINT), CAST(NULL AS TEXT)`, "nil nil"}} {
			before, text := int64(3), "before"
			n, s := &before, &text
			if err := e.View(t.Context(), func(tx *engine.Tx) error {
				return tx.Query(func(row engine.Row) error { return row.Scan(&n, &s) }, c.query)
			}); err != nil {
				t.Fatal(err)
			}
			got := "nil nil"
			if n != nil && s != nil {
				got = fmt.Sprint(*n, " ", *s)
			}
			if got != c.want || before != 3 {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

// A value that does not fit is an error, and never another value.
func TestValuesThatDoNotFit(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for name, c := range map[string]struct {
			query string
			dest  any
		}{
			"nothing into a text":   {`SELECT NULL`, new(string)},
			"nothing into a number": {`SELECT NULL`, new(int64)},
			"a text into a number":  {`SELECT 'x'`, new(int64)},
			"a text into one's own": {`SELECT 'x'`, new(ownInt)},
			"too many columns":      {`SELECT 1, 2`, new(int64)},
			"no pointer":            {`SELECT 1`, int64(7)},
			"a large number":        {`SELECT 9999999999`, new(int32)},
			"a large number, int":   {`SELECT 9999999999`, new(int)},
			"7 into a truth":        {`SELECT 7`, new(bool)},
		} {
			if _, ok := c.dest.(*int); ok && strconv.IntSize == 64 {
				continue
			}
			err := e.View(t.Context(), func(tx *engine.Tx) error {
				return tx.Query(func(row engine.Row) error { return row.Scan(c.dest) }, c.query)
			})
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// A statement can be run while another one's rows are read; the rows stay what
// they were. An error of the one who reads is returned as it is, and what comes
// after finds the statement ready.
func TestStatementsInTurn(t *testing.T) {
	const count = `SELECT COUNT(*) FROM things WHERE id <= $1 AND name <> $2`
	each(t, func(t *testing.T, e *engine.Engine) {
		update(t, e, func(tx *engine.Tx) error {
			for i := range 3 {
				if _, err := tx.Exec(`INSERT INTO things (id, name) VALUES ($1, $2)`, i+1, fmt.Sprint("thing ", i+1)); err != nil {
					return err
				}
			}
			return nil
		})
		mine := errors.New("mine")
		for range 2 {
			if err := e.View(t.Context(), func(tx *engine.Tx) error {
				return tx.Query(func(row engine.Row) error { return mine }, `SELECT id FROM things WHERE name <> $1`, "x")
			}); err != mine {
				t.Errorf("the reader's error is %v", err)
			}
		}
		if e.Engine() == "postgres" {
			return // where the protocol has one at a time
		}
		var got []string
		if err := e.View(t.Context(), func(tx *engine.Tx) error {
			return tx.Query(func(row engine.Row) error {
				n, _, err := engine.One[int64](tx, count, len(got)+1, "a longer text than before")
				var name string
				if err := errors.Join(err, row.Scan(&name)); err != nil {
					return err
				}
				got = append(got, fmt.Sprint(name, " of ", n))
				if err := tx.Query(func(engine.Row) error { return nil }, `SELECT name FROM things WHERE name <> $1 ORDER BY id`, "y"); err == nil {
					t.Error("a statement runs within itself")
				}
				return nil
			}, `SELECT name FROM things WHERE name <> $1 ORDER BY id`, "x")
		}); err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprint(got); s != "[thing 1 of 1 thing 2 of 2 thing 3 of 3]" {
			t.Error(s)
		}
	})
}

// What is no single statement is refused, and what is wrong says so; the
// connection goes on.
func TestStatementsThatAreNone(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		for _, query := range []string{"", "SELECT 1; SELECT 2", "SELECT $1", "SELECT nothing FROM nowhere"} {
			err := e.View(t.Context(), func(tx *engine.Tx) error { return tx.Query(func(engine.Row) error { return nil }, query) })
			if err == nil && !(query == "" && e.Engine() == "postgres") {
				t.Errorf("%q is run", query)
			}
		}
		if err := e.View(t.Context(), func(tx *engine.Tx) error {
			n, ok, err := engine.One[int](tx, "SELECT 7; ")
			if n != 7 || !ok {
				t.Errorf("%d %v", n, ok)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

// A read ends with its request, also in a statement that returned rows before.
func TestInterruptBetweenRows(t *testing.T) {
	each(t, func(t *testing.T, e *engine.Engine) {
		if e.Engine() == "postgres" {
			t.Skip("the driver's")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		rows := 0
		err := e.View(ctx, func(tx *engine.Tx) error {
			return tx.Query(func(row engine.Row) error {
				rows++
				cancel()
				return nil
			}, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n WHERE i = 1 OR i % 100000000 = 0`)
		})
		if rows != 1 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d rows, %v", rows, err)
		}
		if err := e.View(t.Context(), func(tx *engine.Tx) error { _, _, err := engine.One[int](tx, "SELECT 1"); return err }); err != nil {
			t.Error(err)
		}
	})
}
