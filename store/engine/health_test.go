package engine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store/engine"
	"kinglet/store/engine/enginetest"
)

// fillUp has SQLite answer writes that need a new page as a full disk does;
// with false there is room again.
func fillUp(t *testing.T, e *engine.Engine, full bool) {
	t.Helper()
	query := "PRAGMA max_page_count = 1" // SQLite takes the present size for less
	if !full {
		query = "PRAGMA max_page_count = 4294967294"
	}
	update(t, e, func(tx *engine.Tx) error { _, _, err := engine.One[int64](tx, query); return err })
}

var big = strings.Repeat("x", 1<<20)

func TestHealthAfterAFailedWrite(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	if err := e.Health(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fillUp(t, e, true)
	if err := e.Update(t.Context(), keep("big", big)); err == nil {
		t.Fatal("the write did not fail: the test tests nothing")
	}
	unwell := func(when string) {
		t.Helper()
		if err := e.Health(t.Context(), 1); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "write failed") {
			t.Errorf("%s: %v", when, err)
		}
	}
	unwell("after the write")
	// What changes nothing, or is refused by a rule, shows nothing.
	update(t, e, run("UPDATE schema_migrations SET applied_at = 1 WHERE version = 9999"))
	unwell("after a write of nothing")
	_ = e.Update(t.Context(), func(*engine.Tx) error { return errNo })
	unwell("after a refusal")
	fillUp(t, e, false)
	update(t, e, keep("big", big))
	if err := e.Health(t.Context(), 1); err != nil {
		t.Errorf("after a write that succeeded: %v", err)
	}
}

// A server that nobody writes to finds out by itself that writing works again.
func TestHealthRecoversByItself(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	fillUp(t, e, true)
	if err := e.Update(t.Context(), keep("big", big)); err == nil {
		t.Fatal("the write did not fail")
	}
	fillUp(t, e, false)
	e.CheckAgain()
	if err := e.Health(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestHealthWithoutSpace(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	if err := e.Health(t.Context(), 1<<60); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "bytes are free") {
		t.Errorf("%v", err)
	}
	e.CheckAgain()
	if err := e.Health(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestHealthWithoutPostgres(t *testing.T) {
	t.Parallel()
	through, proxy := enginetest.Proxied(t, template.PostgresURL(t))
	e := open(t, engine.Options{Database: through})
	if err := e.Health(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	proxy.Cut()
	e.CheckAgain()
	if err := e.Health(t.Context(), 1); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	proxy.Restore()
	e.CheckAgain()
	if err := e.Health(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// A damaged page is not forgotten by later successes.
func TestHealthOfADamagedFile(t *testing.T) {
	t.Parallel()
	e := sqlite(t)
	path := e.Path()
	for i := range 50 {
		update(t, e, keep(fmt.Sprint("key", i), strings.Repeat("x", 3000)))
	}
	e.Close()
	root := valueOf(t, path, "SELECT rootpage FROM sqlite_master WHERE name = 'settings'")
	size := valueOf(t, path, "PRAGMA page_size")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", int(size))), (root-1)*size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	e = open(t, engine.Options{Database: path})
	if err := e.Health(t.Context(), 1); err != nil {
		t.Fatalf("before it was read: %v", err)
	}
	if err := e.View(t.Context(), func(tx *engine.Tx) error { _, _, err := setting(tx, "key0"); return err }); err == nil {
		t.Fatal("the page could be read: the test tests nothing")
	}
	for range 2 {
		if err := e.Health(t.Context(), 1); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v", err)
		}
		update(t, e, run("UPDATE schema_migrations SET applied_at = applied_at"))
	}
}
