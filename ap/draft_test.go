package ap_test

import (
	"encoding/json"
	"slices"
	"testing"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/store"
)

// An edit begins with what the post was made from, and its author is shown what
// was typed. Neither is read from the document, which nobody parses again.
func TestEditBeginsWithItsDraft(t *testing.T) {
	for name, since := range map[string]func(n *network, post *store.Object){
		"its document is nothing to parse": func(n *network, post *store.Object) {
			n.update(func(tx *store.Tx) error { return tx.SetDocument(post.ID, []byte("nothing to parse")) })
		},
		// The columns are filled from the documents by the migration.
		"it is from before there were drafts": func(n *network, _ *store.Object) {
			n.migrateAgain(13)
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			alice, bob, carol := n.account("alice"), n.actor(victim, "bob"), n.actor("other.example.com", "carol")
			n.follower(carol, alice)
			n.document(bob.uri, bob.doc)
			const text = "*one* @bob@" + victim + " <b>"
			post := n.post(alice, text, store.Private)
			since(n, post)
			if typed, _, err := n.PostSource(t.Context(), alice.ID, post.ID); err != nil || typed != text {
				t.Errorf("its source is %q: %v", typed, err)
			}
			if err := n.EditPost(t.Context(), alice.ID, post.ID, ap.EditRequest{Text: "two @carol@other.example.com"}); err != nil {
				t.Fatal(err)
			}
			if typed, _, err := n.PostSource(t.Context(), alice.ID, post.ID); err != nil || typed != "two @carol@other.example.com" {
				t.Errorf("after the edit its source is %q: %v", typed, err)
			}
			var update struct {
				Object struct{ To, Cc []string }
			}
			if err := json.Unmarshal(n.rawDeliveries()["Update to "+carol.uri+"/inbox"], &update); err != nil {
				t.Fatal(err)
			}
			// Who was mentioned before is still addressed, and who is now is as well.
			if !slices.Equal(update.Object.To, []string{alice.FollowersURI}) || !slices.Equal(update.Object.Cc, []string{bob.uri, carol.uri}) {
				t.Errorf("it is addressed to %v, copies to %v", update.Object.To, update.Object.Cc)
			}
		})
	}
}

// The source of a post is what the policies made of it, as its text is.
func TestPolicyRewritesSources(t *testing.T) {
	n := newNetwork(t, politeness())
	alice := n.account("alice")
	post := n.post(alice, "damn it", store.Public)
	if typed, _, err := n.PostSource(t.Context(), alice.ID, post.ID); err != nil || typed != "d*** it" {
		t.Errorf("its source is %q: %v", typed, err)
	}
}

// The answer to a Follow is found by the Follow's id in its row: the same
// Follow gets the same answer again, of which the document is not parsed.
func TestAnswerIsFoundByItsFollow(t *testing.T) {
	n := newNetwork(t)
	alice, bob := n.account("alice"), n.actor(victim, "bob")
	answer := func() (o *store.Object) {
		n.view(func(tx *store.Tx) (err error) {
			o, err = tx.ActivityOn(alice.ID, "Accept", bob.uri)
			return err
		})
		return o
	}
	n.follower(bob, alice)
	first := answer()
	n.update(func(tx *store.Tx) error { return tx.SetDocument(first.ID, []byte("nothing to parse")) })
	n.follower(bob, alice)
	if again := answer(); again.ID != first.ID {
		t.Error("the same Follow has another answer")
	}
	bob.sends(202, own+"/inbox", bob.activity("Follow", "another", alice.URI))
	if another := answer(); another.ID == first.ID {
		t.Error("another Follow has the same answer")
	}
	if n.jobs(activity.DeliverJob.Name) != 1 {
		t.Errorf("%d answers are delivered", n.jobs(activity.DeliverJob.Name))
	}
}

// Who is not mentioned any more after an edit is not shown as mentioned, and a
// hashtag that is gone does not list the post.
func TestEditDropsMentions(t *testing.T) {
	n := newNetwork(t)
	alice, bob := n.account("alice"), n.account("bob")
	post := n.post(alice, "@bob #one", store.Public)
	counts := func() (mentioned, tagged int) {
		n.view(func(tx *store.Tx) error {
			list, err := tx.MentionedLocally(post.ID)
			if err != nil {
				return err
			}
			if mentioned = len(list); mentioned > 0 && !list[bob.ID] {
				t.Errorf("mentioned are %v", list)
			}
			tags, err := tx.SearchTags("one", 2)
			tagged = len(tags)
			return err
		})
		return mentioned, tagged
	}
	if mentioned, tagged := counts(); mentioned != 1 || tagged != 1 {
		t.Errorf("%d mentioned, %d hashtags", mentioned, tagged)
	}
	if err := n.EditPost(t.Context(), alice.ID, post.ID, ap.EditRequest{Text: "two"}); err != nil {
		t.Fatal(err)
	}
	if mentioned, tagged := counts(); mentioned != 0 || tagged != 0 {
		t.Errorf("after the edit %d mentioned, %d hashtags", mentioned, tagged)
	}
}

// A post of before there were drafts whose document could not be read is edited
// for those who may see it.
func TestEditWithoutDraft(t *testing.T) {
	n := newNetwork(t)
	alice, bob := n.account("alice"), n.actor(victim, "bob")
	n.follower(bob, alice)
	post := n.post(alice, "one", store.Private)
	post.Draft = store.Draft{}
	n.update(func(tx *store.Tx) error { return tx.UpdateStatus(post) })
	if err := n.EditPost(t.Context(), alice.ID, post.ID, ap.EditRequest{Text: "two"}); err != nil {
		t.Fatal(err)
	}
	var update struct {
		Object struct{ To, Cc []string }
	}
	if err := json.Unmarshal(n.rawDeliveries()["Update to "+bob.uri+"/inbox"], &update); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(update.Object.To, []string{alice.FollowersURI}) || len(update.Object.Cc) != 0 {
		t.Errorf("it is addressed to %v, copies to %v", update.Object.To, update.Object.Cc)
	}
}
