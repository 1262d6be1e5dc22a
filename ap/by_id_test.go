package ap_test

import (
	"strings"
	"testing"

	"kinglet/ap/activity"
	"kinglet/store"
)

// with changes a document.
func with(doc object, changes ...any) object {
	for i := 0; i < len(changes); i += 2 {
		doc[changes[i].(string)] = changes[i+1]
	}
	return doc
}

// A Create that only names an id has us fetch when someone here wants it, and
// only what can be its actor's own.
func TestCreateByID(t *testing.T) {
	n := newNetwork(t)
	alice, blocker := n.account("alice"), n.account("blocker")
	stranger, third := n.actor(victim, "stranger"), n.actor("third.example.com", "third")
	inbox, shared := own+"/users/alice/inbox", own+"/inbox"
	post := func(by *remote, id, text string, mentions ...string) object {
		note := by.note(id, text, mentions...)
		n.document(note["id"].(string), note)
		return note
	}
	create := func(by *remote, note object, to ...string) object {
		a := by.activity("Create", "c-"+note["id"].(string)[strings.LastIndex(note["id"].(string), "/")+1:], note["id"])
		if len(to) > 0 {
			a["to"] = to
		}
		return a
	}
	check := func(t *testing.T, note object, fetched int, stored bool) {
		t.Helper()
		n.work()
		id := note["id"].(string)
		if got := n.fetches(id); got != fetched {
			t.Errorf("%s is fetched %d times, not %d", id, got, fetched)
		}
		if got := n.statusOf(id) != nil; got != stored {
			t.Errorf("%s stored: %v", id, got)
		}
	}

	t.Run("a stranger's, to the shared inbox", func(t *testing.T) {
		note := post(stranger, "1", "unasked")
		stranger.sends(202, shared, create(stranger, note))
		check(t, note, 0, false)
	})
	t.Run("a stranger's, to somebody's own inbox", func(t *testing.T) {
		note := post(stranger, "2", "unasked")
		stranger.sends(202, inbox, create(stranger, note))
		check(t, note, 0, false)
	})
	t.Run("of a third party", func(t *testing.T) {
		note := post(third, "3", "not the sender's", alice.URI)
		stranger.sends(403, inbox, create(stranger, note, alice.URI))
		check(t, note, 0, false)
	})
	t.Run("of a neighbour", func(t *testing.T) {
		neighbour := n.actor(victim, "neighbour")
		note := post(neighbour, "4", "not the sender's", alice.URI)
		stranger.sends(202, inbox, create(stranger, note, alice.URI))
		check(t, note, 1, false)
	})
	t.Run("a stranger's that mentions", func(t *testing.T) {
		note := post(stranger, "5", "hello", alice.URI)
		stranger.sends(202, inbox, create(stranger, note, alice.URI))
		check(t, note, 1, true)
	})
	t.Run("a stranger's that only says so", func(t *testing.T) {
		note := post(stranger, "6", "hello")
		doc := create(stranger, note, "https://OWN.example.com/users/alice")
		stranger.sends(202, inbox, doc)
		check(t, note, 1, true) // the activity's own addressing counts as the note's
	})
	t.Run("to one who blocks", func(t *testing.T) {
		n.update(func(tx *store.Tx) error {
			_, err := tx.PutBlock(blocker.ID, n.idOf(tx, stranger.uri), own+"/activities/block")
			return err
		})
		note := post(stranger, "7", "hello", blocker.URI)
		stranger.sends(202, own+"/users/blocker/inbox", create(stranger, note, blocker.URI))
		check(t, note, 0, false)
		whole := stranger.note("8", "hello", blocker.URI)
		stranger.sends(202, own+"/users/blocker/inbox", stranger.activity("Create", "8", whole))
		check(t, whole, 0, false)
	})
	t.Run("of one who is followed", func(t *testing.T) {
		n.follows(alice, third)
		note := post(third, "9", "to my followers")
		third.sends(202, shared, create(third, note))
		check(t, note, 1, true)
		n.view(func(tx *store.Tx) error {
			ids, err := tx.HomeTimeline(alice.ID, store.Page{Limit: 20})
			if err != nil || len(ids) != 1 || ids[0] != n.statusOf(note["id"].(string)).ID {
				t.Errorf("the home feed has %v %v", ids, err)
			}
			return nil
		})
	})
	t.Run("that leads elsewhere", func(t *testing.T) {
		note := post(third, "10", "another")
		third.sends(202, shared, third.activity("Create", "10", through(third.host, note["id"].(string))))
		n.work()
		if n.statusOf(note["id"].(string)) != nil {
			t.Error("it is taken")
		}
	})
	t.Run("an Announce to somebody's own inbox", func(t *testing.T) {
		note := post(third, "11", "boosted by a stranger")
		stranger.sends(202, inbox, stranger.activity("Announce", "11", note["id"]))
		check(t, note, 0, false)
	})
	if n.jobs(activity.IngestJob.Name) != 0 {
		t.Error("jobs are left")
	}
}

func (n *network) idOf(tx *store.Tx, uri string) store.AccountID {
	a, err := tx.AccountByURI(uri)
	if err != nil {
		n.Fatal(err)
	}
	return a.ID
}

// An Update that only names the id of a known post has it fetched; one of what
// nobody here wants, or of what is another's, has not.
func TestUpdateByID(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, neighbour := n.actor(victim, "bob"), n.actor(victim, "neighbour")
	note := bob.note("1", "first", alice.URI)
	id := note["id"].(string)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note))
	if n.statusOf(id) == nil {
		t.Fatal("the post is not taken")
	}
	n.document(id, with(note, "content", "second"))

	neighbour.sends(403, own+"/inbox", neighbour.activity("Update", "1", id))
	n.work()
	if n.fetches(id) != 0 || n.statusOf(id).Content != "first" {
		t.Error("a neighbour's Update is heeded")
	}
	bob.sends(202, own+"/inbox", bob.activity("Update", "1", id))
	n.work()
	if st := n.statusOf(id); st.Content != "second" || n.fetches(id) != 1 {
		t.Errorf("it says %q after %d fetches", st.Content, n.fetches(id))
	}
	unknown := bob.note("2", "unknown")
	n.document(unknown["id"].(string), unknown)
	bob.sends(202, own+"/users/alice/inbox", bob.activity("Update", "2", unknown["id"]))
	n.work()
	if n.fetches(unknown["id"].(string)) != 0 || n.statusOf(unknown["id"].(string)) != nil {
		t.Error("an Update of what nobody wants is fetched")
	}
	bob.sends(403, own+"/inbox", bob.activity("Update", "3", "https://third.example.com/notes/1"))
	bob.sends(403, own+"/inbox", bob.activity("Update", "4", nil))
	// What was deleted does not come back.
	bob.sends(202, own+"/inbox", bob.activity("Delete", "5", id))
	bob.sends(202, own+"/inbox", bob.activity("Update", "6", id))
	n.work()
	if n.fetches(id) != 1 || n.statusOf(id).DeletedAt.IsZero() {
		t.Error("an Update of what was deleted is heeded")
	}
}

// What is put off has the name of who sent it: a stranger's message of the same
// id does not make another's vanish, and nobody sends ids of another's host.
func TestPostponedActivities(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	bob, mallory := n.actor(victim, "bob"), n.actor(victim, "mallory") // of one host, where ids of one may be claimed by the other
	far := n.actor("far.example.com", "far")
	n.follows(alice, bob)
	n.follows(alice, mallory)
	boosted, other := far.note("1", "genuine"), far.note("2", "forged")
	n.document(boosted["id"].(string), boosted)
	n.document(other["id"].(string), other)

	far.sends(403, own+"/inbox", with(far.activity("Announce", "x", boosted["id"]), "id", bob.activity("Announce", "a", nil)["id"]))
	far.sends(403, own+"/inbox", with(far.activity("Announce", "x", boosted["id"]), "id", own+"/activities/x"))
	far.sends(403, own+"/inbox", with(far.activity("Create", "x", far.note("3", "x", alice.URI)), "id", bob.activity("Create", "a", nil)["id"]))
	mallory.sends(202, own+"/inbox", mallory.activity("Announce", "a", other["id"]))
	bob.sends(202, own+"/inbox", bob.activity("Announce", "a", boosted["id"]))
	bob.sends(202, own+"/inbox", bob.activity("Announce", "a", boosted["id"]))
	if jobs := n.jobs(activity.IngestJob.Name); jobs != 2 {
		t.Errorf("%d jobs for the two of them", jobs)
	}
	n.work()
	if n.statusOf(boosted["id"].(string)) == nil {
		t.Error("the genuine one vanished")
	}
}

// What was put off is judged as things are when it is done.
func TestPostponedIsJudgedAgain(t *testing.T) {
	for name, change := range map[string]func(n *network, tx *store.Tx, alice, bob *store.Account) error{
		"suspended": func(_ *network, tx *store.Tx, _, bob *store.Account) error {
			bob.SuspendedByUs = true
			return tx.PutAccount(bob)
		},
		"suspended by its server": func(_ *network, tx *store.Tx, _, bob *store.Account) error {
			bob.SuspendByOrigin(true)
			return tx.PutAccount(bob)
		},
		"blocked": func(_ *network, tx *store.Tx, alice, bob *store.Account) error {
			_, err := tx.PutBlock(alice.ID, bob.ID, own+"/activities/b")
			return err
		},
		"deleted": func(_ *network, tx *store.Tx, _, bob *store.Account) error { return tx.DeleteAccount(bob.ID) },
		"nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			alice := n.account("alice")
			bob := n.actor(victim, "bob")
			n.follows(alice, bob)
			note := bob.note("1", "put off", alice.URI)
			n.document(note["id"].(string), note)
			bob.sends(202, own+"/inbox", bob.activity("Create", "1", note["id"]))
			if change != nil {
				n.update(func(tx *store.Tx) error { return change(n, tx, alice, n.accountOf(bob.uri)) })
			}
			n.work()
			if stored := n.statusOf(note["id"].(string)) != nil; stored != (change == nil) {
				t.Errorf("stored: %v", stored)
			}
			if change != nil && n.fetches(note["id"].(string)) != 0 {
				t.Error("it is fetched for nothing")
			}
		})
	}
	// Between the fetch and the transaction, too.
	n := newNetwork(t)
	alice := n.account("alice")
	bob := n.actor(victim, "bob")
	n.follows(alice, bob)
	note := bob.note("1", "put off", alice.URI)
	n.suspendWhenAsked(note, bob)
	bob.sends(202, own+"/inbox", bob.activity("Create", "1", note["id"]))
	n.work()
	if n.fetches(note["id"].(string)) != 1 || n.statusOf(note["id"].(string)) != nil {
		t.Errorf("after %d fetches, of one who was suspended meanwhile, it is stored", n.fetches(note["id"].(string)))
	}
}
