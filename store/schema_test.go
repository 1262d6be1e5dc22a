package store_test

import (
	"path/filepath"
	"sync"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func TestPendingMigrations(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "k.db") },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := openFile(t, database(t))
			if err != nil {
				t.Fatal(err)
			}
			all, err := s.PendingMigrations(t.Context())
			if err != nil || len(all) == 0 || all[0].Version != 1 {
				t.Fatalf("before: %v %v", all, err)
			}
			if again, err := s.PendingMigrations(t.Context()); err != nil || len(again) != len(all) {
				t.Errorf("asking wrote something: %v %v", again, err)
			}
			applied, err := s.Migrate(t.Context())
			if err != nil || len(applied) != len(all) {
				t.Fatal(applied, err)
			}
			if left, err := s.PendingMigrations(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("after: %v %v", left, err)
			}
			last := all[len(all)-1]
			if err := store.Exec(t.Context(), s, "DELETE FROM schema_migrations WHERE version = $1", last.Version); err != nil {
				t.Fatal(err)
			}
			if left, err := s.PendingMigrations(t.Context()); err != nil || len(left) != 1 || left[0].Version != last.Version {
				t.Errorf("without the last: %v %v", left, err)
			}
			if err := store.Exec(t.Context(), s, "INSERT INTO schema_migrations (version, applied_at) VALUES (9999, 1)"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.PendingMigrations(t.Context()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("of a newer version: %v", err)
			}
		})
	}
}

func TestServerRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		runs := func(want bool) {
			t.Helper()
			if got, err := s.ServerRuns(t.Context()); err != nil || got != want {
				t.Errorf("got %v, %v", got, err)
			}
		}
		// Commands that ask at the same time are no servers.
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				for range 20 {
					runs(false)
				}
			})
		}
		group.Wait()
		server := s
		if s.Engine() == "sqlite" {
			if err := server.ListenForWakes(); err != nil {
				t.Fatal(err)
			}
		} else if _, err := server.HoldNode(t.Context()); err != nil {
			t.Fatal(err)
		}
		runs(true)
	})
}
