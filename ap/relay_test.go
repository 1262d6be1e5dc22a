package ap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
)

// relayAt is a relay as most are: its actor is /actor, its inbox /inbox.
func relayAt(w *apptest.World, host string) *apptest.Stranger {
	r := w.Stranger("relay@" + host)
	r.URI = "https://" + host + "/actor"
	r.Document["id"], r.Document["type"] = r.URI, "Application"
	r.Document["inbox"], r.Document["endpoints"] = "https://"+host+"/inbox", apptest.Object{"sharedInbox": "https://" + host + "/inbox"}
	r.Document["followers"], r.Document["following"] = "https://"+host+"/followers", "https://"+host+"/following"
	r.Host.Remove("https://" + host + "/users/relay")
	r.ChangeKeyID(r.URI + "#main-key")
	return r
}

// addRelay is `kinglet relay add`.
func addRelay(t *testing.T, s *apptest.Server, q ap.RelayRequest) *store.Relay {
	t.Helper()
	r, err := s.Service.AddRelay(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	s.World.Run()
	return r
}

// relayNow is the relay as it is now.
func relayNow(t *testing.T, s *apptest.Server, inbox string) (r *store.Relay) {
	t.Helper()
	s.View(func(tx *store.Tx) (err error) {
		r, err = tx.RelayByInbox(inbox)
		return err
	})
	return r
}

// followSent is the last Follow that a relay got.
func followSent(t *testing.T, r *apptest.Stranger) apptest.Object {
	t.Helper()
	list := r.Received()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i]["type"] == "Follow" {
			return list[i]
		}
	}
	t.Fatalf("%s got no Follow: %v", r.URI, r.ReceivedTypes())
	return nil
}

// subscribed is a server whose relay has accepted.
func subscribed(t *testing.T, q ap.RelayRequest) (w *apptest.World, here *apptest.Server, relay *apptest.Stranger) {
	t.Helper()
	w = apptest.NewWorld(t)
	here, relay = w.Server("a.test"), relayAt(w, "relay.test")
	if q.URL == "" {
		q.URL = "https://relay.test/inbox"
	}
	addRelay(t, here, q)
	if status := relay.Send(here, relay.Activity("Accept", followSent(t, relay))); status != http.StatusAccepted {
		t.Fatalf("the Accept is answered with %d", status)
	}
	if r := relayNow(t, here, "https://relay.test/inbox"); r.State != store.RelayAccepted {
		t.Fatalf("the relay is %s", r.State)
	}
	relay.Host.Forget()
	return w, here, relay
}

// Each form of a relay is asked as it expects it, by the actor of the server.
func TestRelayIsAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url string
		at        func(w *apptest.World)
		followed  any
		to        any
		actor     string // that is known before it answers
		err       string
	}{
		{"Mastodon's, with its actor where most have it", "https://relay.test/inbox", nil, apptest.Public, []any{"https://relay.test/actor"}, "https://relay.test/actor", ""},
		{"in another spelling", "HTTPS://Relay.test:443/inbox", nil, apptest.Public, []any{"https://relay.test/actor"}, "https://relay.test/actor", ""},
		{"whose actor is nowhere to be found", "https://relay.test/inbox", func(w *apptest.World) { w.Host("relay.test").Remove("https://relay.test/actor") }, apptest.Public, nil, "", ""},
		{"whose actor has another inbox", "https://relay.test/inbox", func(w *apptest.World) {
			relayAt(w, "relay.test").Host.Serve("/actor", apptest.Object{"id": "https://relay.test/actor", "type": "Application", "preferredUsername": "x", "inbox": "https://relay.test/other"})
		}, apptest.Public, nil, "", ""},
		{"LitePub's", "https://relay.test/actor", nil, "https://relay.test/actor", []any{"https://relay.test/actor"}, "https://relay.test/actor", ""},
		{"that is its own inbox", "https://relay.test/tag/cats", func(w *apptest.World) {
			r := relayAt(w, "relay.test")
			r.URI = "https://relay.test/tag/cats"
			r.Document["id"], r.Document["inbox"] = r.URI, r.URI
			r.ChangeKeyID(r.URI + "#key")
		}, nil, nil, "https://relay.test/tag/cats", ""},
		{"a person", "https://relay.test/users/bob", func(w *apptest.World) { w.Stranger("bob@relay.test") }, nil, nil, "", "is a person and no relay"},
		{"nothing", "https://relay.test/nothing", nil, nil, nil, "", "is no actor, and no inbox by its name"},
		{"ourselves", "https://A.test./inbox", nil, nil, nil, "", "is this server"},
		{"not a URL", "relay.test", nil, nil, nil, "", "is not an http URI"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here, relay := w.Server("a.test"), relayAt(w, "relay.test")
			if c.at != nil {
				c.at(w)
			}
			r, err := here.Service.AddRelay(t.Context(), ap.RelayRequest{URL: c.url})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.ActorURI != c.actor || r.State != store.RelayPending || r.Budget != 300 {
				t.Errorf("%+v", r)
			}
			w.Run()
			if c.followed == nil {
				return
			}
			sent := relay.Received()
			if len(sent) != 1 || sent[0]["type"] != "Follow" || sent[0]["actor"] != "https://a.test/actor" || sent[0]["object"] != c.followed ||
				fmt.Sprint(sent[0]["to"]) != fmt.Sprint(c.to) || sent[0]["id"] != r.FollowURI {
				t.Errorf("%v", sent)
			}
			post := relay.Host.Asked(http.MethodPost, "/inbox")[0]
			if !strings.Contains(post.Header.Get("Signature"), `keyId="https://a.test/actor#main-key"`) {
				t.Errorf("it is signed by %s", post.Header.Get("Signature"))
			}
		})
	}
}

// Who answers is who was asked, and what it answers is what was asked.
func TestRelayAnswers(t *testing.T) {
	t.Parallel()
	type answer struct {
		w               *apptest.World
		here            *apptest.Server
		relay           *apptest.Stranger
		neighbour, evil *apptest.Stranger // of the relay's host; of another
		follow          apptest.Object
	}
	without := func(o apptest.Object, keys ...string) apptest.Object {
		out := apptest.Object{}
		for k, v := range o {
			if !slices.Contains(keys, k) {
				out[k] = v
			}
		}
		return out
	}
	for _, c := range []struct {
		name    string
		unknown bool // only the inbox is known
		litepub bool
		by      func(a *answer) *apptest.Stranger
		answer  func(a *answer, by *apptest.Stranger) apptest.Object
		want    int
		state   string
	}{
		{"accepted", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object { return by.Activity("Accept", a.follow) }, 202, "accepted"},
		{"accepted by id", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object { return by.Activity("Accept", a.follow["id"]) }, 202, "accepted"},
		{"accepted without an id of its own", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", a.follow, "id", nil)
		}, 202, "accepted"},
		{"accepted without the Follow's id", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", without(a.follow, "id"))
		}, 202, "accepted"},
		{"LitePub's, accepted without the Follow's id", false, true, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", without(a.follow, "id"))
		}, 202, "accepted"},
		{"rejected", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object { return by.Activity("Reject", a.follow) }, 202, "rejected"},
		{"only its inbox was known", true, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object { return by.Activity("Accept", a.follow) }, 202, "accepted"},
		{"only its inbox was known, without the Follow's id", true, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", without(a.follow, "id"))
		}, 202, "pending"},
		{"another Follow", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", "https://a.test/activities/1")
		}, 202, "pending"},
		{"a Follow of something else", false, true, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			other := without(a.follow, "id")
			other["object"] = "https://relay.test/other"
			return by.Activity("Accept", other)
		}, 202, "pending"},
		{"by another of its host", false, false, func(a *answer) *apptest.Stranger { return a.neighbour }, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", a.follow)
		}, 403, "pending"},
		{"by another, without the Follow's id", false, false, func(a *answer) *apptest.Stranger { return a.evil }, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", without(a.follow, "id"))
		}, 202, "pending"},
		{"rejected by another of its host", false, false, func(a *answer) *apptest.Stranger { return a.neighbour }, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Reject", a.follow)
		}, 403, "pending"},
		{"only its inbox was known, by another of its host with an inbox of its own", true, false, func(a *answer) *apptest.Stranger {
			a.neighbour.Document["endpoints"] = nil
			a.neighbour.Publish()
			return a.neighbour
		}, func(a *answer, by *apptest.Stranger) apptest.Object { return by.Activity("Accept", a.follow) }, 403, "pending"},
		{"only its inbox was known, by one of another host", true, false, func(a *answer) *apptest.Stranger { return a.evil }, func(a *answer, by *apptest.Stranger) apptest.Object {
			return by.Activity("Accept", a.follow)
		}, 403, "pending"},
		{"for a Follow of an account here", false, false, nil, func(a *answer, by *apptest.Stranger) apptest.Object {
			f := without(a.follow)
			f["actor"] = a.here.Account("alice").URI
			return by.Activity("Accept", f)
		}, 202, "pending"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			a := &answer{w: w, here: w.Server("a.test"), relay: relayAt(w, "relay.test"), evil: w.Stranger("evil@evil.test")}
			url := "https://relay.test/inbox"
			if c.litepub {
				url = "https://relay.test/actor"
			}
			if c.unknown {
				a.relay.Host.Remove(a.relay.URI)
			}
			addRelay(t, a.here, ap.RelayRequest{URL: url})
			a.relay.Publish()
			a.neighbour = w.Stranger("eve@relay.test")
			a.follow = followSent(t, a.relay)
			by := a.relay
			if c.by != nil {
				by = c.by(a)
			}
			for range 2 { // again, it changes nothing
				if status := by.Send(a.here, c.answer(a, by)); status != c.want {
					t.Fatalf("answered with %d, not %d", status, c.want)
				}
				r := relayNow(t, a.here, "https://relay.test/inbox")
				if r.State != c.state {
					t.Fatalf("it is %s, not %s", r.State, c.state)
				}
				if c.state != "pending" && r.ActorURI != a.relay.URI {
					t.Errorf("its actor is %q", r.ActorURI)
				}
			}
		})
	}
}

// A relay that has accepted may take that back, may be left, asked again, and be
// gone.
func TestRelayEnds(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	const inbox = "https://relay.test/inbox"
	first := relayNow(t, here, inbox)

	// Asked for something else, it is not asked again.
	r := addRelay(t, here, ap.RelayRequest{URL: inbox, Tags: []string{"#Cats", "cats", " dogs "}, Budget: 7, ReceiveOnly: true})
	if now := relayNow(t, here, inbox); now.FollowURI != first.FollowURI || !slices.Equal(now.Tags, []string{"cats", "dogs"}) || now.Budget != 7 || !now.ReceiveOnly || now.State != "accepted" || r.State != "accepted" {
		t.Errorf("%+v", now)
	}
	if got := relay.ReceivedTypes(); len(got) != 0 {
		t.Errorf("it got %v", got)
	}
	// The same relay by its actor is none more.
	if _, err := here.Service.AddRelay(t.Context(), ap.RelayRequest{URL: relay.URI}); err != nil {
		t.Errorf("the same by its actor: %v", err)
	}
	other := relayAt(w, "other.test")
	other.Document["inbox"] = "https://other.test/relay/inbox"
	other.Publish()
	addRelay(t, here, ap.RelayRequest{URL: other.URI})
	if _, err := here.Service.AddRelay(t.Context(), ap.RelayRequest{URL: "https://other.test/inbox"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("the same by another inbox: %v", err)
	}

	relay.Send(here, relay.Activity("Reject", r.FollowURI))
	if now := relayNow(t, here, inbox); now.State != "rejected" {
		t.Errorf("it is %s", now.State)
	}
	// Asked again, only the answer to that counts.
	addRelay(t, here, ap.RelayRequest{URL: inbox})
	relay.Send(here, relay.Activity("Accept", r.FollowURI))
	if now := relayNow(t, here, inbox); now.State != "pending" || now.FollowURI == r.FollowURI {
		t.Errorf("it is %s", now.State)
	}
	relay.Send(here, relay.Activity("Accept", followSent(t, relay)))
	if now := relayNow(t, here, inbox); now.State != "accepted" {
		t.Errorf("it is %s", now.State)
	}
	asked := followSent(t, relay)
	relay.Host.Forget()
	if _, err := here.Service.RemoveRelay(t.Context(), "HTTPS://Relay.test:443/actor"); err != nil {
		t.Fatal(err)
	}
	w.Run()
	got := relay.Received()
	if len(got) != 1 || got[0]["type"] != "Undo" || got[0]["actor"] != "https://a.test/actor" {
		t.Fatalf("%v", got)
	}
	if undone := got[0]["object"].(apptest.Object); undone["id"] != asked["id"] || undone["object"] != asked["object"] || undone["type"] != "Follow" {
		t.Errorf("%v", undone)
	}
	if _, err := here.Service.RemoveRelay(t.Context(), relay.URI); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}

	// One that is gone.
	addRelay(t, here, ap.RelayRequest{URL: inbox})
	relay.Send(here, relay.Activity("Accept", followSent(t, relay)))
	relay.Send(here, relay.Activity("Delete", relay.URI))
	if now := relayNow(t, here, inbox); now.State != "rejected" || now.Error != "its actor is gone" {
		t.Errorf("%+v", now)
	}
	relay.Host.Forget()
	if _, err := here.Service.RemoveRelay(t.Context(), inbox); err != nil {
		t.Fatal(err)
	}
	if w.Run(); len(relay.Received()) != 0 {
		t.Error("one that is gone is written to")
	}
}

// A relay that can't be reached is asked for days, and the admin is told why; a
// Follow and its Undo come in their order.
func TestRelayIsDown(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here, relay := w.Server("a.test"), relayAt(w, "relay.test")
	const inbox = "https://relay.test/inbox"
	relay.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	addRelay(t, here, ap.RelayRequest{URL: inbox})
	if now := relayNow(t, here, inbox); now.State != "pending" || !strings.Contains(now.Error, "answers 500") {
		t.Errorf("%+v", now)
	}
	if _, err := here.Service.RemoveRelay(t.Context(), inbox); err != nil {
		t.Fatal(err)
	}
	w.Run()
	relay.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) })
	relay.Host.Forget()
	w.Advance(time.Hour)
	if got := relay.ReceivedTypes(); !slices.Equal(got, []string{"Follow", "Undo"}) {
		t.Errorf("it got %v", got)
	}
	addRelay(t, here, ap.RelayRequest{URL: inbox})
	if now := relayNow(t, here, inbox); now.Error != "" {
		t.Errorf("it was reached: %q", now.Error)
	}
	if err := here.Service.ScheduleCleanUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.Advance(25 * time.Hour); !strings.Contains(here.Log(), "a relay has not accepted yet") {
		t.Error("the admin is not told that it waits")
	}
	relay.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })
	addRelay(t, here, ap.RelayRequest{URL: inbox})
	if now := relayNow(t, here, inbox); now.State != "pending" || !strings.Contains(now.Error, "answers 403") {
		t.Errorf("%+v", now)
	}
}

// A LitePub relay follows back, which is accepted; nobody else follows the actor
// of the server.
func TestRelayFollowsBack(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{URL: "https://relay.test/actor"})
	back := relay.Activity("Follow", "https://a.test/actor")
	if status := relay.Send(here, back); status != 202 {
		t.Fatal(status)
	}
	w.Run()
	got := relay.Received()
	if len(got) != 1 || got[0]["type"] != "Accept" || got[0]["actor"] != "https://a.test/actor" {
		t.Fatalf("%v", got)
	}
	if f := got[0]["object"].(apptest.Object); f["id"] != back["id"] || f["actor"] != relay.URI || f["object"] != "https://a.test/actor" {
		t.Errorf("%v", f)
	}
	eve := w.Stranger("eve@relay.test")
	if status := eve.Send(here, eve.Activity("Follow", "https://a.test/actor")); status != 202 {
		t.Error(status)
	}
	if status := relay.Send(here, relay.Activity("Follow", "https://a.test/actor", "id", "https://evil.test/1")); status != 403 {
		t.Error(status)
	}
	if status := relay.Send(here, relay.Activity("Follow", "https://a.test/actor", "id", nil)); status != 403 {
		t.Error(status)
	}
	if w.Run(); len(eve.Received()) > 1 { // it has the relay's inbox
		t.Errorf("a stranger got %v", eve.ReceivedTypes())
	}
	if rec := relay.Get(here, "https://a.test/actor/followers"); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"totalItems":0`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// The document of the server's actor names what a relay may look for.
func TestInstanceActorNamesItsCollections(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	var doc apptest.Object
	if err := json.Unmarshal(here.Service.InstanceActorDocument(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["followers"] != "https://a.test/actor/followers" || doc["type"] != "Application" {
		t.Errorf("%v", doc)
	}
}

// An actor that is a relay already does not answer for another inbox.
func TestOneActorIsOneRelay(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	relay.Host.Remove(relay.URI) // so that the second is asked without knowing whose it is
	addRelay(t, here, ap.RelayRequest{URL: "https://relay.test/other/inbox"})
	var second *store.Relay
	here.View(func(tx *store.Tx) (err error) {
		second, err = tx.RelayByInbox("https://relay.test/other/inbox")
		return err
	})
	here.Update(func(tx *store.Tx) error { // the actor has both inboxes
		a, err := tx.AccountByURI(relay.URI)
		if err != nil {
			return err
		}
		a.SharedInbox = second.Inbox
		return tx.PutAccount(a)
	})
	w.Run()
	if status := relay.Send(here, relay.Activity("Accept", second.FollowURI)); status != 403 {
		t.Errorf("answered with %d", status)
	}
	if now := relayNow(t, here, second.Inbox); now.State != "pending" {
		t.Errorf("it is %s", now.State)
	}
}
