// Package storetest makes migrated stores for tests, on both engines: always
// SQLite, and PostgreSQL where package enginetest finds one. Read Each and
// EachWithClock.
package storetest

import (
	"context"
	"testing"

	"kinglet/store"
	"kinglet/store/engine/enginetest"
)

// template is an empty database with the whole schema.
var template = enginetest.NewTemplate(func(database string) error {
	s, err := store.Open(context.Background(), store.Options{Database: database})
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(context.Background())
	return err
})

// Each runs a test on a fresh, migrated store of each engine.
func Each(t *testing.T, run func(t *testing.T, s *store.Store)) {
	EachDatabase(t, func(t *testing.T, database string) { run(t, Open(t, store.Options{Database: database})) })
}

// EachWithClock is Each with stores whose clock the test controls.
func EachWithClock(t *testing.T, run func(t *testing.T, s *store.Store, clock *Clock)) {
	EachDatabase(t, func(t *testing.T, database string) {
		clock := NewClock()
		run(t, Open(t, store.Options{Database: database, Now: clock.Now}), clock)
	})
}

// EachDatabase runs a test on a fresh, migrated database of each engine, which
// the test opens itself: several times, as nodes do, or with options of its
// own.
func EachDatabase(t *testing.T, run func(t *testing.T, database string)) { template.Each(t, run) }

// SQLite is a fresh, migrated store on a file.
func SQLite(t testing.TB) *store.Store {
	return Open(t, store.Options{Database: template.SQLitePath(t)})
}

// Postgres is a fresh, migrated store on PostgreSQL.
func Postgres(t testing.TB) *store.Store {
	return Open(t, store.Options{Database: MigratedPostgresURL(t)})
}

// SQLiteFile creates a fresh, migrated database in a folder and returns its
// path.
func SQLiteFile(t testing.TB, dir string) string { return template.SQLiteFile(t, dir) }

// MigratedPostgresURL is a fresh, migrated database.
func MigratedPostgresURL(t testing.TB) string { return template.PostgresURL(t) }

// PostgresURL is a fresh, empty database, for tests that migrate it.
func PostgresURL(t testing.TB) string { return enginetest.PostgresURL(t) }

// Open opens a migrated store; several may be opened on one database, as nodes
// do.
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

// Folder is a new folder for databases, deleted at the end of the test: in
// memory where the system has a folder there.
func Folder(t testing.TB) string { return enginetest.Folder(t) }

// Clock, NewClock, Proxy and Proxied are those of enginetest.
type (
	// Clock is a clock that only the test advances.
	Clock = enginetest.Clock
	// Proxy is a TCP proxy between a store and PostgreSQL, which can be
	// interrupted.
	Proxy = enginetest.Proxy
)

// NewClock starts at an instant of 2026.
func NewClock() *Clock { return enginetest.NewClock() }

// Proxied returns another URL of a database, through a proxy.
func Proxied(t testing.TB, database string) (string, *Proxy) { return enginetest.Proxied(t, database) }
