package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"kinglet/internal/fault"
)

// writer is SQLite's single writer. Updates that arrive while a commit is being
// flushed to disk wait together and share the next one (group commit), so
// durability costs one fsync per group and is never skipped. Each update that
// follows another runs in a savepoint of its own: one that fails does not affect
// the others. The first, mostly the only one, needs none.
type writer struct {
	engine *Engine
	db     *sql.DB
	conn   *conn
	queue  chan *pending

	stop sync.Once
	quit chan struct{}
	done chan struct{}
}

type pending struct {
	ctx    context.Context
	fn     func(tx *Tx) error
	tx     *Tx
	err    error
	result chan error
}

const (
	// maxGroup and groupTime limit how long the first of a group waits for
	// the last of it.
	maxGroup  = 128
	groupTime = 8 * time.Millisecond
)

var errClosed = fault.Errorf(fault.Unavailable, "the database is closing")

func newWriter(e *Engine, db *sql.DB, c *conn) *writer {
	w := &writer{
		engine: e, db: db, conn: c,
		queue: make(chan *pending, maxGroup),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	go w.loop()
	return w
}

func (w *writer) do(ctx context.Context, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &pending{ctx: ctx, fn: fn, result: make(chan error, 1)}
	select {
	case w.queue <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
	// Once it is queued, the writer decides its outcome, not the caller's
	// context: an answer of "failed" for what was committed would be false.
	select {
	case err := <-p.result:
		return err
	case <-w.done:
		select {
		case err := <-p.result:
			return err
		default:
			return errClosed
		}
	}
}

func (w *writer) close() {
	w.stop.Do(func() { close(w.quit) })
	<-w.done
	w.conn.close()
	w.db.Close()
}

func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case p := <-w.queue:
			w.group(p)
		case <-w.quit:
			for {
				select {
				case p := <-w.queue:
					w.group(p)
				default:
					return
				}
			}
		}
	}
}

// group runs first and all that waits behind it, commits once, and answers
// every caller.
func (w *writer) group(first *pending) {
	// Statements run without the callers' cancellation: SQLite answers an
	// interrupted write by rolling back the whole transaction, the others' too.
	ctx := context.Background()
	if err := w.conn.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		first.result <- fmt.Errorf("begin writing: %w", failed(ctx, err))
		return
	}
	started := time.Now()
	members := []*pending{first}
	written := false
	var err error
	for p := first; p != nil; {
		err = w.apply(p, written)
		written = written || p.err == nil
		p = nil
		if err == nil && len(members) < maxGroup && time.Since(started) < groupTime {
			select {
			case p = <-w.queue:
				members = append(members, p)
			default:
			}
		}
	}
	if err == nil {
		err = failed(ctx, w.insertEvents(ctx, members))
	}
	if err == nil {
		err = failed(ctx, w.conn.run(ctx, "COMMIT"))
	}
	if err != nil {
		err = fmt.Errorf("commit: %w", err)
		// Already rolled back by SQLite in some of the cases; harmless then.
		_ = w.conn.run(ctx, "ROLLBACK")
	}
	var told notice
	for _, p := range members {
		if err == nil && p.err == nil {
			for _, fn := range p.tx.after {
				fn()
			}
			told |= p.tx.notice()
		}
		if err != nil && p.tx != nil {
			p.tx.rolledBack()
		}
	}
	w.engine.committed(told)
	for _, p := range members {
		p.result <- errors.Join(p.err, err)
	}
}

// apply runs one member of the group; behind others that have written it does so
// in its savepoint. The error is the group's: SQLite has ended the whole
// transaction (the disk is full), and a statement after that would commit by
// itself what is answered as failed.
func (w *writer) apply(p *pending, behind bool) error {
	if p.err = p.ctx.Err(); p.err != nil {
		return nil // the caller has left and nothing was begun
	}
	if w.engine.runTwice {
		if err := w.attempt(p, dryRun(p.fn), behind); err != nil {
			return err
		}
	}
	return w.attempt(p, p.fn, behind)
}

func (w *writer) attempt(p *pending, fn func(tx *Tx) error, behind bool) error {
	ctx := context.WithoutCancel(p.ctx)
	p.tx = &Tx{ctx: ctx, engine: w.engine, conn: w.conn}
	if behind {
		if err := w.run(ctx, "SAVEPOINT member"); err != nil {
			return err
		}
	}
	if p.err = guard(fn, p.tx); p.err != nil {
		p.tx.rolledBack()
		undo := []string{"ROLLBACK", "BEGIN IMMEDIATE"}
		if behind {
			undo = []string{"ROLLBACK TO member", "RELEASE member"}
		}
		if err := w.run(ctx, undo...); err != nil {
			return errors.Join(p.err, err)
		}
		return nil
	}
	if behind {
		return w.run(ctx, "RELEASE member")
	}
	if !w.conn.lite.inTransaction() {
		return errEnded
	}
	return nil
}

// errEnded is for a transaction that SQLite has rolled back by itself, which the
// function did not tell.
var errEnded = fault.Errorf(fault.Unavailable, "the database has ended the transaction")

// run runs statements until one fails.
func (w *writer) run(ctx context.Context, statements ...string) error {
	for _, query := range statements {
		if err := w.conn.run(ctx, query); err != nil {
			return failed(ctx, err)
		}
	}
	return nil
}
