// Package enginetest makes databases for tests: always SQLite's file, and
// PostgreSQL when KINGLET_TEST_POSTGRES names a server (a postgres:// URL whose
// user may create databases) or a postgres binary is found, which then runs a
// private cluster for the life of the test process. With
// KINGLET_TEST_REQUIRE_POSTGRES its absence is a failure and not a skip.
//
// It has no schema: the caller fills a [Template]. Tests of the store find
// theirs in package storetest. Read EachDatabase and Template.
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

// EachDatabase runs a test in parallel on a new database of each engine: a path
// without a file, and the URL of an empty database.
func EachDatabase(t *testing.T, run func(t *testing.T, database string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, SQLitePath(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, PostgresURL(t)) })
}

// SQLitePath is a path where no file is.
func SQLitePath(t testing.TB) string { return filepath.Join(Folder(t), "kinglet.db") }

// PostgresURL is a new, empty database.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

var databases atomic.Int64

// create creates a database that is dropped at the end of the test: an empty
// one, or a copy of a template.
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

// server is a PostgreSQL server, through its maintenance database.
type server struct {
	url string
	db  *sql.DB
}

// startServer starts the cluster at the first use.
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
