package ap_test

import (
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
)

// Servers that take no Block (snac2, most small ones) learn from an Undo and a
// Reject that the follows both ways have ended, as they do from Mastodon.
func TestBlockEndsFollowsElsewhere(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.resolve(bob.uri)
	bob.sends(202, own+"/inbox", bob.activity("Follow", "1", alice.URI))
	n.follows(alice, bob)
	n.deliveries()

	if err := n.Block(t.Context(), alice.ID, n.accountOf(bob.uri).ID); err != nil {
		t.Fatal(err)
	}
	got, to := n.deliveries(), " to "+bob.uri+"/inbox"
	if len(got) != 3 || got["Block"+to] == nil {
		t.Fatalf("delivered: %v", got)
	}
	for typ, want := range map[string]object{
		"Undo":   {"type": "Follow", "actor": alice.URI, "object": bob.uri, "id": alice.URI + "/follows/" + n.accountOf(bob.uri).ID.String()},
		"Reject": {"type": "Follow", "actor": bob.uri, "object": alice.URI, "id": bob.activity("", "1", nil)["id"]},
	} {
		follow, _ := got[typ+to]["object"].(object)
		for k, v := range want {
			if got[typ+to]["actor"] != alice.URI || follow[k] != v {
				t.Errorf("%s: %v, want its object's %s to be %v", typ, got[typ+to], k, v)
			}
		}
	}

	// Where nobody follows it is a Block alone; blocked already, nothing.
	carol := n.actor(victim, "carol")
	n.resolve(carol.uri)
	for want := 1; want >= 0; want-- {
		if err := n.Block(t.Context(), alice.ID, n.accountOf(carol.uri).ID); err != nil {
			t.Fatal(err)
		}
		if got := n.deliveries(); len(got) != want {
			t.Errorf("delivered: %v", got)
		}
	}
	n.view(func(tx *store.Tx) error {
		for _, pair := range [][2]store.AccountID{{alice.ID, n.accountOf(bob.uri).ID}, {n.accountOf(bob.uri).ID, alice.ID}} {
			if _, err := tx.Follow(pair[0], pair[1]); !fault.Is(err, fault.NotFound) {
				t.Errorf("a follow stands: %v", err)
			}
		}
		return nil
	})
}
