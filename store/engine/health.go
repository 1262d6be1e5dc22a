package engine

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"kinglet/internal/fault"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"
)

// health records the database errors of this process. Checking it costs no
// scan: the errors are those of normal work.
type health struct {
	mu      sync.Mutex
	damaged error // a damaged page was read: stays until the start
	failed  error // the last write failed
	asked   time.Time
	last    error // what the checks said at asked
}

// checkEvery is how long a result of the checks of Health is reused: free
// space, whether PostgreSQL answers, whether writing works again.
const checkEvery = time.Second

// Health returns why the database can't store data: a write that failed and
// none that succeeded since, a damaged page that was read since the start, or
// less free space than minFree bytes. nil is good health.
func (e *Engine) Health(ctx context.Context, minFree int64) error {
	h := &e.health
	h.mu.Lock()
	damaged, failed, asked, last := h.damaged, h.failed, h.asked, h.last
	due := time.Since(asked) >= checkEvery
	if due {
		h.asked = time.Now() // those who ask meanwhile get the last answer
	}
	h.mu.Unlock()
	if damaged != nil {
		return fault.Errorf(fault.Unavailable, "a page of the database is damaged, restore a backup: %w", damaged)
	}
	if due {
		last = e.check(ctx, failed != nil, minFree)
		h.mu.Lock()
		h.last = last
		failed = h.failed
		h.mu.Unlock()
	}
	if failed != nil {
		return fault.Errorf(fault.Unavailable, "the last write failed: %w", failed)
	}
	return last
}

// check checks the current state. After a failed write it writes something
// small, so that a server without other writes recovers as well.
func (e *Engine) check(ctx context.Context, tryWriting bool, minFree int64) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if e.path != "" {
		free, err := freeSpace(filepath.Dir(e.path))
		if err != nil {
			return fault.Errorf(fault.Unavailable, "could not read the free space: %w", err)
		}
		if free < minFree {
			return fault.Errorf(fault.Unavailable, "%d bytes are free on the database's disk, want at least %d", free, minFree)
		}
	} else if err := e.db.PingContext(ctx); err != nil && ctx.Err() == nil {
		return fault.Errorf(fault.Unavailable, "the database does not answer: %w", err)
	}
	if !tryWriting {
		return nil
	}
	// Update records its success.
	_ = e.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE schema_migrations SET applied_at = applied_at`)
		return err
	})
	return nil
}

func (h *health) afterView(err error) {
	if err == nil || !isDamage(err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.damaged = err
}

// afterUpdate records the result of a write; changed reports that it committed
// at least one row. A write without changes proves nothing.
func (h *health) afterUpdate(err error, changed bool) {
	if err == nil && !changed {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.failed = nil
	case isDamage(err):
		h.damaged = err
	case isWriteFailure(err):
		h.failed = err
	}
}

// isDamage reports the errors of a corrupt file.
func isDamage(err error) bool {
	if code, ok := sqliteCode(err); ok {
		switch code {
		case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_DATA, sqlite3.SQLITE_IOERR_CORRUPTFS:
			return true
		}
		primary := code & 0xff
		return primary == sqlite3.SQLITE_CORRUPT || primary == sqlite3.SQLITE_NOTADB
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "XX001" || pg.Code == "XX002")
}

// isWriteFailure reports the errors of a write that the disk or the database
// server, not the statement, caused.
func isWriteFailure(err error) bool {
	if code, ok := sqliteCode(err); ok {
		switch code & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return true
		}
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "08", "53", "58": // connection exception, insufficient resources, system error
			return true
		}
		return pg.Code == "25006" || pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03" // read-only; shut down, crashed, starting
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}
