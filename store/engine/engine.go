// Package engine is the delicate part of the store: transactions on two
// engines, SQLite and PostgreSQL. It knows nothing about the tables.
//
// [Engine.View] reads a consistent snapshot and [Engine.Update] writes one
// transaction that is durable when it returns. On SQLite one writer runs the
// updates of many callers and commits once (writer.go); on PostgreSQL a
// transaction that loses a conflict is run again (retry.go). The differences in
// SQL are in one file, dialect.go. SQLite's statements are run in lite.go.
// Besides: the runner of migrations, ids, events and the waking of other
// processes, the write-ahead log, health.
//
// Only package store uses it: any other package with a Tx of it could run SQL.
// Read Engine, Tx and writer.
package engine

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kinglet/internal/semaphore"
)

// Options are the options of Open.
type Options struct {
	// Database is a file path (SQLite) or a postgres:// URL.
	Database string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Readers is the size of SQLite's pool of reading connections, or of
	// PostgreSQL's whole pool; 0 chooses for a small machine.
	Readers int
	// RunTwice is for tests: each Update runs its function twice, and rolls the
	// first run back, as a serialization failure does.
	RunTwice bool
	// ReadTimeout is how long a read for a client may take, 0 for 10 seconds.
	ReadTimeout time.Duration
	// MustExist refuses to create a missing SQLite file.
	MustExist bool
	// LookEvery is how often listeners look for events without a notice, 0
	// for every 30 seconds.
	LookEvery time.Duration
	// LogTruncated is for tests: it is called after each attempt to truncate
	// SQLite's log, with nil when it was truncated. It must not block.
	LogTruncated func(err error)
	// Schema holds the migrations: migrations/NNNN_name.up.sql and .down.sql. One
	// of them makes the table that Tx.Emit writes to (store's 0009_events).
	Schema fs.FS
}

// Engine is an open database. It is safe for concurrent use.
type Engine struct {
	dialect *dialect
	db      *sql.DB // all connections; on SQLite the readers
	now     func() time.Time
	ids     *idSource
	schema  fs.FS  // see Options
	path    string // SQLite's file, "" on PostgreSQL
	url     string // PostgreSQL's URL, "" on SQLite

	nodeMu  sync.Mutex
	nodeKey int64
	node    *sql.Conn // holds this node's name on PostgreSQL
	readers *pool     // SQLite's idle reading connections
	writer  *writer   // SQLite's single writer; nil on PostgreSQL

	truncator *logTruncator // of SQLite's write-ahead log; nil on PostgreSQL

	readTimeout time.Duration
	strangers   *semaphore.Semaphore // connections that strangers may hold

	wakeMu        sync.Mutex
	wake          func() // called after a commit that made jobs due; see OnJobs
	listeners     map[*Listener]bool
	lookEvery     time.Duration
	stopListening func() // nil unless this process listens; see ListenForWakes
	listening     sync.WaitGroup
	announcer     *announcer // of events; nil on SQLite

	created bool // see Created
	health  health

	runTwice   bool
	closed     atomic.Bool
	statements atomic.Int64
}

// Open opens the database, creating SQLite's file (mode 0600) when it is not
// there. It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = readTimeout
	}
	if o.LookEvery == 0 {
		o.LookEvery = lookEvery
	}
	e := &Engine{
		now: o.Now, ids: newIDSource(o.Now), runTwice: o.RunTwice || RunTwice,
		readTimeout: o.ReadTimeout, schema: o.Schema,
		listeners: map[*Listener]bool{}, lookEvery: o.LookEvery,
	}
	var err error
	if IsPostgres(o.Database) {
		err = e.openPostgres(ctx, o)
	} else {
		err = e.openSQLite(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// IsPostgres reports whether a database setting names PostgreSQL.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Close waits for pending writes and closes every connection.
func (e *Engine) Close() error {
	if !e.closed.CompareAndSwap(false, true) {
		return nil
	}
	e.wakeMu.Lock()
	stop := e.stopListening
	e.wakeMu.Unlock()
	if stop != nil {
		stop()
		e.listening.Wait()
	}
	if e.announcer != nil {
		e.announcer.close()
	}
	e.releaseNode()
	if e.writer != nil {
		e.writer.close()
	}
	if e.readers != nil {
		e.readers.close()
	}
	if e.truncator != nil {
		e.truncator.close()
	}
	return e.db.Close()
}

// Created reports whether Open created the database's file.
func (e *Engine) Created() bool { return e.created }

// Engine is "sqlite" or "postgres".
func (e *Engine) Engine() string { return e.dialect.name }

// Now is the store's clock, in UTC with the precision of rows, a millisecond.
func (e *Engine) Now() time.Time { return e.now().UTC().Truncate(time.Millisecond) }

// NewID makes an id for something that will be written, as Tx.NewID does.
func (e *Engine) NewID(at time.Time) int64 { return e.ids.next(at) }

// View runs fn over one consistent snapshot, once. What fn returns is returned.
// The read ends when ctx does; see AsStranger and AsKnown for its other limits.
func (e *Engine) View(ctx context.Context, fn func(tx *Tx) error) error {
	err := e.read(ctx, func(ctx context.Context) error {
		if e.readers == nil {
			return e.viewPostgres(ctx, fn)
		}
		return e.viewSQLite(ctx, fn)
	})
	e.health.afterView(err)
	return err
}

// Update runs fn in one transaction and returns once it is durable on disk.
// When fn returns an error everything is rolled back. fn may be run again (a
// serialization failure on PostgreSQL), so it must only use tx; what has to
// happen once, after the commit, goes to tx.AfterCommit.
//
// On SQLite the updates of many callers share one commit: each keeps its own
// savepoint, and fn runs on the writer's goroutine, so it must not block on
// anything but the database, and never call Update or View itself.
func (e *Engine) Update(ctx context.Context, fn func(tx *Tx) error) (err error) {
	changed := false
	counted := func(tx *Tx) error {
		before := tx.conn.changed
		err := fn(tx)
		changed = tx.conn.changed > before
		return err
	}
	if e.writer != nil {
		err = e.writer.do(ctx, counted)
	} else {
		err = e.updatePostgres(ctx, counted)
	}
	e.health.afterUpdate(err, changed && err == nil)
	return err
}
