package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

// A database that is away is Unavailable, whatever is made of the error, and is
// found again when it is back.
func TestDatabaseDown(t *testing.T) {
	through, proxy := storetest.Proxied(t, storetest.PostgresURL(t))
	s := storetest.Open(t, store.Options{Database: through})
	var group sync.WaitGroup
	for range 16 { // so that there are connections to be lost
		group.Go(func() { _ = s.View(t.Context(), func(tx *store.Tx) error { _, _, err := tx.Setting("k"); return err }) })
	}
	group.Wait()
	for range 3 {
		proxy.Cut()
		for name, err := range map[string]error{
			"read":  s.View(t.Context(), func(tx *store.Tx) error { _, _, err := tx.Setting("k"); return err }),
			"write": s.Update(t.Context(), keep("k", "v")),
		} {
			refusal := fault.Errorf(fault.Unauthorized, "could not fetch the key: %w", err)
			if !fault.Is(err, fault.Unavailable) || !errors.Is(err, store.ErrDatabaseDown) || !fault.Is(refusal, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		proxy.Restore()
		for range 20 {
			if err := s.Update(t.Context(), keep("k", "v")); err != nil {
				t.Fatalf("the database is back: %v", err)
			}
		}
	}
	// It was away while nobody asked: the connections from before are no use.
	proxy.Cut()
	proxy.Restore()
	if err := s.Update(t.Context(), keep("k", "v")); err != nil {
		t.Errorf("after an absence that nobody saw: %v", err)
	}
	// In the middle of a transaction: it is not kept, and its caller is told.
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		if err := keep("lost", "v")(tx); err != nil {
			return err
		}
		proxy.Cut()
		return nil
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a commit without a database: %v", err)
	}
	proxy.Restore()
	if kept(t, s, "lost") {
		t.Error("what failed is kept")
	}
}

// What a caller's leaving ends is not the database's absence.
func TestLeavingIsNotDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.View(ctx, func(tx *store.Tx) error {
			cancel()
			_, _, err := tx.Setting("k")
			return err
		})
		if errors.Is(err, store.ErrDatabaseDown) || err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The name of a node, by which others know that it lives, is held again when
// its connection was lost.
func TestNodeHoldsItsNameAgain(t *testing.T) {
	database := storetest.PostgresURL(t)
	through, proxy := storetest.Proxied(t, database)
	s, other := storetest.Open(t, store.Options{Database: through}), storetest.Open(t, store.Options{Database: database})
	woken := make(chan struct{}, 100)
	s.OnJobs(func() { woken <- struct{}{} })
	if err := s.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	name, err := s.HoldNode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-woken // it listens
	w := newWorld(t, other)
	held := fmt.Sprintf(`SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND locktype = 'advisory' AND granted AND (classid::BIGINT << 32 | objid::BIGINT) = %s`, name)
	if n := w.count(held); n != 1 {
		t.Fatalf("held %d times before", n)
	}
	proxy.Cut()
	for w.count(held) != 0 {
		if t.Context().Err() != nil {
			return
		}
	}
	proxy.Restore()
	<-woken
	for end := time.Now().Add(10 * time.Second); w.count(held) != 1; {
		if time.Now().After(end) {
			t.Fatal("the name is not held again")
		}
	}
}

// Nodes that start at once migrate once.
func TestMigrateAtOnce(t *testing.T) {
	for name, database := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "kinglet.db") },
		"postgres": func() string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			database := database()
			var mu sync.Mutex
			applied := map[int]int{}
			var group sync.WaitGroup
			for range 6 {
				group.Go(func() {
					s, err := store.Open(t.Context(), store.Options{Database: database})
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					done, err := s.Migrate(t.Context())
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					for _, m := range done {
						applied[m.Version]++
					}
				})
			}
			group.Wait()
			if len(applied) == 0 {
				t.Error("nobody migrated")
			}
			for version, n := range applied {
				if n != 1 {
					t.Errorf("migration %d was applied %d times", version, n)
				}
			}
		})
	}
}

// A text that PostgreSQL can't keep is refused by both, and found by neither.
func TestTextThatCannotBeKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for name, bad := range map[string]string{"NUL": "a\x00b", "not UTF-8": "a\xffb"} {
			for what, read := range map[string]func(tx *store.Tx) error{
				"account by URI":    func(tx *store.Tx) error { _, err := tx.AccountByURI(bad); return err },
				"account by handle": func(tx *store.Tx) error { _, err := tx.AccountByHandle(bad, ""); return err },
				"account by key": func(tx *store.Tx) error {
					list, err := tx.AccountsByKeyID(bad)
					if err == nil && len(list) == 0 {
						err = fault.Errorf(fault.NotFound, "none")
					}
					return err
				},
				"object":  func(tx *store.Tx) error { _, err := tx.ObjectByURI(bad); return err },
				"app":     func(tx *store.Tx) error { _, err := tx.AppByClientID(bad); return err },
				"user":    func(tx *store.Tx) error { _, err := tx.UserByEmail(bad); return err },
				"session": func(tx *store.Tx) error { _, err := tx.SessionAccount(bad); return err },
				"blob":    func(tx *store.Tx) error { _, err := tx.Blob(bad); return err },
			} {
				if err := s.View(t.Context(), read); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s by %s: %v", what, name, err)
				}
			}
			if err := s.View(t.Context(), func(tx *store.Tx) error {
				if known, err := tx.KnownURIs("https://here.test/", bad); err != nil || len(known) != 0 {
					t.Errorf("known by %s: %v %v", name, known, err)
				}
				if list, err := tx.Markers(1, []string{bad}); err != nil || len(list) != 0 {
					t.Errorf("markers by %s: %v %v", name, list, err)
				}
				if list, err := tx.SearchTags(bad, 10); err != nil || len(list) != 0 {
					t.Errorf("tags by %s: %v %v", name, list, err)
				}
				if list, err := tx.SearchAccounts(0, bad, false, 10, -1); err != nil || len(list) != 0 {
					t.Errorf("accounts by %s: %v %v", name, list, err)
				}
				list, err := tx.Notifications(1, store.NotificationQuery{Types: []string{bad}}, store.Page{Limit: 1})
				if err != nil || len(list) != 0 {
					t.Errorf("notifications by %s: %v %v", name, list, err)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			for what, write := range map[string]func(tx *store.Tx) error{
				"setting": func(tx *store.Tx) error { _, err := tx.SettingOnce("k", bad); return err },
				"object": func(tx *store.Tx) error {
					_, err := tx.InsertObject(&store.Object{URI: "https://here.test/" + bad})
					return err
				},
				"account": func(tx *store.Tx) error {
					return tx.PutAccount(&store.Account{URI: "https://here.test/", Username: bad, Domain: "there.test"})
				},
				"idempotency key": func(tx *store.Tx) error {
					_, _, err := tx.TakeIdempotencyKey(1, bad, 1, time.Time{})
					return err
				},
			} {
				if err := s.Update(t.Context(), write); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s with %s: %v", what, name, err)
				}
			}
		}
	})
}

// A second process that writes for long has others wait, not fail.
func TestMigrateWaitsForAnotherProcess(t *testing.T) {
	if os.Getenv("KINGLET_TEST_SLOW") == "" {
		t.Skip("takes longer than SQLite's busy timeout: KINGLET_TEST_SLOW=1 runs it")
	}
	database := filepath.Join(t.TempDir(), "kinglet.db")
	s, other := storetest.Open(t, store.Options{Database: database}), storetest.Open(t, store.Options{Database: database})
	began, migrated := make(chan struct{}), make(chan error, 1)
	go func() {
		<-began
		_, err := other.Migrate(t.Context())
		migrated <- err
	}()
	if err := s.Update(t.Context(), func(*store.Tx) error {
		close(began)
		select {
		case err := <-migrated:
			t.Errorf("it did not wait: %v", err)
		case <-time.After(15 * time.Second):
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}
