package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kinglet/internal/fault"
)

// Free pages of SQLite's file are reused, but returned to the disk only by a
// file that was created for it (auto_vacuum=INCREMENTAL). New files are. An
// older one has to be rewritten once: ConvertFile.
const incremental = 2 // https://www.sqlite.org/pragma.html#pragma_auto_vacuum

// ReclaimsSpace reports whether deleting makes the database smaller on the
// disk. PostgreSQL does that by itself.
func (e *Engine) ReclaimsSpace(ctx context.Context) (is bool, err error) {
	if e.path == "" {
		return true, nil
	}
	err = e.View(ctx, func(tx *Tx) error {
		mode, _, err := One[int64](tx, "PRAGMA auto_vacuum")
		is = mode == incremental
		return err
	})
	return is, err
}

const (
	// freePages may stay: the next writes use them.
	freePages = 1024
	// pagesAtOnce is how many pages one transaction moves, which holds the
	// writer for about a millisecond, and vacuumPause is the pause in
	// between.
	pagesAtOnce = 64
	vacuumPause = 10 * time.Millisecond
)

// ReclaimSpace shortens SQLite's file by its free pages, except for a few, in
// transactions that hold the writer for a moment each.
func (e *Engine) ReclaimSpace(ctx context.Context) error {
	if gives, err := e.ReclaimsSpace(ctx); err != nil || !gives || e.path == "" {
		return err
	}
	for {
		var free int64
		err := e.View(ctx, func(tx *Tx) (err error) {
			free, _, err = One[int64](tx, "PRAGMA freelist_count")
			return err
		})
		if err != nil || free <= freePages {
			return err
		}
		last := free <= freePages+pagesAtOnce
		err = e.Update(ctx, func(tx *Tx) error {
			if last {
				tx.Erases() // the file ends where the log says once that is cut
			}
			_, err := tx.Exec(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pagesAtOnce))
			return err
		})
		if err != nil {
			return fmt.Errorf("reclaim space: %w", err)
		}
		select {
		case <-time.After(vacuumPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// convertMargin is the free space that remains beside the copy that ConvertFile
// makes.
const convertMargin = 64 << 20

// Conversion are the options of ConvertFile.
type Conversion struct {
	// Progress is called from time to time with the bytes written so far,
	// and the total.
	Progress func(done, total int64)
	// FreeSpace is the free space of a folder's disk; nil asks the system.
	FreeSpace func(folder string) (int64, error)
}

// ConvertFile rewrites a SQLite file of Kinglet's beside itself, as one that
// returns space, and replaces the original in one step: a process that is
// killed leaves the file as it was, and the next try starts over. No other
// process may have the file open; what can't be done now is Unavailable, and
// leaves the file as it is.
func ConvertFile(ctx context.Context, path string, c Conversion) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return withoutPath(err)
	}
	if err := convertFile(ctx, path, c); err != nil {
		return fmt.Errorf("rewrite the database file: %w", err)
	}
	return nil
}

func convertFile(ctx context.Context, path string, c Conversion) (err error) {
	db, err := sql.Open("sqlite", plainDSN(path, "busy_timeout(2000)", "synchronous(FULL)", "cache_size(-2000)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := holdAlone(ctx, conn); err != nil {
		return err
	}
	size, err := usedSize(ctx, conn)
	if err != nil {
		return err
	}
	if c.FreeSpace == nil {
		c.FreeSpace = freeSpace
	}
	// The unfinished copy of a killed process counts as free space.
	copied := path + ".converting"
	if err := os.Remove(copied); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	free, err := c.FreeSpace(filepath.Dir(path))
	if err != nil {
		return err
	}
	if need := size + convertMargin; free < need {
		return fault.Errorf(fault.Unavailable, "it takes %d MB of free space on the disk of %s, and %d MB are free", need>>20, path, free>>20)
	}
	if err := createLike(path, copied); err != nil {
		return err
	}
	defer os.Remove(copied)
	stop := report(copied, size, c.Progress)
	defer stop()
	for _, q := range []string{
		fmt.Sprintf("PRAGMA auto_vacuum = %d", incremental),
		"VACUUM INTO '" + quoted(copied) + "'",
	} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := checkCopy(ctx, conn, copied); err != nil {
		return err
	}
	// The lock is still held. A process that has opened the old file and
	// waits for it gets an error from SQLite, since the file is no longer
	// in WAL mode.
	if err := os.Rename(copied, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// holdAlone locks a file exclusively and moves its log into it.
func holdAlone(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "PRAGMA locking_mode = EXCLUSIVE"); err != nil {
		return err
	}
	var mode string
	err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	if err == nil && mode == "delete" {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
		if err == nil {
			_, err = conn.ExecContext(ctx, "COMMIT")
		}
	} else if err == nil {
		err = errors.New("its log is in use")
	}
	if err != nil {
		return fault.Errorf(fault.Unavailable, "another process has it open: %w", err)
	}
	return nil
}

// usedSize is how many bytes of a file are in use.
func usedSize(ctx context.Context, conn *sql.Conn) (int64, error) {
	var pages, free, size int64
	err := conn.QueryRowContext(ctx, `
		SELECT (SELECT page_count FROM pragma_page_count), (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size)`).
		Scan(&pages, &free, &size)
	return (pages - free) * size, err
}

// createLike makes an empty file that belongs to whom another one does, and can
// be read by as many, before there is anything to read in it.
func createLike(path, made string) error {
	f, err := os.OpenFile(made, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := os.Stat(path)
	if err == nil {
		err = chownLike(made, fi)
	}
	if err == nil {
		err = f.Chmod(fi.Mode().Perm()) // a backup's group, say
	}
	if err != nil {
		os.Remove(made)
	}
	return err
}

// checkCopy checks that a copy is on the disk, returns space, and has the same
// tables.
func checkCopy(ctx context.Context, conn *sql.Conn, copied string) error {
	f, err := os.OpenFile(copied, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if id, err := readApplicationID(copied); err != nil || id != applicationID {
		return fmt.Errorf("the copy has application id %d: %w", id, err)
	}
	if _, err := conn.ExecContext(ctx, "ATTACH '"+quoted(copied)+"' AS copy"); err != nil {
		return err
	}
	var mode int64
	var missing int
	err = conn.QueryRowContext(ctx, "PRAGMA copy.auto_vacuum").Scan(&mode)
	if err == nil {
		err = conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT name, sql FROM main.sqlite_master EXCEPT SELECT name, sql FROM copy.sqlite_master)`).Scan(&missing)
	}
	if err == nil && (mode != incremental || missing > 0) {
		err = fmt.Errorf("the copy has auto_vacuum %d and lacks %d tables or indexes", mode, missing)
	}
	_, detachErr := conn.ExecContext(ctx, "DETACH copy")
	return errors.Join(err, detachErr)
}

// quoted is a path in SQL quotes.
func quoted(path string) string { return strings.ReplaceAll(path, "'", "''") }

// reportEvery is how often the progress of a conversion is reported.
const reportEvery = 10 * time.Second

// report reports the size of a growing file until stop is called.
func report(path string, total int64, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	progress(0, total)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(reportEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if fi, err := os.Stat(path); err == nil {
					progress(fi.Size(), total)
				}
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}
