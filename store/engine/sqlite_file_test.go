package engine_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kinglet/store/engine"
)

// openFile opens a database of the schema of things that may be no database.
func openFile(t *testing.T, path string) (*engine.Engine, error) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{Database: path, Schema: things})
	if err == nil {
		t.Cleanup(func() { e.Close() })
	}
	return e, err
}

// onFile runs a statement as another program would.
func onFile(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// valueOf reads one value as another program would.
func valueOf(t *testing.T, path, query string) (v int64) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNewFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "k ?#%.db")
	e, err := openFile(t, path)
	if err != nil || !e.Created() {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
	header, err := os.ReadFile(path)
	if err != nil || string(header[68:72]) != "Kglt" {
		t.Errorf("the header says %q, %v", header[68:72], err)
	}
	e.Close()
	if again, err := openFile(t, path); err != nil || again.Created() {
		t.Errorf("opened again: %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".kinglet-new*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of many that find no file one makes it, and none sees half of it.
func TestNewFileAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	var group sync.WaitGroup
	made := make(chan bool, 8)
	for range cap(made) {
		group.Go(func() {
			e, err := engine.Open(t.Context(), engine.Options{Schema: things, Database: path})
			if err != nil {
				t.Error(err)
				return
			}
			made <- e.Created()
			e.Close()
		})
	}
	group.Wait()
	close(made)
	n := 0
	for m := range made {
		if m {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d made it", n)
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	_, err := engine.Open(t.Context(), engine.Options{Schema: things, Database: path, MustExist: true})
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "KINGLET_CREATE") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made all the same")
	}
}

// Files that are not ours stop the start and stay as they are.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"empty":        {func(t *testing.T, path string) { os.WriteFile(path, nil, 0o600) }, "0 bytes"},
		"text":         {func(t *testing.T, path string) { os.WriteFile(path, []byte(strings.Repeat("hello ", 100)), 0o600) }, "not a SQLite database"},
		"short":        {func(t *testing.T, path string) { os.WriteFile(path, []byte("SQLite format 3\x00"), 0o600) }, "not a SQLite database"},
		"another id":   {func(t *testing.T, path string) { onFile(t, path, "PRAGMA application_id = 7; CREATE TABLE a (b)") }, "another program"},
		"other tables": {func(t *testing.T, path string) { onFile(t, path, "CREATE TABLE a (b)") }, "another program"},
		"similar table": {func(t *testing.T, path string) {
			onFile(t, path, "CREATE TABLE schema_migrations (version); CREATE TABLE settings (name, value)")
		}, "another program"},
		"another id, our tables": {func(t *testing.T, path string) {
			onFile(t, path, "PRAGMA application_id = 7; CREATE TABLE schema_migrations (version, applied_at); CREATE TABLE settings (key, value)")
		}, "another program"},
		"folder":      {func(t *testing.T, path string) { os.Mkdir(path, 0o700) }, "not a file"},
		"only a log":  {func(t *testing.T, path string) { os.WriteFile(path+"-wal", []byte("x"), 0o600) }, "-wal"},
		"broken link": {func(t *testing.T, path string) { os.Symlink(path+".gone", path) }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k.db")
			c.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := openFile(t, path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
			if _, err := os.Stat(path + "-shm"); err == nil {
				t.Error("its journal's mode was changed")
			}
		})
	}
}

// A database of the first version, whose files had no id, is known and stamped;
// also when the stamp is in the log only, as after a kill.
func TestFileOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	e, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Close()
	onFile(t, path, "PRAGMA application_id = 0")
	// A reader from before keeps the stamp in the log.
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reader, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	if err := reader.QueryRow("SELECT COUNT(*) FROM settings").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	if e, err = openFile(t, path); err != nil || e.Created() {
		t.Fatal(err)
	}
	if id := valueOf(t, path, "PRAGMA application_id"); id != 0x4b676c74 {
		t.Errorf("application_id %x", id)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(copied+end, b, 0o600)
	}
	if b, _ := os.ReadFile(copied); string(b[68:72]) == "Kglt" {
		t.Fatal("the stamp is not in the log only: the test tests little")
	}
	if _, err := openFile(t, copied); err != nil {
		t.Error(err)
	}
}

// All files of all connections are open before anyone is served.
func TestFilesAreOpenedFirst(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no /proc")
	}
	path := filepath.Join(t.TempDir(), "k.db")
	e, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		list, _ := os.ReadDir("/proc/self/fd")
		for _, f := range list {
			if to, _ := os.Readlink("/proc/self/fd/" + f.Name()); strings.HasPrefix(to, path) {
				n++
			}
		}
		return n
	}
	before := count()
	if _, err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			err := e.View(context.Background(), func(tx *engine.Tx) error {
				_, _, err := setting(tx, "x")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if after := count(); before == 0 || after > before {
		t.Errorf("%d files before, %d after", before, after)
	}
}

func TestFileIsPrivateAndDurable(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	fi, err := os.Stat(e.Path())
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", fi.Mode(), err)
	}
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1"} {
		update(t, e, func(tx *engine.Tx) error {
			if got, _, err := engine.One[string](tx, "PRAGMA "+pragma); err != nil || got != want {
				t.Errorf("%s is %s, %v", pragma, got, err)
			}
			return nil
		})
	}
}
