package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"kinglet/internal/fault"
)

// On PostgreSQL one of two conflicting transactions is run again, after
// everything that it did is rolled back: its rows by the database, its changes
// of the caller's memory by undo. The database enforces uniqueness, so the
// second run finds the other's row where the first found none.

// attempts is how often a transaction is run before its caller gets an error
// that the server is busy.
const attempts = 10

// ErrAgain makes the transaction run again, like a serialization failure.
var ErrAgain = errors.New("a concurrent transaction committed first")

// errRehearsed ends the first of the two runs of Options.RunTwice.
var errRehearsed = errors.New("dry run")

// isRetryable reports the failures after which the transaction is run again:
// serialization_failure, deadlock_detected, and the unique_violation of two
// that inserted the same key or id concurrently.
func isRetryable(err error) bool {
	code, _ := postgresCode(err)
	return code == "40001" || code == "40P01" || code == "23505" || errors.Is(err, ErrAgain)
}

// retry runs a transaction until it ends with anything but a retryable error.
// The pauses grow and are random, so that the same two do not collide again.
func retry(ctx context.Context, transaction func() error) error {
	for i := range attempts {
		err := transaction()
		if !isRetryable(err) {
			return err
		}
		if i == attempts-1 {
			return retriesExhausted(err)
		}
		pause := time.NewTimer(rand.N(time.Millisecond << i))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
	return nil
}

// retriesExhausted is the error of a transaction that lost every time.
func retriesExhausted(err error) error {
	if IsDuplicate(err) || IsIDTaken(err) {
		return fault.Errorf(fault.Conflict, "it exists already: %w", err)
	}
	return fault.Errorf(fault.Unavailable, "too many changes at once: %w", err)
}

// Restore sets dest back when the transaction is rolled back: an entity that
// was given an id or a time must not keep them for the next run, nor after a
// failure.
func Restore[T any](tx *Tx, dest *T) {
	before := *dest
	tx.undo = append(tx.undo, func() { *dest = before })
}

// rolledBack reverts the transaction's changes of memory.
func (tx *Tx) rolledBack() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
	tx.undo, tx.after, tx.notices, tx.events, tx.emitted = nil, nil, 0, nil, nil
}

// dryRun is fn for the first of two runs.
func dryRun(fn func(tx *Tx) error) func(tx *Tx) error {
	return func(tx *Tx) error { return errors.Join(errRehearsed, fn(tx)) }
}

// InsertNew runs an insert with new ids of the time at until one is free: the
// primary key decides. Many servers give times in seconds, and only the day
// that an account was made, so ids collide.
func (tx *Tx) InsertNew(at time.Time, insert func(id int64) error) error {
	for range attempts {
		err := insert(tx.NewID(at))
		if !IsIDTaken(err) {
			return err
		}
		tx.engine.ids.scatter()
		if tx.IsPostgres() {
			return err // the transaction has failed, and is run again as a whole
		}
	}
	return fault.Errorf(fault.Unavailable, "no id is free at %s", at)
}
