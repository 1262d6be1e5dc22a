// Package enginetest gives tests their databases: SQLite's file always, and PostgreSQL
// when KINGLET_TEST_POSTGRES names a server (a postgres:// URL whose user may
// create databases) or a postgres binary is found here, of which a private
// cluster is then run for the life of the test process. With
// KINGLET_TEST_REQUIRE_POSTGRES its absence is a failure and not a skip.
//
// It knows no schema: [Template] is filled by who has one. Tests of the store
// find theirs in package storetest.
package enginetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// EachDatabase runs a test on a new database of each engine, a path where no
// file is and the URL of an empty database, beside other tests.
func EachDatabase(t *testing.T, run func(t *testing.T, database string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, SQLitePath(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, PostgresURL(t)) })
}

// SQLitePath is a path where no file is.
func SQLitePath(t testing.TB) string { return filepath.Join(t.TempDir(), "kinglet.db") }

// PostgresURL is a new, empty database.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

var databases atomic.Int64

// create makes a database that lives as long as the test: an empty one, or a
// copy of another.
func create(t testing.TB, template string) string {
	t.Helper()
	s, err := startServer()
	if err != nil {
		if os.Getenv("KINGLET_TEST_REQUIRE_POSTGRES") != "" {
			t.Fatal("PostgreSQL is required: ", err)
		}
		t.Skip("no PostgreSQL: ", err)
	}
	name, err := s.create(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return s.urlOf(name)
}

// server is PostgreSQL's, through its maintenance database.
type server struct {
	url string
	db  *sql.DB
}

// startServer starts the cluster when the first test asks.
var startServer = sync.OnceValues(func() (*server, error) {
	u := os.Getenv("KINGLET_TEST_POSTGRES")
	if u == "" {
		var err error
		if u, err = startCluster(); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("pgx", u)
	if err != nil {
		return nil, err
	}
	return &server{u, db}, nil
})

func (s *server) run(statement string) error {
	_, err := s.db.ExecContext(context.Background(), statement)
	return err
}

func (s *server) create(template string) (name string, err error) {
	name = fmt.Sprintf("kinglet_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	statement := "CREATE DATABASE " + name
	if template != "" {
		statement += " TEMPLATE " + template
	}
	return name, s.run(statement)
}

func (s *server) urlOf(name string) string {
	u, err := url.Parse(s.url)
	if err != nil {
		panic(err) // it was connected to
	}
	u.Path = "/" + name
	return u.String()
}
