package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

// things is the schema of these tests: rows with an id, a name that one has
// and bytes, settings that have no id, and a view, so that steps depend on each other.
var things = schema(
	"0001_settings", `CREATE TABLE settings (
		  key   TEXT {BINARY} NOT NULL PRIMARY KEY, -- of one; and of no other
		  value TEXT NOT NULL
		) {CLUSTERED};`, `DROP TABLE settings;`,
	"0003_things", `
		CREATE TABLE things (
		  id   {ID},
		  name TEXT NOT NULL UNIQUE,
		  body {BYTES}
		);
		CREATE VIEW names AS SELECT name FROM things`, `DROP VIEW names; DROP TABLE things`+";",
)

// schema makes one of names, steps up and steps down.
func schema(steps ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for ; len(steps) > 0; steps = steps[3:] {
		fs["migrations/"+steps[0]+".up.sql"] = &fstest.MapFile{Data: []byte(steps[1])}
		fs["migrations/"+steps[0]+".down.sql"] = &fstest.MapFile{Data: []byte(steps[2])}
	}
	return fs
}

// template has the schema of things.
var template = newTemplate(things)

func newTemplate(schema fs.FS) *enginetest.Template {
	return enginetest.NewTemplate(func(database string) error {
		e, err := engine.Open(context.Background(), engine.Options{Database: database, Schema: schema})
		if err != nil {
			return err
		}
		defer e.Close()
		_, err = e.Migrate(context.Background())
		return err
	})
}

// open opens a database with the schema of things, migrated or not, and closes
// it at the end.
func open(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	if o.Schema == nil {
		o.Schema = things
	}
	e, err := engine.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// sqlite is a new database with the schema of things.
func sqlite(t testing.TB) *engine.Engine {
	return open(t, engine.Options{Database: template.SQLitePath(t)})
}

// each runs a test on a new database with the schema of things, of each engine.
func each(t *testing.T, run func(t *testing.T, e *engine.Engine)) {
	template.Each(t, func(t *testing.T, database string) { run(t, open(t, engine.Options{Database: database})) })
}

func update(t testing.TB, e *engine.Engine, fn func(tx *engine.Tx) error) {
	t.Helper()
	if err := e.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, e *engine.Engine, fn func(tx *engine.Tx) error) {
	t.Helper()
	if err := e.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// run runs a statement.
func run(query string, args ...any) func(tx *engine.Tx) error {
	return func(tx *engine.Tx) error { _, err := tx.Exec(query, args...); return err }
}

// count gives the number that a statement asks for.
func count(t testing.TB, e *engine.Engine, query string, args ...any) (n int64) {
	t.Helper()
	view(t, e, func(tx *engine.Tx) (err error) { n, _, err = engine.One[int64](tx, query, args...); return err })
	return n
}

// keep writes a setting.
func keep(key, value string) func(tx *engine.Tx) error {
	return run(`INSERT INTO settings (key, value) VALUES ($1, $2)`, key, value)
}

// set writes a setting that may be there.
func set(key, value string) func(tx *engine.Tx) error {
	return run(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

// setting reads one.
func setting(tx *engine.Tx, key string) (string, bool, error) {
	return engine.One[string](tx, `SELECT value FROM settings WHERE key = $1`, key)
}

func kept(t testing.TB, e *engine.Engine, key string) bool {
	t.Helper()
	return count(t, e, `SELECT COUNT(*) FROM settings WHERE key = $1`, key) == 1
}

// insertThing writes one with an id of its own.
func insertThing(name string) func(tx *engine.Tx) error {
	return func(tx *engine.Tx) error {
		return tx.InsertNew(tx.Now(), func(id int64) error {
			return run(`INSERT INTO things (id, name, body) VALUES ($1, $2, $3)`, id, name, []byte(name))(tx)
		})
	}
}

var errNo = errors.New("no")

// all runs several in one transaction.
func all(list ...func(tx *engine.Tx) error) func(tx *engine.Tx) error {
	return func(tx *engine.Tx) error {
		for i, fn := range list {
			if err := fn(tx); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	}
}
