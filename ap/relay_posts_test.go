package ap_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/internal/apptest"
)

// Our public posts go to the relays, with what becomes of them; nothing else does,
// and nothing to one that only receives.
func TestPostsGoToRelays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		q    ap.RelayRequest
		want []string // what it gets
	}{
		{"Mastodon's", ap.RelayRequest{}, []string{"Create", "Update", "Delete"}},
		{"LitePub's", ap.RelayRequest{URL: "https://relay.test/actor"}, []string{"Announce", "Update", "Delete"}},
		{"only received from", ap.RelayRequest{ReceiveOnly: true}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, here, relay := subscribed(t, c.q)
			alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
			for _, v := range []string{"unlisted", "private", "direct"} {
				alice.Delete(alice.Post("not for everybody", "visibility", v))
			}
			note := bob.Note("of another")
			alice.Act("unreblog", alice.Act("reblog", alice.Resolve(note["id"].(string))))
			w.Run()
			if got := relay.ReceivedTypes(); len(got) != 0 {
				t.Errorf("it got %v", got)
			}
			post := alice.Post("Hello")
			w.Run()
			alice.Edit(post, "Hello, relays")
			w.Run()
			alice.Delete(post)
			w.Run()
			if got := relay.ReceivedTypes(); !slices.Equal(got, c.want) {
				t.Fatalf("it got %v, not %v", got, c.want)
			}
			if c.want == nil {
				return
			}
			first := relay.Received()[0]
			switch first["type"] {
			case "Announce":
				if first["object"] != post.URI || first["actor"] != "https://a.test/actor" || fmt.Sprint(first["to"], first["cc"]) != "[https://a.test/actor/followers] ["+apptest.Public+"]" {
					t.Errorf("%v", first)
				}
			case "Create":
				if first["actor"] != alice.URI || first["proof"] == nil {
					t.Errorf("%v", first)
				}
			}
		})
	}
}

// What was deleted before it could be announced is not announced any more.
func TestDeletedIsNotAnnounced(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{URL: "https://relay.test/actor"})
	alice := here.Account("alice")
	relay.Host.Down()
	post := alice.Post("Hello")
	w.Run()
	alice.Delete(post)
	w.Run()
	relay.Host.Up()
	w.Advance(24 * time.Hour)
	if got := relay.ReceivedTypes(); slices.Contains(got, "Announce") {
		t.Errorf("it got %v", got)
	}
}

// What a policy withholds from a relay is not announced to it, and nothing waits
// for one that has not answered for days.
func TestAnnouncesToRelays(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	w.Policy = policy.New(policy.Policy{Name: "test", Delivery: func(d policy.Delivery) policy.Verdict {
		if d.Host == "withheld.test" {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}})
	here := w.Server("a.test")
	alice := here.Account("alice")
	for _, host := range []string{"withheld.test", "down.test", "up.test"} {
		relay := relayAt(w, host)
		addRelay(t, here, ap.RelayRequest{URL: relay.URI})
		relay.Send(here, relay.Activity("Accept", followSent(t, relay)))
		relay.Host.Forget()
	}
	w.Host("down.test").Down()
	alice.Post("one")
	w.Run()
	got := func(host string) int { return len(w.Host(host).Asked("POST", "/inbox")) }
	if got("withheld.test") != 0 || got("up.test") != 1 || here.Jobs("relay") != 1 {
		t.Errorf("withheld %d, up %d, %d wait", got("withheld.test"), got("up.test"), here.Jobs("relay"))
	}
	w.Advance(9 * 24 * time.Hour)
	before := here.Jobs("relay")
	alice.Post("two")
	w.Run()
	if got("up.test") != 2 || here.Jobs("relay") != before {
		t.Errorf("up %d, %d wait, before %d", got("up.test"), here.Jobs("relay"), before)
	}
}

// What waits to be announced to a relay is not announced once it was left.
func TestNothingIsAnnouncedToWhoWasLeft(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{URL: "https://relay.test/actor"})
	here.Account("alice").Post("Hello")
	if _, err := here.Service.RemoveRelay(t.Context(), "https://relay.test/actor"); err != nil {
		t.Fatal(err)
	}
	w.Run()
	if got := relay.ReceivedTypes(); !slices.Equal(got, []string{"Undo"}) {
		t.Errorf("it got %v", got)
	}
}
