package ap_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// suspendWhenAsked serves a document and suspends an account as it does.
func (n *network) suspendWhenAsked(doc object, who *remote) {
	b, err := json.Marshal(doc)
	if err != nil {
		n.Fatal(err)
	}
	n.page(doc["id"].(string), func(w http.ResponseWriter, _ *http.Request) {
		n.update(func(tx *store.Tx) error {
			a, err := tx.AccountByURI(who.uri)
			if err != nil {
				return err
			}
			a.SuspendedByUs = true
			return tx.PutAccount(a)
		})
		w.Header().Set("Content-Type", vocab.ContentType)
		_, _ = w.Write(b)
	})
}

// An account that its own server suspended comes back when that server says so,
// by an Update or when it is fetched; one that we suspended does not.
func TestSuspension(t *testing.T) {
	says := func(bob *remote, suspended bool) {
		bob.document(bob.uri, with(bob.doc, "suspended", suspended))
	}
	start := func(t *testing.T) (*network, *remote) {
		n := newNetwork(t)
		n.account("alice")
		bob := n.actor(victim, "bob")
		says(bob, true)
		if _, err := ap.ResolveActor(t.Context(), n.Service, bob.uri); err == nil {
			t.Log("it is given though it is suspended")
		}
		if a := n.accountOf(bob.uri); a == nil || a.Active() || !a.SuspendedByOrigin || a.SuspendedByUs {
			t.Fatalf("first seen it is %+v", a)
		}
		return n, bob
	}
	post := func(n *network, bob *remote) object {
		return bob.activity("Create", "1", bob.note("1", "hello", n.local["alice"].URI))
	}
	t.Run("recovers by an Update that embeds it", func(t *testing.T) {
		n, bob := start(t)
		bob.sends(403, own+"/inbox", post(n, bob))
		says(bob, false)
		bob.sends(202, own+"/inbox", bob.activity("Update", "1", bob.doc))
		bob.sends(202, own+"/inbox", post(n, bob))
	})
	t.Run("recovers by an Update by id", func(t *testing.T) {
		n, bob := start(t)
		says(bob, false)
		bob.sends(202, own+"/inbox", bob.activity("Update", "1", bob.uri))
		n.work()
		bob.sends(202, own+"/inbox", post(n, bob))
	})
	t.Run("recovers by a fetch, an hour later", func(t *testing.T) {
		n, bob := start(t)
		says(bob, false)
		bob.sends(403, own+"/inbox", post(n, bob))
		n.clock.Advance(time.Hour)
		bob.sends(503, own+"/inbox", post(n, bob))
		n.work()
		bob.sends(202, own+"/inbox", post(n, bob))
	})
	t.Run("recovers when somebody asks for it", func(t *testing.T) {
		n, bob := start(t)
		n.clock.Advance(time.Hour)
		if n.named("bob@"+victim) != "" {
			t.Error("it is found while it is suspended")
		}
		says(bob, false)
		n.clock.Advance(time.Hour)
		if n.named("bob@"+victim) != bob.uri {
			t.Error("it is not found")
		}
		says(bob, true)
		bob.sends(202, own+"/inbox", bob.activity("Update", "1", bob.doc))
		says(bob, false)
		n.clock.Advance(time.Hour)
		if _, err := ap.ResolveActor(t.Context(), n.Service, bob.uri); err != nil {
			t.Error(err)
		}
	})
	t.Run("is suspended by an Update", func(t *testing.T) {
		n, bob := start(t)
		says(bob, false)
		bob.sends(202, own+"/inbox", bob.activity("Update", "1", bob.doc))
		says(bob, true)
		bob.sends(202, own+"/inbox", bob.activity("Update", "2", bob.doc))
		bob.sends(403, own+"/inbox", post(n, bob))
	})
	t.Run("may take back what it did", func(t *testing.T) {
		n, bob := start(t)
		says(bob, false)
		bob.sends(202, own+"/inbox", bob.activity("Update", "1", bob.doc))
		create := post(n, bob)
		bob.sends(202, own+"/inbox", create)
		says(bob, true)
		bob.sends(202, own+"/inbox", bob.activity("Update", "2", bob.doc))
		id := create["object"].(object)["id"].(string)
		bob.sends(202, own+"/inbox", bob.activity("Delete", "3", id))
		if n.statusOf(id).DeletedAt.IsZero() {
			t.Error("its post is not deleted")
		}
	})
	t.Run("of ours stays", func(t *testing.T) {
		n, bob := start(t)
		n.update(func(tx *store.Tx) error {
			a, err := tx.AccountByURI(bob.uri)
			if err != nil {
				return err
			}
			a.SuspendedByUs = true
			return tx.PutAccount(a)
		})
		says(bob, false)
		bob.sends(403, own+"/inbox", bob.activity("Update", "1", bob.doc))
		n.clock.Advance(2 * time.Hour)
		bob.sends(403, own+"/inbox", post(n, bob))
		if _, err := n.ResolveURL(t.Context(), bob.uri); err != nil {
			t.Log(err)
		}
		n.work()
		if a := n.accountOf(bob.uri); a.Active() || !a.SuspendedByUs || a.SuspendedByOrigin {
			t.Errorf("after its server took its own back it is %+v", a)
		}
		bob.sends(403, own+"/inbox", post(n, bob))
	})
}
