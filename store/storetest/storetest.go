// Package storetest gives tests their databases: SQLite always, and PostgreSQL
// when KINGLET_TEST_POSTGRES names a server (a postgres:// URL whose user may
// create databases) or a postgres binary is found here, of which a private
// cluster is then run for the life of the test process. With
// KINGLET_TEST_REQUIRE_POSTGRES its absence is a failure and not a skip.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store"
)

// Each runs a test on a fresh, migrated store of each engine.
func Each(t *testing.T, run func(t *testing.T, s *store.Store)) {
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, Postgres(t)) })
}

// EachWithClock is Each with stores whose time the test decides.
func EachWithClock(t *testing.T, run func(t *testing.T, s *store.Store, clock *Clock)) {
	t.Run("sqlite", func(t *testing.T) {
		clock := NewClock()
		run(t, Open(t, store.Options{Database: SQLiteFile(t, t.TempDir()), Now: clock.Now}), clock)
	})
	t.Run("postgres", func(t *testing.T) {
		clock := NewClock()
		run(t, Open(t, store.Options{Database: PostgresURL(t), Now: clock.Now}), clock)
	})
}

// SQLite is a fresh, migrated store on a file.
func SQLite(t testing.TB) *store.Store {
	return Open(t, store.Options{Database: SQLiteFile(t, t.TempDir())})
}

// SQLiteFile puts a fresh, migrated database into a folder and gives its path.
// The schema is made once in a process.
func SQLiteFile(t testing.TB, dir string) string {
	t.Helper()
	content, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kinglet.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// template is the file of an empty database with this version's schema.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kinglet-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kinglet.db")
	s, err := store.Open(context.Background(), store.Options{Database: path})
	if err != nil {
		return nil, err
	}
	_, err = s.Migrate(context.Background())
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Postgres is a fresh, migrated store on PostgreSQL.
func Postgres(t testing.TB) *store.Store {
	return Open(t, store.Options{Database: PostgresURL(t)})
}

// Open is a migrated store; several may be opened on one database, as nodes do.
func Open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

var databases atomic.Int64

// PostgresURL is a fresh, empty database.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base, err := server()
	if err != nil {
		if os.Getenv("KINGLET_TEST_REQUIRE_POSTGRES") != "" {
			t.Fatal("PostgreSQL is required: ", err)
		}
		t.Skip("no PostgreSQL: ", err)
	}
	name := fmt.Sprintf("kinglet_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	if err := admin(base, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin(base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(base, statement string) error {
	db, err := sql.Open("pgx", base)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}

// server is the URL of the server's maintenance database; the cluster is
// started when the first test asks.
var server = sync.OnceValues(func() (string, error) {
	if u := os.Getenv("KINGLET_TEST_POSTGRES"); u != "" {
		return u, nil
	}
	return startCluster()
})
