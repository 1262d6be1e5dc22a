package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// oldFile is a migrated database in a file of the time before, with a blob of
// so many chunks.
func oldFile(t *testing.T, chunks int) (path string, b *store.Blob) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "it's old.db")
	s, err := store.Open(t.Context(), store.Options{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s)
	b = w.blob(noise(chunks*store.ChunkSize, 1))
	w.local("alice")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := plain(t, path)
	if _, err := db.Exec("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = 0; VACUUM"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	return path, b
}

// plain opens a file as another program would.
func plain(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// opened is a database that is whole: its blob and its account can be read.
func opened(t *testing.T, path string, b *store.Blob, givesSpaceBack bool) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: path, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := newWorld(t, s)
	if gives, err := s.ReclaimsSpace(t.Context()); err != nil || gives != givesSpaceBack {
		t.Errorf("it gives space back: %v %v", gives, err)
	}
	if !bytes.Equal(w.bytes(b), noise(int(b.Size), 1)) {
		t.Error("the blob has other bytes")
	}
	w.view(func(tx *store.Tx) error { _, err := tx.AccountByHandle("alice", ""); return err })
	if pending, err := s.PendingMigrations(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("%v are not applied: %v", pending, err)
	}
	var ok string
	db := plain(t, path)
	defer db.Close()
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&ok); err != nil || ok != "ok" {
		t.Errorf("the file is not whole: %s %v", ok, err)
	}
	return s
}

// What is deleted makes the file smaller, in steps.
func TestSpaceIsGivenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		if gives, err := s.ReclaimsSpace(t.Context()); err != nil || !gives {
			t.Fatalf("a new database does not give space back: %v", err)
		}
		stays, goes := w.blob(noise(20*store.ChunkSize, 1)), w.blob(noise(60*store.ChunkSize, 2))
		w.update(func(tx *store.Tx) error { return store.DeleteBlob(tx, goes.Hash) })
		if err := s.SweepUploads(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.ReclaimSpace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(w.bytes(stays), noise(20*store.ChunkSize, 1)) {
			t.Error("other bytes")
		}
		if s.Engine() != "sqlite" {
			return
		}
		// 4 MB may stay free.
		if free := w.count(`SELECT freelist_count FROM pragma_freelist_count`); free > 1024 {
			t.Errorf("%d free pages are kept", free)
		}
		path, err := store.Text(t.Context(), s, `SELECT file FROM pragma_database_list`)
		if err != nil {
			t.Fatal(err)
		}
		s.Close() // moves the log into the file
		if fi, err := os.Stat(path); err != nil || fi.Size() > 12<<20 {
			t.Errorf("the file has %d bytes, %v", fi.Size(), err)
		}
	})
}

func TestConvertFile(t *testing.T) {
	path, b := oldFile(t, 8)
	// A process that was killed has left a part of its copy.
	if err := os.WriteFile(path+".converting", []byte("SQLite format 3\x00 half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := opened(t, path, b, false)
	if err := store.ConvertFile(t.Context(), path, store.Conversion{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("while another has it open: %v", err)
	}
	if err := s.ReclaimSpace(t.Context()); err != nil {
		t.Errorf("an old file is asked for space: %v", err)
	}
	s.Close()
	full := store.Conversion{FreeSpace: func(string) (int64, error) { return 10 << 20, nil }}
	if err := store.ConvertFile(t.Context(), path, full); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "10 MB are free") || !strings.Contains(err.Error(), "it takes 66 MB") {
		t.Errorf("without room: %v", err)
	}
	opened(t, path, b, false).Close()
	leave, cancel := context.WithCancel(t.Context())
	if err := store.ConvertFile(leave, path, store.Conversion{Progress: func(_, _ int64) { cancel() }}); err == nil {
		t.Error("nobody stops it")
	}
	opened(t, path, b, false).Close()

	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	var told int64
	if err := store.ConvertFile(t.Context(), path, store.Conversion{Progress: func(_, total int64) { told = total }}); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || after.Mode() != 0o600 || os.SameFile(before, after) || told < b.Size || told > before.Size() {
		t.Errorf("%v, %d of %d bytes told, %v", after.Mode(), told, before.Size(), err)
	}
	opened(t, path, b, true).Close()
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// A symlink goes on naming the file.
func TestConvertFileBehindLink(t *testing.T) {
	path, b := oldFile(t, 1)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := store.ConvertFile(t.Context(), link, store.Conversion{}); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link is %q, %v", to, err)
	}
	opened(t, link, b, true)
}

// Whoever has opened the file before and waits for it does not write into the
// one that is no longer there.
func TestConvertFileIsNotMissed(t *testing.T) {
	path, b := oldFile(t, 8)
	waiting := plain(t, path)
	conn, err := waiting.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := store.ConvertFile(t.Context(), path, store.Conversion{}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"PRAGMA journal_mode = WAL", "DELETE FROM blob_chunks"} {
		if _, err := conn.ExecContext(t.Context(), q); err == nil {
			t.Errorf("%s is written to nowhere", q)
		}
	}
	opened(t, path, b, true)
}

// Killed at any time, a conversion leaves a database that is whole, and the
// next one does it.
func TestConversionIsKilled(t *testing.T) {
	if path := os.Getenv("KINGLET_TEST_CONVERT"); path != "" {
		if err := store.ConvertFile(t.Context(), path, store.Conversion{}); err != nil {
			t.Fatal(err)
		}
		return
	}
	path, b := oldFile(t, 120)
	begun := func() bool {
		fi, err := os.Stat(path + ".converting")
		return err == nil && fi.Size() > 0
	}
	killed := 0
	for i := range 8 {
		c := exec.Command(os.Args[0], "-test.run=^TestConversionIsKilled$")
		c.Env = append(os.Environ(), "KINGLET_TEST_CONVERT="+path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		for wait := true; wait; {
			select {
			case err := <-ended:
				ended <- err
				wait = false
			case <-time.After(time.Duration(i) * time.Millisecond): // another moment each time
				wait = !begun()
			}
		}
		_ = c.Process.Kill()
		var exit *exec.ExitError
		if err := <-ended; errors.As(err, &exit) && !exit.Exited() {
			killed++
			opened(t, path, b, false).Close()
			continue
		}
		break // it was faster
	}
	if killed == 0 {
		t.Error("none was killed in time")
	}
	if err := store.ConvertFile(t.Context(), path, store.Conversion{}); err != nil {
		t.Fatal(err)
	}
	opened(t, path, b, true).Close()
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// Who could read the file can read it afterwards, through a symbolic link as well.
func TestConvertedFileKeepsItsMode(t *testing.T) {
	path, b := oldFile(t, 1)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := store.ConvertFile(t.Context(), link, store.Conversion{}); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is replaced: %v %v", fi.Mode(), err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
		t.Errorf("it has mode %v, %v", fi.Mode(), err)
	}
	opened(t, link, b, true)
}
