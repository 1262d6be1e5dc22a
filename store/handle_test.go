package store_test

import (
	"strings"
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A handle is one account's: a verified one takes it, another has it only when
// nobody does; who has none is named by its id, which is no handle.
func TestHandles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		put := func(uri string, verified bool) *store.Account {
			a := &store.Account{URI: uri, Username: "bob", Domain: "there.test", Type: "Person", HandleVerified: verified}
			w.update(func(tx *store.Tx) error { return tx.PutAccount(a) })
			return a
		}
		holder := func() (uri string) {
			w.view(func(tx *store.Tx) error {
				a, err := tx.AccountByHandle("Bob", "there.test")
				uri = a.URI
				return err
			})
			return uri
		}
		acct := func(uri string) (acct string) {
			w.view(func(tx *store.Tx) error {
				a, err := tx.AccountByURI(uri)
				acct = a.Acct()
				return err
			})
			return acct
		}
		put("https://there.test/1", false)
		if second := put("https://there.test/users/2?x=1", false); !second.NoHandle || holder() != "https://there.test/1" {
			t.Errorf("one that is not verified takes the handle of %s", holder())
		}
		put("https://there.test/@3", true)
		if holder() != "https://there.test/@3" || acct("https://there.test/1") != "/1@there.test" {
			t.Errorf("%s has it, the first is %s", holder(), acct("https://there.test/1"))
		}
		if got := acct("https://there.test/users/2?x=1"); got != "/users/2?x=1@there.test" {
			t.Errorf("the second is %s", got)
		}
		put("https://there.test/1", false)
		if holder() != "https://there.test/@3" {
			t.Error("it is taken back unverified")
		}
		put("https://there.test/1", true)
		if got := acct("https://there.test/@3"); got != "/%403@there.test" || strings.Count(got, "@") != 1 {
			t.Errorf("an id with an @ is %s", got)
		}
		elsewhere := &store.Account{URI: "https://Social.there.test/ü", Username: "bob", Domain: "brand.test", NoHandle: true, Type: "Person"}
		w.update(func(tx *store.Tx) error { return tx.PutAccount(elsewhere) })
		if got := acct(elsewhere.URI); got != "/%C3%BC@social.there.test" {
			t.Errorf("without its handle it is %s", got)
		}
	})
}

// Our suspension and its server's are kept apart.
func TestSuspensions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		a := w.account("bob", "there.test")
		change := func(fn func(a *store.Account)) *store.Account {
			w.update(func(tx *store.Tx) (err error) {
				if a, err = tx.AccountByURI(a.URI); err != nil {
					return err
				}
				fn(a)
				if err = tx.PutAccount(a); err != nil {
					return err
				}
				a, err = tx.AccountByURI(a.URI)
				return err
			})
			return a
		}
		if a := change(func(a *store.Account) { a.SuspendByOrigin(true) }); a.Active() || a.SuspendedByUs || !a.SuspendedByOrigin {
			t.Errorf("%+v", a)
		}
		if a := change(func(a *store.Account) { a.SuspendedByUs = true }); a.Active() || !a.SuspendedByUs || !a.SuspendedByOrigin {
			t.Errorf("%+v", a)
		}
		if a := change(func(a *store.Account) { a.SuspendByOrigin(false) }); a.Active() || !a.SuspendedByUs || a.SuspendedByOrigin {
			t.Errorf("ours is taken back by its server: %+v", a)
		}
		b := w.account("carol", "there.test")
		b.SuspendByOrigin(true)
		w.update(func(tx *store.Tx) error { return tx.PutAccount(b) })
		b.SuspendByOrigin(false)
		w.update(func(tx *store.Tx) error { return tx.PutAccount(b) })
		if !b.Active() {
			t.Errorf("its server's own is not taken back: %+v", b)
		}
	})
}

// Of two that claim one key id, the account that it is named after has it.
func TestKeyIDs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		const bob = "https://there.test/users/bob"
		for _, key := range []string{bob + "#main-key", bob + "/main-key"} {
			for _, uri := range []string{"https://there.test/a", "https://there.test/users/bo", "https://there.test/1", "https://there.test/2", "https://there.test/3", "https://there.test/4", "https://there.test/5", "https://there.test/6", bob} {
				w.update(func(tx *store.Tx) error {
					return tx.PutAccount(&store.Account{URI: uri, Username: uri[19:], Domain: "there.test", Type: "Person", KeyID: key})
				})
			}
			w.view(func(tx *store.Tx) error {
				list, err := tx.AccountsByKeyID(key)
				if err != nil || len(list) == 0 || list[0].URI != bob {
					t.Errorf("the key %s is of %v %v", key, list, err)
				}
				return nil
			})
		}
	})
}
