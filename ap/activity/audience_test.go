package activity_test

import (
	"slices"
	"strings"
	"testing"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/apptest"
	"kinglet/store"
)

// Whom a post is addressed to, what visibility others read from that, and
// which inboxes it is delivered to, for each visibility.
func TestAudience(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		visibility string
		to, cc     string // P is the public, F the followers, M who is mentioned
		inboxes    string
	}{
		{"public", "P", "F M", "follower mentioned"},
		{"unlisted", "F", "P M", "follower mentioned"},
		{"private", "F", "M", "follower mentioned"},
		{"direct", "M", "", "mentioned"},
	} {
		t.Run(c.visibility, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here := w.Server("a.test")
			alice, there := here.Account("alice"), w.Server("d.test").Account("dora")
			follower, mentioned, neither := w.Stranger("@follower@b.test"), w.Stranger("@mentioned@c.test"), w.Stranger("@neither@e.test")
			follower.Follow(alice)
			alice.Follow("@neither@e.test")
			alice.Find("@mentioned@c.test")
			w.Run()
			st := alice.Post("hi @mentioned@c.test and "+there.Handle, "visibility", c.visibility)
			w.Run()
			got := ""
			for _, s := range []*apptest.Stranger{follower, mentioned, neither} {
				if slices.Contains(s.ReceivedTypes(), "Create") {
					got += s.Name + " "
				}
			}
			if strings.TrimSpace(got) != c.inboxes {
				t.Errorf("it is delivered to %q", got)
			}
			var author, who *store.Account
			here.View(func(tx *store.Tx) (err error) {
				if author, err = tx.Account(alice.ID); err != nil {
					return err
				}
				who, err = tx.AccountByHandle("mentioned", "c.test")
				return err
			})
			v, _ := store.ParseVisibility(c.visibility)
			to, cc := activity.Addressing(author, v, []*store.Account{who})
			named := strings.NewReplacer(vocab.Public, "P", author.FollowersURI, "F", who.URI, "M")
			if a, b := named.Replace(strings.Join(to, " ")), named.Replace(strings.Join(cc, " ")); a != c.to || b != c.cc {
				t.Errorf("it is addressed to %q and %q", a, b)
			}
			// What another Kinglet reads from the addressing is what was meant.
			if read := there.Status(st.URI).Entity["visibility"]; read != c.visibility {
				t.Errorf("it is read as %s", read)
			}
		})
	}
}
