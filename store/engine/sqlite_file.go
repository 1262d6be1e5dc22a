package engine

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"kinglet/internal/fault"
)

// applicationID marks a file as Kinglet's in its header ("Kglt"; SQLite's
// PRAGMA application_id). A file of another program is never written to.
const applicationID = 0x4b676c74

// sqliteHeader is the length of the header of a SQLite file, and
// applicationIDAt the offset of the id (https://www.sqlite.org/fileformat.html
// §1.3).
const (
	sqliteHeader    = 100
	applicationIDAt = 68
	sqliteMagic     = "SQLite format 3\x00"
)

// prepareFile checks that a path is a database of Kinglet's, or creates one,
// and reports whether it did. stamp is set when the file was made before
// Kinglet had an application id.
func prepareFile(ctx context.Context, path string, mustExist bool) (created, stamp bool, err error) {
	_, err = os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mustExist:
		return false, false, fault.Errorf(fault.NotFound, "the file is not there, and the setting create is false: restore a backup, or set KINGLET_CREATE=true to start with a new database")
	case errors.Is(err, fs.ErrNotExist):
		if created, err = createFile(ctx, path); err != nil {
			return false, false, err
		}
	case err != nil:
		return false, false, withoutPath(err)
	}
	stamp, err = checkFile(ctx, path)
	return created, stamp, err
}

// createFile creates an empty database with Kinglet's id at a path, atomically,
// with mode 0600: it will have keys and private posts. false when another
// process was faster.
func createFile(ctx context.Context, path string) (bool, error) {
	// SQLite would apply the log of a lost database to the new one.
	if fi, err := os.Stat(path + "-wal"); err == nil && fi.Size() > 0 {
		return false, fault.Errorf(fault.Conflict, "the file is not there, but its log %s-wal is: restore the database from a backup, or remove the log to start with a new one", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".kinglet-new-*")
	if err != nil {
		return false, withoutPath(err)
	}
	f.Close()
	defer os.Remove(f.Name())
	db, err := sql.Open("sqlite", plainDSN(f.Name(), "synchronous(FULL)"))
	if err != nil {
		return false, err
	}
	// Before anything is written: auto_vacuum can't be set later.
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA auto_vacuum = %d; PRAGMA application_id = %d", incremental, applicationID))
	if err = errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	// A link never replaces an existing file; where there are no hard links
	// a rename is used.
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		if err := os.Rename(f.Name(), path); err != nil {
			return false, withoutPath(err)
		}
	}
	return true, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return withoutPath(err)
	}
	defer d.Close()
	_ = d.Sync() // some file systems can't, and have no need to
	return nil
}

// checkFile refuses a file that is not Kinglet's.
func checkFile(ctx context.Context, path string) (stamp bool, err error) {
	id, err := readApplicationID(path)
	if err != nil || id == applicationID {
		return false, err
	}
	if id != 0 {
		return false, notOurs(id)
	}
	// The id may still be in the log, and databases of the first version
	// had none: those are recognized by their tables. query_only, and no
	// change of the journal's mode: it may be another program's.
	db, err := sql.Open("sqlite", plainDSN(path, "busy_timeout(10000)", "query_only(1)"))
	if err != nil {
		return false, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return false, err
	}
	if id == applicationID {
		return false, nil
	}
	var known bool
	err = db.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM pragma_table_info('schema_migrations') WHERE name IN ('version', 'applied_at')) = 2
		   AND (SELECT COUNT(*) FROM pragma_table_info('settings') WHERE name IN ('key', 'value')) = 2`).Scan(&known)
	if err == nil && (!known || id != 0) {
		err = notOurs(id)
	}
	return err == nil, err
}

func notOurs(id uint32) error {
	return fault.Errorf(fault.Conflict, "the file is a SQLite database of another program (application id %d, want %d): choose another path", id, uint32(applicationID))
}

// readApplicationID reads the id from the file's header.
func readApplicationID(path string) (uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, withoutPath(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return 0, withoutPath(err)
	}
	if !fi.Mode().IsRegular() {
		return 0, fault.Errorf(fault.Conflict, "it is not a file")
	}
	if fi.Size() == 0 {
		return 0, fault.Errorf(fault.Conflict, "the file is empty (0 bytes), which no database of Kinglet is: restore a backup, or remove the file to start with a new database")
	}
	var header [sqliteHeader]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || string(header[:len(sqliteMagic)]) != sqliteMagic {
		return 0, fault.Errorf(fault.Conflict, "the file is not a SQLite database: restore a backup, or choose another path")
	}
	return binary.BigEndian.Uint32(header[applicationIDAt:]), nil
}

// withoutPath is the cause of an error of package os, for callers that add the
// path themselves.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// plainDSN opens a file with these pragmas only, and changes nothing in it.
func plainDSN(path string, pragmas ...string) string {
	return "file:" + strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(path) + "?" + url.Values{"_pragma": pragmas}.Encode()
}
