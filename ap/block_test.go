package ap_test

import (
	"encoding/json"
	"testing"
	"time"

	"kinglet/ap/activity"
	"kinglet/store"
)

// deliveries takes the jobs and gives the activities that they would deliver.
func (n *network) deliveries() map[string]object {
	n.Helper()
	got := map[string]object{}
	n.update(func(tx *store.Tx) error {
		due, _, err := tx.ClaimJobs("test", nil, func(string) int { return 100 }, 100, time.Hour)
		if err != nil {
			return err
		}
		for _, j := range due {
			if j.Kind != activity.JobDeliver {
				continue
			}
			var args activity.DeliverArgs
			if err := json.Unmarshal(j.Args, &args); err != nil {
				return err
			}
			o, err := tx.Object(args.Activity)
			if err != nil {
				return err
			}
			doc, err := n.Document(tx, o)
			if err != nil {
				return err
			}
			var v object
			if err := json.Unmarshal(doc, &v); err != nil {
				return err
			}
			got[v["type"].(string)+" to "+args.Inbox] = v
			if err := tx.FinishJob(j.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return got
}

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
			if _, err := tx.Follow(pair[0], pair[1]); !store.Is(err, store.NotFound) {
				t.Errorf("a follow stands: %v", err)
			}
		}
		return nil
	})
}
