package storetest_test

import (
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// Two stores are whole and know nothing of each other, although both are
// copies of one database.
func TestStoresAreApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		other := storetest.SQLite
		if s.Engine() == "postgres" {
			other = storetest.Postgres
		}
		o := other(t)
		for _, s := range []*store.Store{s, o} {
			if left, err := s.PendingMigrations(t.Context()); err != nil || len(left) > 0 {
				t.Errorf("left to migrate: %v %v", left, err)
			}
		}
		for value, s := range map[string]*store.Store{"one": s, "two": o} {
			if err := s.Update(t.Context(), func(tx *store.Tx) error {
				kept, err := tx.SettingOnce("key", value)
				if kept != value {
					t.Errorf("kept %q, want %q", kept, value)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
