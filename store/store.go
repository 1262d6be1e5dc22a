// Package store is Kinglet's database: one schema on two engines, SQLite and
// PostgreSQL, and all SQL.
//
// There are two ways in: [Store.View] reads a consistent snapshot and
// [Store.Update] writes one transaction that is durable when it returns. All
// queries are methods of [Tx], one file per entity, the SQL beside the Go type
// it fills. Who may see a status is decided here, once, in visibility.go.
//
// What both engines have in common and where they differ is in package engine.
//
// The package knows rows and nothing of ActivityPub's rules: it never imports
// ap, never dials, and never renders. Read Store, Tx and Account first.
package store

import (
	"context"
	"embed"
	"sync/atomic"

	"kinglet/internal/semaphore"
	"kinglet/store/engine"
)

//go:embed migrations/*.sql
var schema embed.FS

// Options are the options of Open.
type Options = engine.Options

// Migration is one step of the schema.
type Migration = engine.Migration

// core hides the engine: no SQL can be run through a Store.
type core = engine.Engine

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*core
	memory  *semaphore.Semaphore // see Memory
	tidyDue chan struct{}        // see Tidy
	changes atomic.Int64         // see Changes
}

// Open opens the database, creating SQLite's file (mode 0600) when it is not
// there. It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	o.Schema = schema
	e, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Store{core: e, memory: newMemory(), tidyDue: make(chan struct{}, 1)}, nil
}

// View runs fn over one consistent snapshot, once: see engine.Engine.View.
func (s *Store) View(ctx context.Context, fn func(tx *Tx) error) error {
	return s.core.View(ctx, func(tx *engine.Tx) error { return fn(&Tx{tx, s}) })
}

// Update runs fn in one transaction and returns once it is durable on disk.
// When fn returns an error everything is rolled back. fn may be run again, so
// it must only use tx, and must not block on anything but the database: see
// engine.Engine.Update.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) error {
	defer s.changes.Add(1) // also after an error: whether it was committed may be unknown
	return s.UpdateJobs(ctx, fn)
}

// UpdateJobs is Update for transactions that write jobs and lanes only, of which
// there are many: they are no Changes.
func (s *Store) UpdateJobs(ctx context.Context, fn func(tx *Tx) error) error {
	return s.core.Update(ctx, func(tx *engine.Tx) error { return fn(&Tx{tx, s}) })
}

// Changes counts the Updates of this process. While it stays the same nothing
// but jobs has changed here: what was read since then is as it was. Other
// processes on the same database are not counted.
func (s *Store) Changes() int64 { return s.changes.Load() }

// Read is View for a function that returns what it has read.
func Read[T any](ctx context.Context, s *Store, fn func(tx *Tx) (T, error)) (v T, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		v, err = fn(tx)
		return err
	})
	return v, err
}

// Write is Update for a function that returns what came of it.
func Write[T any](ctx context.Context, s *Store, fn func(tx *Tx) (T, error)) (v T, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		v, err = fn(tx)
		return err
	})
	return v, err
}

// IsPostgres reports whether a database setting names PostgreSQL.
func IsPostgres(database string) bool { return engine.IsPostgres(database) }

// Conversion are the options of ConvertFile: see package engine.
type Conversion = engine.Conversion

// ConvertFile rewrites a SQLite file: see engine.ConvertFile.
func ConvertFile(ctx context.Context, path string, c Conversion) error {
	return engine.ConvertFile(ctx, path, c)
}

// ErrDatabaseDown is in the chain of every error that a database failure
// caused.
var ErrDatabaseDown = engine.ErrDatabaseDown

// AsStranger marks a request of an unknown client: see package engine.
func AsStranger(ctx context.Context, address string) context.Context {
	return engine.AsStranger(ctx, address)
}

// AsLookup marks a request that reads a few rows by their keys.
func AsLookup(ctx context.Context) context.Context { return engine.AsLookup(ctx) }

// AsKnown marks a request of a signed-in user.
func AsKnown(ctx context.Context) context.Context { return engine.AsKnown(ctx) }

// Client is how semaphores count a request.
func Client(ctx context.Context) string { return engine.Client(ctx) }

// IsStranger reports whether a request reads as a stranger.
func IsStranger(ctx context.Context) bool { return engine.IsStranger(ctx) }

// ValidText reports whether a text can be stored.
func ValidText(s string) bool { return engine.ValidText(s) }
