package ap_test

import (
	"testing"

	"kinglet/store"
)

// A boost goes once to a server where its author's followers and the boosted
// are, by the shared inbox; and so does its Undo.
func TestBoostIsDeliveredOnce(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, carol := n.actor(victim, "bob"), n.actor(victim, "carol")
	inbox := "https://" + victim + "/inbox"
	for _, a := range []*remote{bob, carol} {
		n.document(a.uri, with(a.doc, "endpoints", object{"sharedInbox": inbox}))
		n.resolve(a.uri)
		a.sends(202, own+"/inbox", a.activity("Follow", a.uri[len(a.uri)-3:], alice.URI))
	}
	note := bob.note("1", "boosted", alice.URI)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	n.work()
	status := n.statusOf(note["id"].(string))
	n.deliveries()

	if _, err := n.Boost(t.Context(), alice.ID, status.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	if got := n.deliveries(); len(got) != 1 || got["Announce to "+inbox] == nil {
		t.Errorf("delivered: %v", got)
	}
	if err := n.Unboost(t.Context(), alice.ID, status.ID); err != nil {
		t.Fatal(err)
	}
	if got := n.deliveries(); len(got) != 1 || got["Undo to "+inbox] == nil {
		t.Errorf("delivered: %v", got)
	}
}
