package activity

import (
	"testing"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"
	"kinglet/store/storetest"
)

// An Update whose signature was verified with the key of before does not write
// that key back over the one that was fetched meanwhile.
func TestUpdateKeepsTheNewKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		doc, err := vocab.Parse([]byte(`{"id": "https://a.test/u", "type": "Person", "preferredUsername": "u", "name": "new", "inbox": "https://a.test/u/inbox",
			"publicKey": {"id": "https://a.test/u#key", "owner": "https://a.test/u", "publicKeyPem": "old"}}`))
		if err != nil {
			t.Fatal(err)
		}
		account, err := object.ReadActor(doc)
		if err != nil {
			t.Fatal(err)
		}
		write := func(key string) *store.Account {
			a := *account
			a.PublicKey = key
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutAccount(&a) }); err != nil {
				t.Fatal(err)
			}
			return &a
		}
		verified := write("old")
		write("new")
		a := &Activity{Object: &vocab.Object{Type: "Update", Object: vocab.Ref{ID: doc.ID, Object: doc}}, Origin: Inbox, Actor: verified}
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			env := &Env{Config: &config.Config{Domain: "here.test", URL: "https://here.test"}}
			if err := prepareObject(env, a); err != nil {
				return err
			}
			_, err := applyUpdate(env, tx, a)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx *store.Tx) error {
			now, err := tx.AccountByURI(doc.ID)
			if err == nil && (now.PublicKey != "new" || now.DisplayName != "new") {
				t.Errorf("the key is %q, the name %q", now.PublicKey, now.DisplayName)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
