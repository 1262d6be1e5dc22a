package store_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func TestCountWaiting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		count := func(kind, lane string, most, want int) {
			t.Helper()
			if err := s.View(t.Context(), func(tx *store.Tx) error {
				n, err := tx.CountWaiting(kind, lane, most)
				if n != want {
					t.Errorf("%d of %s in %s, want %d", n, kind, lane, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			for i := range 5 {
				for _, lane := range []string{"a.test", "b.test"} {
					if err := tx.Enqueue(store.NewJob{Kind: fmt.Sprint("kind", i%2), Lane: lane, Args: json.RawMessage(`{}`)}); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		count("kind0", "a.test", 10, 3)
		count("kind0", "a.test", 2, 2)
		count("kind1", "b.test", 10, 2)
		count("kind1", "c.test", 10, 0)
	})
}

// Dropping an activity drops its waiting delivery, and no status.
func TestDropActivity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			account := &store.Account{URI: "https://a.test/users/a", Username: "a"}
			if err := tx.PutAccount(account); err != nil {
				return err
			}
			var list []*store.Object
			for i, isStatus := range []bool{false, true} {
				o := &store.Object{URI: fmt.Sprint("https://a.test/", i), Type: "Accept", AccountID: account.ID, Local: true, IsStatus: isStatus}
				if _, err := tx.InsertObject(o); err != nil {
					return err
				}
				list = append(list, o)
			}
			for _, key := range []string{"one", "two"} {
				if err := tx.Enqueue(store.NewJob{Kind: "deliver", Lane: "b.test", Args: json.RawMessage(`{}`), UniqueKey: key}); err != nil {
					return err
				}
			}
			for _, o := range list {
				if err := tx.DropActivity(o.ID, "one"); err != nil {
					return err
				}
			}
			if _, err := tx.Object(list[0].ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("the activity is still there: %v", err)
			}
			if _, err := tx.Object(list[1].ID); err != nil {
				t.Errorf("a status was dropped: %v", err)
			}
			if n, err := tx.CountJobs("deliver"); n != 1 || err != nil {
				t.Errorf("%d deliveries are left, %v", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Several accounts may claim one key id.
func TestAccountsByKeyID(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			for _, name := range []string{"a", "b", "c"} {
				keyID := "https://a.test/key"
				if name == "c" {
					keyID = "https://a.test/other"
				}
				if err := tx.PutAccount(&store.Account{URI: "https://a.test/" + name, Username: name, Domain: "a.test", KeyID: keyID}); err != nil {
					return err
				}
			}
			list, err := tx.AccountsByKeyID("https://a.test/key")
			if err != nil || len(list) != 2 || list[0].Username != "a" {
				t.Errorf("%d accounts, %v", len(list), err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
