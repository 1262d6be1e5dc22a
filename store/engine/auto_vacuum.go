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

// Pages of SQLite's file that hold nothing any more are used again, but given
// back to the disk only by a file that was made for it
// (auto_vacuum=INCREMENTAL). New files are. An older one has to be written anew
// once: ConvertFile.
const incremental = 2 // https://www.sqlite.org/pragma.html#pragma_auto_vacuum

// GivesSpaceBack tells whether what is deleted makes the database smaller on
// the disk. On PostgreSQL that is not ours to see to.
func (e *Engine) GivesSpaceBack(ctx context.Context) (is bool, err error) {
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
	// freePages may stay: what is written next takes them.
	freePages = 1024
	// pagesAtOnce is how many pages one transaction moves, which takes the
	// writer about a millisecond, and vacuumPause how long others then have it.
	pagesAtOnce = 64
	vacuumPause = 10 * time.Millisecond
)

// GiveSpaceBack makes SQLite's file shorter by the pages that hold nothing, but
// for a few, in transactions that hold the writer for a moment each.
func (e *Engine) GiveSpaceBack(ctx context.Context) error {
	if gives, err := e.GivesSpaceBack(ctx); err != nil || !gives || e.path == "" {
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
			return fmt.Errorf("give space back: %w", err)
		}
		select {
		case <-time.After(vacuumPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// convertMargin is free space that stays beside the copy that ConvertFile makes.
const convertMargin = 64 << 20

// Conversion is what ConvertFile is told of.
type Conversion struct {
	// Progress is called now and then with the bytes written so far, and those
	// that there are.
	Progress func(done, total int64)
	// FreeSpace is what a folder's disk has room for; nil asks the system.
	FreeSpace func(folder string) (int64, error)
}

// ConvertFile writes a SQLite file of Kinglet's anew beside itself, as one that
// gives space back, and puts it in place in one step: a process that is killed
// leaves the file as it was, and the next try begins again. Nobody else may
// have the file open; what can't be done now is Unavailable, and leaves the
// file in use as it is.
func ConvertFile(ctx context.Context, path string, c Conversion) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return withoutPath(err)
	}
	if err := convertFile(ctx, path, c); err != nil {
		return fmt.Errorf("write the database file anew: %w", err)
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
	// What a process that was killed left of its copy is room as well.
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
	// Still held alone. Who has opened the old file and waits for it is told by
	// SQLite that it was moved, since it is no longer in WAL mode.
	if err := os.Rename(copied, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// holdAlone locks a file against everybody else and moves its log into it.
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

// usedSize is how many bytes of a file hold something.
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

// checkCopy sees that a copy is on the disk, has what it is copied for, and the
// same tables.
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

// quoted is a path within quotes of SQL.
func quoted(path string) string { return strings.ReplaceAll(path, "'", "''") }

// reportEvery is how often the progress of a conversion is told.
const reportEvery = 10 * time.Second

// report tells of a growing file until stop is called.
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
