package store_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// queued has the updates wait together behind one that holds the writer, and
// so share a commit, in their order; between runs before they go.
func queued(t *testing.T, s *store.Store, between func(), ctx context.Context, updates ...func(tx *store.Tx) error) []error {
	t.Helper()
	began, hold := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		// It may be of the same group, and fail with it.
		_ = s.Update(t.Context(), func(*store.Tx) error { close(began); <-hold; return nil })
	})
	<-began
	errs := make([]error, len(updates))
	for i, fn := range updates {
		group.Go(func() { errs[i] = s.Update(ctx, fn) })
		for s.Waiting() <= i {
			runtime.Gosched()
		}
	}
	between()
	close(hold)
	group.Wait()
	return errs
}

func keep(key, value string) func(tx *store.Tx) error {
	return func(tx *store.Tx) error { _, err := tx.SettingOnce(key, value); return err }
}

func kept(t *testing.T, s *store.Store, key string) (ok bool) {
	t.Helper()
	newWorld(t, s).view(func(tx *store.Tx) (err error) { _, ok, err = tx.Setting(key); return err })
	return ok
}

// SQLite gives up the whole transaction when the disk is full. What is
// acknowledged is there, and what is answered as failed is not.
func TestFullDisk(t *testing.T) {
	s := storetest.SQLite(t)
	pages, err := store.Pragma(s, "page_count")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pragma(s, "max_page_count = "+pages); err != nil {
		t.Fatal(err)
	}
	errs := queued(t, s, func() {}, t.Context(), keep("k0", "v"), keep("k1", strings.Repeat("v", 1<<20)), keep("k2", "v"), keep("k3", "v"))
	if errs[1] == nil {
		t.Error("what does not fit was acknowledged")
	}
	for i, err := range errs {
		if key := fmt.Sprint("k", i); kept(t, s, key) != (err == nil) {
			t.Errorf("%s: answered %v, kept %v", key, err, kept(t, s, key))
		}
	}
	if err := s.Update(t.Context(), keep("later", "v")); err != nil || !kept(t, s, "later") {
		t.Errorf("the next update: %v", err)
	}
}

func TestWhoLeavesTheQueueWritesNothing(t *testing.T) {
	s := storetest.SQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := queued(t, s, cancel, ctx, keep("k", "v"))
	if errs[0] == nil || kept(t, s, "k") {
		t.Errorf("answered %v, kept %v", errs[0], kept(t, s, "k"))
	}
}

// A statement's error that goes unheeded must not make an acknowledged
// transaction of one that the engine rolled back.
func TestUnheededErrors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if err := keep("k", "v")(tx); err != nil {
				return err
			}
			code := &store.Code{Hash: "h", ExpiresAt: tx.Now()}
			if err := tx.InsertCode(code); err != nil {
				return err
			}
			if err := tx.InsertCode(code); err == nil {
				t.Error("the same code twice")
			}
			return nil
		})
		if kept(t, s, "k") != (err == nil) {
			t.Errorf("answered %v, kept %v", err, kept(t, s, "k"))
		}
	})
}

// Of two that bring one key at the same time, to two nodes, the first decides
// what it gives and the other waits to hear it.
func TestKeyTakenAtOnce(t *testing.T) {
	database := storetest.MigratedPostgresURL(t)
	var began, group sync.WaitGroup
	began.Add(2)
	got := make([]store.ObjectID, 2)
	for i := range got {
		s := storetest.Open(t, store.Options{Database: database})
		group.Go(func() {
			once := sync.OnceFunc(func() { began.Done(); began.Wait() })
			if err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
				once()
				got[i], _, err = tx.TakeIdempotencyKey(1, "key", store.ObjectID(100+i), time.Time{})
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got[0] != got[1] || got[0] == 0 {
		t.Errorf("two statuses of one key: %v", got)
	}
}

// Readers, more than there are connections, see each write whole or not at all.
func TestReadersSeeWholeWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		write := func(n int64) {
			newWorld(t, s).update(func(tx *store.Tx) error {
				for _, timeline := range []string{"home", "notifications"} {
					if _, err := tx.PutMarker(1, timeline, n); err != nil {
						return err
					}
				}
				return nil
			})
		}
		write(1)
		done := make(chan struct{})
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				for last := int64(0); ; {
					err := s.View(t.Context(), func(tx *store.Tx) error {
						one, err := tx.Markers(1, []string{"home"})
						if err != nil {
							return err
						}
						other, err := tx.Markers(1, []string{"notifications"})
						if err == nil && (one[0].LastReadID != other[0].LastReadID || one[0].LastReadID < last) {
							t.Errorf("%d and %d after %d", one[0].LastReadID, other[0].LastReadID, last)
						}
						last = one[0].LastReadID
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for n := int64(2); n < 40; n++ {
			write(n)
		}
		close(done)
		group.Wait()
	})
}

func TestClosedStore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.View(ctx, func(*store.Tx) error { t.Error("it reads"); return nil }); err == nil || ctx.Err() != nil {
			t.Errorf("view: %v", err)
		}
		if err := s.Update(ctx, func(*store.Tx) error { t.Error("it writes"); return nil }); err == nil || ctx.Err() != nil {
			t.Errorf("update: %v", err)
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := store.Exec(t.Context(), s, `INSERT INTO schema_migrations (version, applied_at) VALUES (9999, 1)`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Migrate(t.Context()); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("up: %v", err)
		}
		if _, err := s.MigrateDown(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("down: %v", err)
		}
	})
}

func TestIDsOfManyAtOnceDiffer(t *testing.T) {
	s := storetest.SQLite(t)
	at := s.Now()
	lists := make([][]int64, 16)
	var group sync.WaitGroup
	for i := range lists {
		group.Go(func() {
			for range 1000 {
				lists[i] = append(lists[i], s.NewID(at))
			}
		})
	}
	group.Wait()
	seen := map[int64]bool{}
	for _, list := range lists {
		for _, id := range list {
			if seen[id] || id>>16 != at.UnixMilli() {
				t.Fatalf("%d is there twice, or of another time", id)
			}
			seen[id] = true
		}
	}
}
