// Package store is Kinglet's database: one schema on two engines, SQLite and
// PostgreSQL, and every line of SQL there is.
//
// It is entered two ways only: [Store.View] reads a consistent snapshot and
// [Store.Update] writes one transaction that is durable when it returns. All
// methods hang on [Tx], one file per entity, the SQL beside the Go type it
// fills. Who may see a status is decided here, once, in visibility.go.
//
// The package knows rows and nothing of ActivityPub's rules: it never imports
// ap, never dials, and never renders. Read Store, Tx and Account first.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kinglet/internal/semaphore"
)

// Options are what Open needs to know.
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
	// MustExist refuses to make a SQLite file that is not there.
	MustExist bool
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect *dialect
	db      *sql.DB // all connections; on SQLite the readers
	now     func() time.Time
	ids     *idSource
	path    string // SQLite's file, "" on PostgreSQL
	url     string // PostgreSQL's URL, "" on SQLite

	nodeMu  sync.Mutex
	nodeKey int64
	node    *sql.Conn  // holds this node's name on PostgreSQL
	readers chan *conn // SQLite's idle reading connections
	writer  *writer    // SQLite's single writer; nil on PostgreSQL

	truncator *logTruncator // of SQLite's write-ahead log; nil on PostgreSQL

	readTimeout time.Duration
	strangers   *semaphore.Semaphore // connections that strangers may hold
	memory      *semaphore.Semaphore // see Memory

	wakeMu        sync.Mutex
	wake          func() // called after a commit that made jobs due; see OnJobs
	stopListening func() // nil unless this process listens; see ListenForWakes
	listening     sync.WaitGroup

	created bool // see Created
	health  health

	runTwice   bool
	closed     atomic.Bool
	statements atomic.Int64
}

// Open opens the database, creating SQLite's file (mode 0600) when it is not
// there. It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = readTimeout
	}
	s := &Store{
		now: o.Now, ids: newIDSource(o.Now), runTwice: o.RunTwice || runTwice,
		readTimeout: o.ReadTimeout, memory: newMemory(),
	}
	var err error
	if IsPostgres(o.Database) {
		err = s.openPostgres(ctx, o)
	} else {
		err = s.openSQLite(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// IsPostgres tells whether a database setting names PostgreSQL.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Close waits for what is being written and closes every connection.
func (s *Store) Close() error {
	if !s.closed.CompareAndSwap(false, true) {
		return nil
	}
	s.wakeMu.Lock()
	stop := s.stopListening
	s.wakeMu.Unlock()
	if stop != nil {
		stop()
		s.listening.Wait()
	}
	s.releaseNode()
	if s.writer != nil {
		s.writer.close()
	}
	if s.readers != nil {
		for range cap(s.readers) {
			(<-s.readers).close()
		}
		close(s.readers) // who comes later is told so
	}
	if s.truncator != nil {
		s.truncator.close()
	}
	return s.db.Close()
}

// Created tells whether Open made the database's file.
func (s *Store) Created() bool { return s.created }

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.dialect.name }

// Now is the store's clock, in UTC to the millisecond, as rows keep it.
func (s *Store) Now() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// NewID makes an id for what is about to be written, as Tx.NewID does.
func (s *Store) NewID(at time.Time) int64 { return s.ids.next(at) }

// View runs fn over one consistent snapshot, once. What fn returns is returned.
// The read ends when ctx does; see AsStranger and AsKnown for its other limits.
func (s *Store) View(ctx context.Context, fn func(tx *Tx) error) error {
	err := s.read(ctx, func(ctx context.Context) error {
		if s.readers == nil {
			return s.viewPostgres(ctx, fn)
		}
		return s.viewSQLite(ctx, fn)
	})
	s.health.afterView(err)
	return err
}

// Update runs fn in one transaction and returns once it is durable on disk.
// When fn returns an error nothing of it remains. fn may be run again (a
// serialization failure on PostgreSQL), so it must only touch tx; what has to
// happen once, after the commit, goes to tx.AfterCommit.
//
// On SQLite the updates of many callers share one commit: each keeps its own
// savepoint, and fn runs on the writer's goroutine, so it must not block on
// anything but the database, and never call Update or View itself.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) (err error) {
	changed := false
	counted := func(tx *Tx) error {
		before := tx.conn.changed
		err := fn(tx)
		changed = tx.conn.changed > before
		return err
	}
	if s.writer != nil {
		err = s.writer.do(ctx, counted)
	} else {
		err = s.updatePostgres(ctx, counted)
	}
	s.health.afterUpdate(err, changed && err == nil)
	return err
}

// OnJobs sets the function that is called after each commit, here or in
// another process, that made a job due. It must not block.
func (s *Store) OnJobs(wake func()) {
	s.wakeMu.Lock()
	defer s.wakeMu.Unlock()
	s.wake = wake
}

func (s *Store) wakeJobs() {
	s.wakeMu.Lock()
	wake, listens := s.wake, s.stopListening != nil
	s.wakeMu.Unlock()
	if wake != nil {
		wake()
	}
	if !listens {
		s.knock()
	}
}

// guard turns a panic in a transaction's function into an error, so that one
// bad row never stops the server (SECURITY-RULES 33).
func guard(fn func(tx *Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, stack())
		}
	}()
	return fn(tx)
}
