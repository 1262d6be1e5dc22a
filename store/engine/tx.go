package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Tx is one transaction: a snapshot to read (View) or a unit of writing
// (Update). It is used by one goroutine and never outlives its function.
type Tx struct {
	ctx     context.Context
	engine  *Engine
	conn    *conn
	after   []func()
	undo    []func()        // see Restore
	notices notice          // beside that of events
	events  []string        // the lines of what was emitted
	emitted map[string]bool // the same
}

// Row is one row of a result.
type Row interface{ Scan(dest ...any) error }

// Now is the time of this transaction, UTC, to the millisecond.
func (tx *Tx) Now() time.Time { return tx.engine.Now() }

// NewID makes a time-ordered 64-bit id for the time at.
func (tx *Tx) NewID(at time.Time) int64 { return tx.engine.ids.next(at) }

// AfterCommit calls fn once, in commit order, when this transaction is durable.
// fn must not block and must not use the database.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// JobsDue wakes the workers, here and in other processes, when this transaction
// is durable.
func (tx *Tx) JobsDue() { tx.notices |= jobsAreDue }

// Exec runs a statement and returns the number of rows it changed.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if impossible, err := checkText(query, args); impossible {
		return 0, err
	}
	if tx.hasEnded() {
		return 0, errEnded
	}
	defer tx.ran(query, args)()
	return tx.conn.exec(tx.ctx, query, args)
}

// Query runs a statement and calls scan for each row.
func (tx *Tx) Query(scan func(row Row) error, query string, args ...any) error {
	if impossible, err := checkText(query, args); impossible {
		return err
	}
	if tx.hasEnded() {
		return errEnded
	}
	defer tx.ran(query, args)() // when it has been read
	return tx.conn.query(tx.ctx, scan, query, args)
}

// hasEnded reports whether SQLite has rolled the transaction back by itself. A
// statement after that would be a transaction of its own.
func (tx *Tx) hasEnded() bool { return tx.conn.lite != nil && !tx.conn.lite.inTransaction() }

// One reads a single value; without a row it returns the zero value and false.
func One[T any](tx *Tx, query string, args ...any) (v T, ok bool, err error) {
	err = tx.Query(func(row Row) error {
		ok = true
		return row.Scan(&v)
	}, query, args...)
	return v, ok, err
}

type tracer struct{}

// trace is what tests and benchmarks want to know of the statements of a
// context.
type trace struct {
	before func(query string, args []any)
	after  func(query string, w Work)
}

func traceOf(ctx context.Context) trace {
	t, _ := ctx.Value(tracer{}).(trace)
	return t
}

// WithTrace makes a context whose statements are passed to fn before they run:
// for tests of their number and query plans.
func WithTrace(ctx context.Context, fn func(query string, args []any)) context.Context {
	t := traceOf(ctx)
	t.before = fn
	return context.WithValue(ctx, tracer{}, t)
}

// WithWork makes a context whose statements are passed to fn with the work that
// they were, after they ran: for tests and benchmarks. PostgreSQL tells none.
func WithWork(ctx context.Context, fn func(query string, w Work)) context.Context {
	t := traceOf(ctx)
	t.after = fn
	return context.WithValue(ctx, tracer{}, t)
}

// Statements counts every statement that was run in transactions.
func (e *Engine) Statements() int64 { return e.statements.Load() }

// ran counts a statement, and passes it to the tracer. What it returns is called
// when the statement is finished.
func (tx *Tx) ran(query string, args []any) (finished func()) {
	tx.engine.statements.Add(1)
	t := traceOf(tx.ctx)
	if t.before != nil {
		t.before(query, args)
	}
	if t.after == nil || tx.IsPostgres() {
		return func() {}
	}
	tx.conn.takeWork() // of those that were not asked about
	return func() { t.after(query, tx.conn.takeWork()) }
}

// guard turns a panic in a transaction's function into an error, so that one
// bad row never stops the server (SECURITY-RULES 33).
func guard(fn func(tx *Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}
