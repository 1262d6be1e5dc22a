package ap_test

import (
	"fmt"
	"testing"

	"kinglet/store"
	"kinglet/store/engine"
)

// Thousands of followers on hundreds of hosts are read once, and again only when
// one was added or has left.
func TestDigestsAreReadOnce(t *testing.T) {
	h := newHouse(t)
	alice := h.account("alice")
	const followers, hosts = 2000, 200
	uri := func(i int) string { return fmt.Sprintf("https://h%d.test/users/%d", i%hosts, i) }
	follow := func(tx *store.Tx, i int) error {
		a := &store.Account{URI: uri(i), Username: fmt.Sprint("u", i), Domain: fmt.Sprintf("h%d.test", i%hosts), Type: "Person", Inbox: uri(i) + "/inbox", KeyID: uri(i) + "#k"}
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if _, err := tx.PutFollow(&store.Follow{AccountID: a.ID, TargetID: alice.ID, URI: uri(i) + "/follow"}); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(a.ID, alice.ID)
		return err
	}
	if err := h.Store.Update(t.Context(), func(tx *store.Tx) error {
		for i := range followers {
			if err := follow(tx, i); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	statements := 0
	ctx := engine.WithTrace(t.Context(), func(string, []any) { statements++ })
	all := func(want, followers int) {
		t.Helper()
		version, err := store.Read(t.Context(), h.Store, func(tx *store.Tx) (int64, error) { return tx.FollowersVersion(alice.ID) })
		if err != nil {
			t.Fatal(err)
		}
		statements = 0
		for host := range hosts {
			var there []string
			for i := host; i < followers; i += hosts {
				there = append(there, uri(i))
			}
			got, err := h.FollowersDigestAt(ctx, alice.ID, version, fmt.Sprintf("https://h%d.test/inbox", host))
			if err != nil || got != digestOf(there...) {
				t.Fatalf("the digest of h%d.test is %s, %v", host, got, err)
			}
		}
		if statements != want {
			t.Errorf("%d statements, want %d", statements, want)
		}
	}
	all(2, followers)
	all(0, followers)
	if err := h.Store.Update(t.Context(), func(tx *store.Tx) error { return follow(tx, followers) }); err != nil {
		t.Fatal(err)
	}
	all(2, followers+1)
}
