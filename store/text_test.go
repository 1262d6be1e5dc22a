package store_test

import (
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

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
				list, _, err := tx.Notifications(1, store.NotificationQuery{Types: []string{bad}}, store.Page{Limit: 1})
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
