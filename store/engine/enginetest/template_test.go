package enginetest_test

import (
	"database/sql"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"kinglet/store/engine/enginetest"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

func open(t *testing.T, database string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(database, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Each copy has what the template was filled with, once, and nothing of
// another copy.
func TestCopiesAreApart(t *testing.T) {
	var filled atomic.Int32
	tpl := enginetest.NewTemplate(func(database string) error {
		filled.Add(1)
		db, err := sql.Open(map[bool]string{true: "pgx", false: "sqlite"}[strings.HasPrefix(database, "postgres")], database)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec(`CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)`)
		return err
	})
	t.Cleanup(func() { // the tests on both engines have ended
		if n := filled.Load(); n < 1 || n > 2 {
			t.Errorf("filled %d times for two engines", n)
		}
	})
	tpl.Each(t, func(t *testing.T, database string) {
		another := tpl.SQLitePath
		if strings.HasPrefix(database, "postgres") {
			another = tpl.PostgresURL
		} else if fi, err := os.Stat(database); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("the file: %v %v", fi, err)
		}
		for _, database := range []string{database, another(t)} {
			if _, err := open(t, database).Exec(`INSERT INTO things (name) VALUES ('a')`); err != nil {
				t.Error(err)
			}
		}
	})
}

// A database that was cut off is away, also to who is connected, until it is back.
func TestProxy(t *testing.T) {
	through, proxy := enginetest.Proxied(t, enginetest.PostgresURL(t))
	db := open(t, through)
	for range 2 {
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
		proxy.Cut()
		if err := db.Ping(); err == nil {
			t.Error("it answers")
		}
		proxy.Restore()
	}
}
