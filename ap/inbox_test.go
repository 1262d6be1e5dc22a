package ap_test

import (
	"maps"
	"net/http"
	"testing"

	"kinglet/internal/apptest"
)

// What another server sends: the same thing twice, boosts of what is not
// known here, replies that come before their parents, a storm of deletes.
func TestInbox(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("kinglet.test")
	alice, bob, carol := s.Account("alice"), w.Stranger("bob@b.test"), w.Stranger("carol@c.test")
	inbox, shared := alice.URI+"/inbox", s.Config.SharedInboxURI()
	sends := func(who *apptest.Stranger, inbox string, activity apptest.Object) {
		t.Helper()
		if status, body := who.SendTo(s, inbox, activity); status != http.StatusAccepted {
			t.Fatal(status, body)
		}
	}

	follow := bob.Activity("Follow", alice.URI)
	for range 3 {
		sends(bob, inbox, follow)
	}
	w.Run()
	if accept := bob.Received()[0]; accept["type"] != "Accept" || accept["object"].(apptest.Object)["id"] != follow["id"] {
		t.Errorf("the follow is answered with %v", accept)
	}
	if n := alice.Do("GET", "/api/v1/accounts/verify_credentials")["followers_count"]; n != 1.0 {
		t.Errorf("%v followers of one who followed three times", n)
	}

	alice.Follow("@bob@b.test")
	w.Run()
	received := bob.Received()
	asked := received[len(received)-1]
	if asked["type"] != "Follow" {
		t.Fatalf("bob is asked with %v", asked)
	}
	sends(bob, inbox, bob.Activity("Accept", asked))

	// A boost of a post of a third server, which has to be fetched there.
	original := carol.Note("", "content", "carol's words <script>alert(1)</script>")
	forged := maps.Clone(original)
	forged["content"] = "words in carol's mouth"
	sends(bob, shared, bob.Activity("Announce", forged, "to", []string{apptest.Public}))
	w.Run()
	found := false
	for _, st := range alice.Home() {
		if b, ok := st.Entity["reblog"].(apptest.Object); ok {
			found = true
			if b["content"] != "carol&#39;s words " {
				t.Errorf("it says %v", b["content"])
			}
		}
	}
	if !found {
		t.Error("the boost is not there")
	}

	// A reply whose parents are fetched, two of them.
	root := carol.Note("", "content", "the root")
	middle := carol.Note("", "content", "the middle", "inReplyTo", root["id"])
	leaf := bob.Note("", "content", "the leaf", "inReplyTo", middle["id"], "to", []string{apptest.Public, alice.URI}, "tag", []apptest.Object{apptest.Mention(alice)})
	sends(bob, shared, bob.Activity("Create", leaf))
	w.Run()
	mentions := alice.List("/api/v1/notifications", "types[]", "mention")
	if len(mentions) != 1 {
		t.Fatalf("%d mentions", len(mentions))
	}
	var context struct{ Ancestors []apptest.Object }
	alice.Into(&context, http.MethodGet, "/api/v1/statuses/"+mentions[0]["status"].(apptest.Object)["id"].(string)+"/context")
	if len(context.Ancestors) != 2 || context.Ancestors[0]["content"] != "the root" {
		t.Errorf("the thread is %v", context.Ancestors)
	}

	// Deletes of what was never here are answered without a look at the key.
	stranger := w.Stranger("stranger@b.test")
	stranger.Host.Remove(stranger.URI)
	sends(stranger, shared, stranger.Activity("Delete", stranger.URI))
	w.Run()
	if n := len(stranger.Host.Asked(http.MethodGet, "/users/stranger")); n > 0 {
		t.Errorf("its key was asked for %d times", n)
	}

	// Nobody here follows carol: her posts to the shared inbox are not kept.
	sends(carol, shared, carol.Activity("Create", carol.Note("", "content", "unasked")))
	w.Run()
	for _, st := range alice.Timeline("/api/v1/timelines/public") {
		if st.Text() == "unasked" {
			t.Error("what nobody asked for is kept")
		}
	}

	// Bob's end.
	if len(alice.Notifications()) == 0 {
		t.Error("of bob, who is here yet, there is no notification")
	}
	sends(bob, shared, bob.Activity("Delete", bob.URI))
	if l := alice.Notifications(); len(l) != 0 {
		t.Errorf("there are still %d notifications of one who is gone", len(l))
	}
}
