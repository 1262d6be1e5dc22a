package engine_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kinglet/store/engine"
)

// secret is what must be nowhere once it is deleted.
const secret = "Xyzzy"

// erase writes the secret, and deletes it.
func erase(t *testing.T, e *engine.Engine) {
	t.Helper()
	update(t, e, insertThing(secret))
	update(t, e, all(run(`DELETE FROM things`), func(tx *engine.Tx) error { tx.Erases(); return nil }))
}

// filesHave reports whether the secret is in a database's file, its log or its index.
func filesHave(t *testing.T, path string) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(secret)) {
			return true
		}
	}
	return false
}

// attempts are what the truncator of an engine's log has tried.
type attempts chan error

func openWithAttempts(t *testing.T, path string) (*engine.Engine, attempts) {
	t.Helper()
	tried := make(attempts, 10_000)
	return open(t, engine.Options{Database: path, LogTruncated: func(err error) { tried <- err }}), tried
}

// next waits for the next attempt that succeeded, or failed.
func (a attempts) next(t *testing.T, succeeded bool) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case err := <-a:
			if (err == nil) == succeeded {
				return
			}
		case <-deadline:
			t.Fatal("the log is not truncated, nor is that tried")
		}
	}
}

func TestLogIsTruncatedAfterAnErasure(t *testing.T) {
	t.Parallel()
	path := template.SQLitePath(t)
	e, tried := openWithAttempts(t, path)
	tried.next(t, true) // at the start
	erase(t, e)
	tried.next(t, true)
	if filesHave(t, path) {
		t.Error("it stays in a file")
	}
}

// While somebody reads the log can't be truncated, and writing goes on; it is
// when they are done.
func TestLogInUseIsTruncatedLater(t *testing.T) {
	t.Parallel()
	path := template.SQLitePath(t)
	e, tried := openWithAttempts(t, path)
	tried.next(t, true) // at the start
	view(t, e, func(tx *engine.Tx) error {
		_, _, err := setting(tx, "k")
		erase(t, e)
		update(t, e, keep("while reading", "v"))
		for range 6 {
			tried.next(t, false)
		}
		if !filesHave(t, path) {
			t.Error("nothing was in the log to begin with")
		}
		return err
	})
	tried.next(t, true)
	if filesHave(t, path) {
		t.Error("it stays in the log")
	}
}

// A process that was killed before the log was truncated leaves it to the next.
func TestLogIsTruncatedAtOpen(t *testing.T) {
	t.Parallel()
	path, copied := template.SQLitePath(t), filepath.Join(t.TempDir(), "copy.db")
	killed, tried := openWithAttempts(t, path)
	tried.next(t, true) // or the copy may be of a log that is being moved
	view(t, killed, func(tx *engine.Tx) error {
		if _, _, err := setting(tx, "k"); err != nil {
			return err
		}
		erase(t, killed)
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err == nil {
				err = os.WriteFile(copied+suffix, b, 0o600)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if !filesHave(t, copied) {
		t.Fatal("nothing was in the log to begin with")
	}
	_, tried = openWithAttempts(t, copied)
	tried.next(t, true)
	if filesHave(t, copied) {
		t.Error("it stays in the log")
	}
}

// What ends at once truncates what it erased, when it can: another command
// than the server.
func TestLogIsTruncatedAtClose(t *testing.T) {
	t.Parallel()
	path := template.SQLitePath(t)
	open(t, engine.Options{Database: path}) // the server
	command, tried := openWithAttempts(t, path)
	tried.next(t, true) // at the start
	for range 2 {       // the second while the truncator pauses
		erase(t, command)
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	if filesHave(t, path) {
		t.Error("it stays in the log")
	}
}
