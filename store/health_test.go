package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
)

func migrated(t *testing.T) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "k.db")
	s, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, path
}

func keepSetting(s *store.Store, key, value string) error {
	return s.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.SettingOnce(key, value)
		return err
	})
}

func TestHealthAfterAFailedWrite(t *testing.T) {
	s, _ := migrated(t)
	if err := s.Health(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.FillUp(true); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	if err := keepSetting(s, "big", big); err == nil {
		t.Fatal("the write did not fail: the test tests nothing")
	}
	unwell := func(when string) {
		t.Helper()
		if err := s.Health(t.Context(), 1); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "write failed") {
			t.Errorf("%s: %v", when, err)
		}
	}
	unwell("after the write")
	// What changes nothing, or is refused by a rule, shows nothing.
	if err := store.Exec(t.Context(), s, "UPDATE schema_migrations SET applied_at = 1 WHERE version = 9999"); err != nil {
		t.Fatal(err)
	}
	unwell("after a write of nothing")
	_ = s.Update(t.Context(), func(*store.Tx) error { return errors.New("refused") })
	unwell("after a refusal")
	if err := s.FillUp(false); err != nil {
		t.Fatal(err)
	}
	if err := keepSetting(s, "big", big); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(t.Context(), 1); err != nil {
		t.Errorf("after a write that succeeded: %v", err)
	}
}

// A server that nobody writes to finds out by itself that writing works again.
func TestHealthRecoversByItself(t *testing.T) {
	s, _ := migrated(t)
	if err := s.FillUp(true); err != nil {
		t.Fatal(err)
	}
	if err := keepSetting(s, "big", strings.Repeat("x", 1<<20)); err == nil {
		t.Fatal("the write did not fail")
	}
	if err := s.FillUp(false); err != nil {
		t.Fatal(err)
	}
	s.CheckAgain()
	if err := s.Health(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestHealthWithoutSpace(t *testing.T) {
	s, _ := migrated(t)
	if err := s.Health(t.Context(), 1<<60); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "bytes are free") {
		t.Errorf("%v", err)
	}
	s.CheckAgain()
	if err := s.Health(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// A damaged page is not forgotten by later successes.
func TestHealthOfADamagedFile(t *testing.T) {
	s, path := migrated(t)
	for i := range 50 {
		if err := keepSetting(s, strings.Repeat("k", 10)+string(rune('a'+i)), strings.Repeat("x", 3000)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
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
	if s, err = openFile(t, path); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(t.Context(), 1); err != nil {
		t.Fatalf("before it was met: %v", err)
	}
	read := s.View(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.Setting("kkkkkkkkkka")
		return err
	})
	if read == nil {
		t.Fatal("the page could be read: the test tests nothing")
	}
	for range 2 {
		if err := s.Health(t.Context(), 1); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v", err)
		}
		if err := store.Exec(t.Context(), s, "UPDATE schema_migrations SET applied_at = applied_at"); err != nil {
			t.Fatal(err)
		}
	}
}
