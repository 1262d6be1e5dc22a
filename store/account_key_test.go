package store_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// An account's further keys are found by their ids, replaced as a whole, and
// bounded; one that is only named keeps what is known of it.
func TestAccountKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			a := &store.Account{URI: "https://b.test/bob", Username: "bob", Domain: "b.test", KeyID: "https://b.test/bob#main", PublicKey: "MAIN"}
			other := &store.Account{URI: "https://b.test/eve", Username: "eve", Domain: "b.test", KeyID: "https://b.test/bob#ed", PublicKey: "EVE"}
			for _, x := range []*store.Account{a, other} {
				if err := tx.PutAccount(x); err != nil {
					return err
				}
			}
			found := func(id string) (out string) {
				list, err := tx.AccountsByKeyID(id)
				if err != nil {
					t.Error(err)
				}
				for _, o := range list {
					out += fmt.Sprintf("%s %s %v,", o.Username, o.Key, o.Assertion)
				}
				return out
			}
			put := func(keys ...store.AccountKey) {
				if err := tx.PutAccountKeys(a.ID, keys); err != nil {
					t.Error(err)
				}
			}
			ed := store.AccountKey{ID: "https://b.test/bob#ed", PublicKey: "ED", Assertion: true}
			put(ed, store.AccountKey{ID: "https://b.test/bob#2", PublicKey: "TWO"}, ed)
			for id, want := range map[string]string{
				"https://b.test/bob#main": "bob MAIN false,", "https://b.test/bob#ed": "bob ED true,eve EVE false,", "https://b.test/bob#2": "bob TWO false,", "https://b.test/none": "",
			} {
				if got := found(id); got != want {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
			put(store.AccountKey{ID: "https://b.test/bob#2"}, store.AccountKey{ID: "https://b.test/bob#3"})
			if got := found("https://b.test/bob#2") + found("https://b.test/bob#3") + found("https://b.test/bob#ed"); got != "bob TWO false,eve EVE false," {
				t.Errorf("after they are replaced: %q", got)
			}
			var many []store.AccountKey
			for i := range 30 {
				many = append(many, store.AccountKey{ID: fmt.Sprint("https://b.test/bob#", i), PublicKey: "P"})
			}
			put(many...)
			if list, err := tx.AccountKeys(a.ID); err != nil || len(list) != store.MaxAccountKeys {
				t.Errorf("%d keys, %v", len(list), err)
			}
			put()
			if list, err := tx.AccountKeys(a.ID); err != nil || len(list) != 0 {
				t.Errorf("%d keys, %v", len(list), err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// What is known of hosts is replaced and forgotten, on both engines.
func TestSignatureHosts(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		list := func() (out string) {
			t.Helper()
			hosts, err := store.Read(t.Context(), s, (*store.Tx).SignatureHosts)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hosts {
				out += fmt.Sprintf("%s %v %v %v,", h.Host, h.Message, h.Told, h.Until.Sub(clock.Now()))
			}
			return out
		}
		do := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := s.Update(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		put := func(host string, message, told bool, d time.Duration) {
			t.Helper()
			do(func(tx *store.Tx) error {
				return tx.PutSignatureHost(store.SignatureHost{Host: host, Message: message, Told: told, Until: clock.Now().Add(d)})
			})
		}
		put("b.test", true, false, time.Hour)
		put("c.test", true, true, time.Minute)
		put("b.test", false, true, 2*time.Hour)
		if got := list(); got != "b.test false true 2h0m0s,c.test true true 1m0s," {
			t.Error(got)
		}
		clock.Advance(time.Minute)
		if got := list(); got != "b.test false true 1h59m0s," {
			t.Error(got)
		}
		do(func(tx *store.Tx) error {
			return tx.PutSignatureHost(store.SignatureHost{Host: "b.test", Posts: true, Message: true, Until: clock.Now().Add(time.Hour)})
		})
		if got := list(); got != "b.test false true 1h59m0s,b.test true false 1h0m0s," {
			t.Error(got)
		}
		do(func(tx *store.Tx) error { return tx.ForgetSignatureHost("b.test", true) })
		if got := list(); got != "b.test false true 1h59m0s," {
			t.Error(got)
		}
		do(func(tx *store.Tx) error { return tx.ForgetSignatureHost("b.test", false) })
		if got := list(); got != "" {
			t.Error(got)
		}
	})
}

// What is known of hosts' software is bounded: what would be asked again first
// makes room.
func TestNodeInfos(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		if err := s.Update(t.Context(), func(tx *store.Tx) error {
			for i := range store.MaxNodeInfos + 2 {
				if err := tx.PutNodeInfo(store.NodeInfo{Host: fmt.Sprint("h", i), Reacts: true, Until: clock.Now().Add(time.Duration(i+1) * time.Minute)}); err != nil {
					return err
				}
			}
			return tx.PutNodeInfo(store.NodeInfo{Host: "h5", Until: clock.Now().Add(time.Hour)})
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx *store.Tx) error {
			for host, want := range map[string]string{"h0": "false false", "h1": "false false", "h2": "true true", "h5": "true false", "none": "false false"} {
				n, ok, err := tx.NodeInfo(host)
				if got := fmt.Sprint(ok, " ", n.Reacts); err != nil || got != want {
					t.Errorf("%s: %s, not %s; %v", host, got, want, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
