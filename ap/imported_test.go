package ap_test

import (
	"testing"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// What is imported is there, under its old ids and times, and nobody is told:
// it is in no feed, notifies nobody, is delivered nowhere and has nothing fetched.
func TestImported(t *testing.T) {
	n := newNetwork(t)
	alice, carol := n.account("alice"), n.account("carol")
	bob := n.actor(victim, "bob")
	n.follower(bob, alice)
	if err := n.Follow(t.Context(), carol.ID, alice.ID, ap.FollowSettings{}); err != nil {
		t.Fatal(err)
	}
	n.deliveries()
	old := n.post(alice, "of here", store.Public)
	n.deliveries()
	const id = own + "/objects/of-2019"
	replay := func(doc string) {
		t.Helper()
		o, err := vocab.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := ap.Process(t.Context(), n.Service, &activity.Activity{Object: o, Origin: activity.Imported, Actor: alice}); err != nil || out.NotWanted != "" {
			t.Fatal(out, err)
		}
	}
	create := `{"type":"Create","actor":"` + alice.URI + `","object":{"type":"Note","id":"` + id + `","attributedTo":"` + alice.URI + `","content":"<p>old @carol</p>",
		"to":["` + vocab.Public + `"],"published":"2019-05-04T03:02:01Z","inReplyTo":"https://` + victim + `/gone",
		"tag":[{"type":"Mention","href":"` + carol.URI + `"},{"type":"Mention","href":"https://` + victim + `/users/nobody"}]}}`
	replay(create)
	replay(create)
	replay(`{"type":"Like","id":"` + own + `/activities/like","actor":"` + alice.URI + `","object":"` + old.URI + `"}`)
	replay(`{"type":"Announce","id":"` + own + `/activities/boost","actor":"` + alice.URI + `","object":"` + old.URI + `","to":["` + vocab.Public + `"]}`)
	o := n.statusOf(id)
	if o == nil || !o.Local || o.PublishedAt.Year() != 2019 || o.Visibility != store.Public || o.Content != "<p>old @carol</p>" {
		t.Fatalf("it is %+v", o)
	}
	if got := n.deliveries(); len(got) != 0 || n.jobs(activity.ThreadJob.Name)+n.jobs(activity.MentionsJob.Name) != 0 {
		t.Errorf("it has us work: %v", got)
	}
	n.view(func(tx *store.Tx) error {
		home, err := tx.HomeTimeline(carol.ID, store.Page{Limit: 20})
		if err != nil {
			return err
		}
		if len(home) != 1 || home[0] != old.ID {
			t.Errorf("the feed of a follower has %v", home)
		}
		told, _, err := tx.Notifications(carol.ID, store.NotificationQuery{}, store.Page{Limit: 20})
		if len(told) != 0 {
			t.Errorf("who it mentions is notified: %+v", told[0])
		}
		if err != nil {
			return err
		}
		st, err := tx.Status(carol.ID, old.ID)
		if err == nil && (st.FavouritesCount != 1 || st.ReblogsCount != 1) {
			t.Errorf("its counts are %d and %d", st.FavouritesCount, st.ReblogsCount)
		}
		return err
	})
}

// A follow that is imported stands, and is answered and notified to nobody.
func TestImportedFollow(t *testing.T) {
	n := newNetwork(t)
	alice, locked := n.account("alice"), n.account("locked")
	bob := n.actor(victim, "bob")
	n.follower(bob, n.account("carol"))
	follower := n.accountOf("https://" + victim + "/users/bob")
	n.update(func(tx *store.Tx) error {
		locked.Locked = true
		return tx.PutAccount(locked)
	})
	n.deliveries()
	for _, target := range []*store.Account{alice, locked} {
		o, err := vocab.Parse([]byte(`{"type":"Follow","id":"` + follower.URI + `#old-` + target.Username + `","actor":"` + follower.URI + `","object":"` + target.URI + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := ap.Process(t.Context(), n.Service, &activity.Activity{Object: o, Origin: activity.Imported, Actor: follower}); err != nil || out.NotWanted != "" {
			t.Fatal(out, err)
		}
		n.view(func(tx *store.Tx) error {
			f, err := tx.Follow(follower.ID, target.ID)
			if err != nil || f.Accepted == target.Locked {
				t.Errorf("%s: the follow is %+v, %v", target.Username, f, err)
			}
			told, _, err := tx.Notifications(target.ID, store.NotificationQuery{}, store.Page{Limit: 20})
			if len(told) != 0 {
				t.Errorf("%s is notified: %+v", target.Username, told[0])
			}
			return err
		})
	}
	if got := n.deliveries(); len(got) != 0 {
		t.Errorf("it has us deliver %v", got)
	}
}
