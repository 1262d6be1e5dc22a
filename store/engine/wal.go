package engine

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

// What is deleted is overwritten in SQLite's file (secure_delete), but the
// write-ahead log has the pages as they were before, until it is reset.
// logTruncator moves the log into the file and truncates it after every commit
// that erased something, on a connection of its own: the writer goes on, and
// waits only for the end of it.
type logTruncator struct {
	db   *sql.DB
	conn *sql.Conn
	due  chan struct{}
	quit chan struct{}
	done chan struct{}
	stop sync.Once

	tried func(err error) // see Options.LogTruncated
}

// The log can be truncated only while nobody reads from it and nobody writes:
// it is retried, later each time.
const (
	firstTruncation = 5 * time.Millisecond
	lastTruncation  = 2 * time.Second
)

// truncationPause is the pause between two truncations: without it, each of a
// thousand deletions in a minute would flush the file.
const truncationPause = 500 * time.Millisecond

// lastTruncations limits how long Close tries to truncate what is due.
const lastTruncations = time.Second

func newLogTruncator(ctx context.Context, path string, tried func(err error)) (*logTruncator, error) {
	db, err := sql.Open("sqlite", "file:"+escapePath(path)+"?_pragma=busy_timeout(0)&_pragma=cache_size(-64)&_pragma=secure_delete(1)")
	if err != nil {
		return nil, err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	t := &logTruncator{db: db, conn: c, due: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), tried: tried}
	// What a killed process has left to truncate.
	t.wake()
	go t.loop()
	return t, nil
}

func (t *logTruncator) wake() {
	select {
	case t.due <- struct{}{}:
	default:
	}
}

func (t *logTruncator) loop() {
	defer close(t.done)
	for {
		select {
		case <-t.due:
		case <-t.quit:
			return
		}
		for wait := firstTruncation; t.truncate() != nil; wait = min(2*wait, lastTruncation) {
			select {
			case <-time.After(wait):
			case <-t.quit:
				t.wake()
				return
			}
		}
		select {
		case <-time.After(truncationPause):
		case <-t.quit:
			return
		}
	}
}

func (t *logTruncator) truncate() error {
	err := t.checkpoint()
	if t.tried != nil {
		t.tried(err)
	}
	return err
}

// checkpoint first copies what it can without blocking the writer, so that
// little is left for the moment in which it does.
func (t *logTruncator) checkpoint() error {
	for _, mode := range []string{"PASSIVE", "TRUNCATE"} {
		var busy, log, done int64
		if err := t.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &done); err != nil {
			return err
		}
		if busy != 0 && mode == "TRUNCATE" {
			return fmt.Errorf("the log is in use")
		}
	}
	return nil
}

// close truncates what is due, if it can be done soon, and ends.
func (t *logTruncator) close() {
	t.stop.Do(func() { close(t.quit) })
	<-t.done
	select {
	case <-t.due:
		until := time.Now().Add(lastTruncations)
		for t.truncate() != nil && time.Now().Before(until) {
			time.Sleep(firstTruncation)
		}
	default:
	}
	t.conn.Close()
	t.db.Close()
}

// Erases truncates the log once this transaction is durable.
func (tx *Tx) Erases() {
	if t := tx.engine.truncator; t != nil {
		tx.AfterCommit(t.wake)
	}
}
