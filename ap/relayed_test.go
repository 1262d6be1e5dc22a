package ap_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/internal/apptest"
	"kinglet/store"
)

// publicHas reports whether a post is in the federated timeline, itself or boosted.
func publicHas(who *apptest.Account, uri any) bool {
	return slices.ContainsFunc(who.Timeline("/api/v1/timelines/public"), func(s *apptest.Status) bool { return s.URI == uri || s.Entity["reblog"] != nil })
}

// What a relay brings is in the federated timeline, by its author and with its own
// date; nobody boosted it, nobody is notified, and it is in nobody's home.
func TestRelayBrings(t *testing.T) {
	t.Parallel()
	type brought struct {
		w          *apptest.World
		relay, bob *apptest.Stranger
		note       apptest.Object
		create     apptest.Object
	}
	ldSigned := func(o apptest.Object) apptest.Object {
		o["signature"] = apptest.Object{"type": "RsaSignature2017", "creator": "https://b.test/users/bob#main-key", "created": "2026-11-21T12:00:00Z", "signatureValue": "AAAA"}
		return o
	}
	for _, c := range []struct {
		name    string
		litepub bool
		sends   func(b *brought) apptest.Object
		gets    int // of the note
	}{
		{"Mastodon's, as its author sent it", false, func(b *brought) apptest.Object { return ldSigned(b.create) }, 1},
		{"pub-relay's, announced by its id", false, func(b *brought) apptest.Object {
			return b.relay.Activity("Announce", b.note["id"], "to", []string{"https://relay.test/followers"})
		}, 1},
		{"LitePub's, announced by its id", true, func(b *brought) apptest.Object {
			return b.relay.Activity("Announce", b.note["id"], "to", []string{"https://relay.test/followers"})
		}, 1},
		{"announced by the id of its Create", true, func(b *brought) apptest.Object {
			b.bob.Host.Serve(b.create["id"].(string), b.create)
			return b.relay.Activity("Announce", b.create["id"])
		}, 1},
		{"announced, embedded", false, func(b *brought) apptest.Object { return b.relay.Activity("Announce", b.note) }, 1},
		{"announced with its Create embedded", false, func(b *brought) apptest.Object { return b.relay.Activity("Announce", b.create) }, 1},
		{"announced without an id", false, func(b *brought) apptest.Object { return b.relay.Activity("Announce", b.note["id"], "id", nil) }, 1},
		{"proven by its author", false, func(b *brought) apptest.Object {
			return proven(t, b.create, b.bob.URI+"#ed25519-key", edKey(1), b.w.Now())
		}, 0},
		{"with the proof of another", false, func(b *brought) apptest.Object {
			return proven(t, b.create, b.bob.URI+"#ed25519-key", edKey(2), b.w.Now())
		}, 1},
		{"with another text than its origin's", false, func(b *brought) apptest.Object {
			forged := apptest.Object{}
			for k, v := range b.note {
				forged[k] = v
			}
			forged["content"] = "forged"
			return ldSigned(b.bob.Activity("Create", forged))
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ap.RelayRequest{}
			if c.litepub {
				q.URL = "https://relay.test/actor"
			}
			w, here, relay := subscribed(t, q)
			alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
			publishes(bob, "assertionMethod", []any{multikey(bob.URI+"#ed25519-key", bob.URI, edKey(1))})
			written := w.Now().Add(-3 * time.Hour).Format(time.RFC3339)
			b := &brought{w: w, relay: relay, bob: bob}
			b.note = bob.Note("Hello @alice", "published", written, "cc", []string{alice.URI}, "tag", []apptest.Object{apptest.Mention(alice), {"type": "Hashtag", "name": "#cats"}})
			b.create = bob.Activity("Create", b.note)
			doc := c.sends(b)
			for range 2 {
				if status := relay.Send(here, doc); status != 202 {
					t.Fatal(status)
				}
				w.Run()
			}
			st := alice.Status(b.note["id"].(string))
			if st == nil {
				t.Fatal("it is not here")
			}
			at, _ := time.Parse(time.RFC3339, st.Entity["created_at"].(string))
			if !strings.Contains(st.Text(), "Hello @alice") || st.Entity["account"].(map[string]any)["acct"] != "bob@b.test" || at.Format(time.RFC3339) != written {
				t.Errorf("%v", st.Entity)
			}
			if !publicHas(alice, b.note["id"]) || len(alice.Timeline("/api/v1/timelines/tag/cats")) != 1 || len(alice.Timeline("/api/v1/timelines/public")) != 1 {
				t.Error("it is not in the timelines, alone")
			}
			if alice.HasInHome(st.URI) || len(alice.Notifications()) != 0 || st.Count("reblogs") != 0 {
				t.Errorf("at home: %v, notified: %v, boosts: %d", alice.HasInHome(st.URI), alice.Notifications(), st.Count("reblogs"))
			}
			if got := len(bob.Host.Asked("GET", strings.TrimPrefix(b.note["id"].(string), "https://b.test"))); got != c.gets {
				t.Errorf("the note was fetched %d times, not %d", got, c.gets)
			}
			if r := relayNow(t, here, "https://relay.test/inbox"); r.Taken != 1 || r.Left(w.Now()) != 299 {
				t.Errorf("taken %d, left %d", r.Taken, r.Left(w.Now()))
			}
			// Its author sends it as well: now alice is notified.
			if bob.Send(here, bob.Activity("Create", b.note)); !slices.Equal(alice.Notifications(), []string{"mention @bob@b.test"}) {
				t.Errorf("notified: %v", alice.Notifications())
			}
			if here.Count(`SELECT COUNT(*) FROM relayed`) != 0 {
				t.Error("what its author sent is still deleted with what relays bring")
			}
		})
	}
}

// Who follows the author has it at home, once, and is notified when the author
// sends it.
func TestRelayBringsHome(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	bob.FollowedBy(alice)
	note := bob.To(alice, "Hello", "to", []string{apptest.Public, alice.URI})
	relay.Send(here, relay.Activity("Announce", note["id"]))
	w.Run()
	if !alice.HasInHome(note["id"].(string)) || len(alice.Home()) != 1 || len(alice.Notifications()) != 0 {
		t.Errorf("home %v, notified %v", alice.Home(), alice.Notifications())
	}
	bob.Send(here, bob.Activity("Create", note))
	w.Run()
	if len(alice.Home()) != 1 || !slices.Equal(alice.Notifications(), []string{"mention @bob@b.test"}) {
		t.Errorf("home %v, notified %v", alice.Home(), alice.Notifications())
	}
}

// A relay that announces without end is taken by as much as its budget allows.
func TestRelayBudget(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{Budget: 4})
	bob := w.Stranger("bob@b.test")
	brings := func(n int) {
		for range n {
			if status := relay.Send(here, relay.Activity("Announce", bob.Note("x")["id"])); status != 202 {
				t.Fatal(status)
			}
		}
		w.Run()
	}
	const inbox = "https://relay.test/inbox"
	same := relay.Activity("Announce", bob.Note("x")["id"])
	for range 5 { // the same again spends nothing
		relay.Send(here, same)
		w.Run()
	}
	if r := relayNow(t, here, inbox); r.Taken != 1 || r.Left(w.Now()) != 3 || r.Refused != 0 {
		t.Errorf("%+v", r)
	}
	hidden := bob.Note("x", "to", []string{bob.URI + "/followers"})
	bob.Host.Forget()
	for range 5 { // nor what is refused, again
		relay.Send(here, relay.Activity("Announce", hidden["id"]))
		w.Run()
	}
	if r := relayNow(t, here, inbox); r.Left(w.Now()) != 2 || len(bob.Host.Asked("GET", "")) != 1 {
		t.Errorf("left %d, asked %v", r.Left(w.Now()), bob.Host.Asked("GET", ""))
	}
	brings(40)
	r := relayNow(t, here, inbox)
	if r.Taken != 3 || r.Left(w.Now()) != 0 || r.Refused != 1 || !strings.Contains(r.RefusedWhy, "is not public") {
		t.Errorf("taken %d, left %d, refused %d: %s", r.Taken, r.Left(w.Now()), r.Refused, r.RefusedWhy)
	}
	w.Advance(2 * time.Minute) // they are written once a minute
	brings(1)
	if r = relayNow(t, here, inbox); r.Refused != 1+4+38+1 || !strings.Contains(r.RefusedWhy, "4 posts an hour, is spent") {
		t.Errorf("refused %d: %s", r.Refused, r.RefusedWhy)
	}
	w.Advance(time.Hour)
	if r = relayNow(t, here, inbox); r.Left(w.Now()) != 4 {
		t.Errorf("left %d", r.Left(w.Now()))
	}
	if brings(2); relayNow(t, here, inbox).Taken != 5 {
		t.Errorf("taken %d", relayNow(t, here, inbox).Taken)
	}
}

// Edits and deletions that a relay brings are believed of the origin.
func TestRelayBringsChanges(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	note := bob.Note("first")
	id := note["id"].(string)
	relay.Send(here, relay.Activity("Announce", id))
	w.Run()
	forged := apptest.Object{}
	for k, v := range note {
		forged[k] = v
	}
	forged["content"], forged["updated"] = "forged", w.Now().Add(time.Hour).Format(time.RFC3339)
	relay.Send(here, bob.Activity("Update", forged))
	w.Run()
	if got := alice.Status(id).Text(); !strings.Contains(got, "first") {
		t.Errorf("it is %q", got)
	}
	relay.Send(here, bob.Activity("Delete", id))
	w.Run()
	if alice.Status(id) == nil {
		t.Error("it was deleted, and its origin has it")
	}
	w.Advance(2 * time.Hour)
	note["content"], note["updated"] = "second", w.Now().Format(time.RFC3339)
	bob.Host.Serve(id, note)
	relay.Send(here, bob.Activity("Update", note))
	w.Run()
	if got := alice.Status(id).Text(); !strings.Contains(got, "second") {
		t.Errorf("it is %q", got)
	}
	bob.Host.Handle(strings.TrimPrefix(id, "https://b.test"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) })
	relay.Send(here, bob.Activity("Delete", id))
	w.Run()
	if alice.Status(id) != nil {
		t.Error("its origin says that it is gone")
	}
	// What its author deleted does not come back.
	bob.Host.Serve(id, note)
	w.Advance(2 * time.Hour)
	relay.Send(here, relay.Activity("Announce", id))
	if w.Run(); alice.Status(id) != nil {
		t.Error("it came back")
	}
}

// What a relay was left for meanwhile, or stopped being one for, does not come.
func TestRelayIsLeftMeanwhile(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(here *apptest.Server) error{
		"removed": func(here *apptest.Server) error {
			_, err := here.Service.RemoveRelay(t.Context(), "https://relay.test/inbox")
			return err
		},
		"rejected": func(here *apptest.Server) error {
			r := relayNow(t, here, "https://relay.test/inbox")
			here.Update(func(tx *store.Tx) error { _, err := tx.AnswerRelay(r.ID, store.RelayRejected, r.ActorURI); return err })
			return nil
		},
	} {
		w, here, relay := subscribed(t, ap.RelayRequest{})
		bob := w.Stranger("bob@b.test")
		relay.Send(here, relay.Activity("Announce", bob.Note("x")["id"]))
		if err := leave(here); err != nil {
			t.Fatal(err)
		}
		w.Run()
		if n := len(bob.Host.Asked("GET", "")); n != 0 || here.Count(`SELECT COUNT(*) FROM objects WHERE NOT local`) != 0 {
			t.Errorf("%s: %d fetches", name, n)
		}
	}
}

// A relay may change its key, as any actor.
func TestRelayChangesItsKey(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	relay.NewKey()
	note := bob.Note("x")
	if status := relay.Send(here, relay.Activity("Announce", note["id"])); status != 202 {
		t.Fatal(status)
	}
	if w.Run(); alice.Status(note["id"].(string)) == nil {
		t.Error("it is not here")
	}
}

// What nobody touched is deleted when its time is over, as if it had never come;
// the rest stays.
func TestRelayedIsForgotten(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice := here.Account("alice")
	bob := w.Stranger("bob@b.test")
	uris := map[string]string{}
	for _, name := range []string{"untouched", "favourite", "bookmark", "reblog", "reply", "by a followed author"} {
		by := bob
		if name == "by a followed author" {
			by = w.Stranger("carl@c.test")
			by.FollowedBy(alice)
		}
		note := by.Note(name)
		uris[name] = note["id"].(string)
		relay.Send(here, relay.Activity("Announce", uris[name]))
	}
	w.Run()
	for _, act := range []string{"favourite", "bookmark", "reblog"} {
		alice.Act(act, alice.Status(uris[act]))
	}
	alice.Reply(alice.Status(uris["reply"]), "an answer")
	if err := here.Service.ScheduleCleanUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Advance(6 * 24 * time.Hour)
	for name, uri := range uris {
		if alice.Status(uri) == nil {
			t.Errorf("%s is gone too early", name)
		}
	}
	w.Advance(2 * 24 * time.Hour)
	for name, uri := range uris {
		if gone := alice.Status(uri) == nil; gone != (name == "untouched") {
			t.Errorf("%s is gone: %v", name, gone)
		}
	}
	// It may come again.
	relay.Send(here, relay.Activity("Announce", uris["untouched"]))
	if w.Run(); alice.Status(uris["untouched"]) == nil {
		t.Error("it does not come again")
	}
	if n := here.Count(`SELECT COUNT(*) FROM relayed`); n != 1 {
		t.Errorf("%d wait for their time", n)
	}
}

// What a neighbour of the author has proven is the neighbour's word.
func TestRelayProofOfAnother(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	bob, eve := w.Stranger("bob@b.test"), w.Stranger("eve@b.test")
	publishes(eve, "assertionMethod", []any{multikey(eve.URI+"#ed25519-key", eve.URI, edKey(1))})
	note := bob.Note("forged")
	bob.Host.Remove(note["id"].(string))
	doc := proven(t, eve.Activity("Create", note), eve.URI+"#ed25519-key", edKey(1), w.Now())
	if status := relay.Send(here, doc); status != 202 {
		t.Fatal(status)
	}
	w.Run()
	if n := here.Count(`SELECT COUNT(*) FROM objects`); n != 0 {
		t.Error("it is here")
	}
	if r := relayNow(t, here, "https://relay.test/inbox"); !strings.Contains(r.RefusedWhy, "answers 404") {
		t.Errorf("%+v", r)
	}
}

// A message is not public, whomever it is addressed to.
func TestRelayBringsNoMessages(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	bob := w.Stranger("bob@b.test")
	relay.Send(here, relay.Activity("Announce", bob.Note("x", "type", "ChatMessage")["id"]))
	w.Run()
	if n := here.Count(`SELECT COUNT(*) FROM objects`); n != 0 {
		t.Error("it is here")
	}
	if r := relayNow(t, here, "https://relay.test/inbox"); !strings.Contains(r.RefusedWhy, "is not public") {
		t.Errorf("%+v", r)
	}
}

// A relay boosts nothing, even if somebody here follows its actor as they would a
// person.
func TestRelayNeverBoosts(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	alice.Do(http.MethodPost, "/api/v1/accounts/"+alice.Find(relay.URI)+"/follow")
	w.Run()
	relay.Accept(alice)
	mine := alice.Post("mine")
	note := bob.Note("x")
	for _, uri := range []any{note["id"], mine.URI} {
		relay.Send(here, relay.Activity("Announce", uri))
	}
	w.Run()
	if alice.HasInHome(note["id"].(string)) || alice.Status(mine.URI).Count("reblogs") != 0 || len(alice.Notifications()) != 0 {
		t.Errorf("home %v, notified %v", alice.Home(), alice.Notifications())
	}
	if alice.Status(note["id"].(string)) == nil {
		t.Error("it did not come")
	}
}

// What comes a second time, by the id of its Create, is not taken for its author's
// word.
func TestTwoRelaysBringTheSame(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	note := bob.To(alice, "Hello", "to", []string{apptest.Public, alice.URI})
	create := bob.Activity("Create", note)
	bob.Host.Serve(create["id"].(string), create)
	for _, id := range []any{note["id"], create["id"]} {
		relay.Send(here, relay.Activity("Announce", id))
		w.Run()
	}
	if len(alice.Notifications()) != 0 || here.Count(`SELECT COUNT(*) FROM relayed`) != 1 {
		t.Errorf("notified: %v", alice.Notifications())
	}
	if r := relayNow(t, here, "https://relay.test/inbox"); r.Taken != 1 {
		t.Errorf("taken %d", r.Taken)
	}
}

// Of a relay with hashtags the posts that have one of them are taken.
func TestRelayHashtags(t *testing.T) {
	t.Parallel()
	for name, sends := range map[string]func(relay, bob *apptest.Stranger, note apptest.Object) apptest.Object{
		"as its author sent it": func(_, bob *apptest.Stranger, note apptest.Object) apptest.Object {
			return bob.Activity("Create", note)
		},
		"by its id": func(relay, _ *apptest.Stranger, note apptest.Object) apptest.Object {
			return relay.Activity("Announce", note["id"])
		},
		"by its id and its type": func(relay, _ *apptest.Stranger, note apptest.Object) apptest.Object {
			return relay.Activity("Announce", apptest.Object{"id": note["id"], "type": "Note"})
		},
	} {
		w, here, relay := subscribed(t, ap.RelayRequest{Tags: []string{"dogs", "#Cats"}})
		bob := w.Stranger("bob@b.test")
		note := bob.Note("x", "tag", []apptest.Object{{"type": "Hashtag", "name": "#birds"}, {"type": "Hashtag", "name": "#CATS"}})
		relay.Send(here, sends(relay, bob, note))
		w.Run()
		if here.Account("alice").Status(note["id"].(string)) == nil {
			t.Errorf("%s: it did not come", name)
		}
	}
}

// That a relay names an old post does not make it new to those who follow its author.
func TestRelayBringsWhatIsOld(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	bob.FollowedBy(alice)
	note := bob.Note("of last year", "published", w.Now().Add(-365*24*time.Hour).Format(time.RFC3339))
	relay.Send(here, relay.Activity("Announce", note["id"]))
	w.Run()
	if alice.Status(note["id"].(string)) == nil || len(alice.Home()) != 0 {
		t.Errorf("home %v", alice.Home())
	}
}

// What one relay may not bring, since it has none of its hashtags, another may.
func TestRelayOfHashtagsKeepsNothingFromAnother(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{Tags: []string{"cats"}})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	all := relayAt(w, "all.test")
	addRelay(t, here, ap.RelayRequest{URL: "https://all.test/inbox"})
	all.Send(here, all.Activity("Accept", followSent(t, all)))
	for _, at := range []string{"waits", "was refused"} {
		note := bob.Note("about dogs")
		relay.Send(here, relay.Activity("Announce", note["id"]))
		if at == "was refused" {
			w.Run()
		}
		all.Send(here, all.Activity("Announce", note["id"]))
		w.Run()
		if alice.Status(note["id"].(string)) == nil {
			t.Errorf("it did not come when the other %s", at)
		}
	}
}

// Each edit counts, however soon it comes; and what one relay says of a deletion too
// early is no reason not to believe another later.
func TestRelayBringsEachChange(t *testing.T) {
	t.Parallel()
	w, here, relay := subscribed(t, ap.RelayRequest{})
	alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
	liar := relayAt(w, "liar.test")
	addRelay(t, here, ap.RelayRequest{URL: "https://liar.test/inbox"})
	liar.Send(here, liar.Activity("Accept", followSent(t, liar)))
	note := bob.Note("first")
	id := note["id"].(string)
	relay.Send(here, relay.Activity("Announce", id))
	w.Run()
	for _, text := range []string{"second", "third"} {
		w.Advance(time.Minute)
		note["content"], note["updated"] = text, w.Now().Format(time.RFC3339)
		bob.Host.Serve(id, note)
		update := bob.Activity("Update", note)
		bob.Host.Forget()
		for _, by := range []*apptest.Stranger{relay, relay} {
			by.Send(here, update)
			w.Run()
		}
		if got := alice.Status(id).Text(); !strings.Contains(got, text) {
			t.Errorf("it is %q", got)
		}
		if n := len(bob.Host.Asked(http.MethodGet, "")); n != 1 {
			t.Errorf("one edit is fetched %d times", n)
		}
	}
	liar.Send(here, bob.Activity("Delete", id))
	w.Run()
	bob.Host.Handle(strings.TrimPrefix(id, "https://b.test"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) })
	relay.Send(here, bob.Activity("Delete", id))
	w.Run()
	if alice.Status(id) != nil {
		t.Error("its origin says that it is gone")
	}
}

// What a policy refuses by now is not fetched, whoever named it before, and neither
// is what a Create on another host names there.
func TestRelayIsRefusedMeanwhile(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	refused := ""
	w.Policy = policy.New(policy.Policy{Name: "test", Host: func(host string) policy.Verdict {
		if host == refused {
			return policy.Refuse("no")
		}
		return policy.Verdict{}
	}})
	here, relay := w.Server("a.test"), relayAt(w, "relay.test")
	addRelay(t, here, ap.RelayRequest{URL: "https://relay.test/inbox"})
	relay.Send(here, relay.Activity("Accept", followSent(t, relay)))
	bob := w.Stranger("bob@b.test")
	for _, host := range []string{"relay.test", "b.test"} {
		refused = ""
		relay.Send(here, relay.Activity("Announce", bob.Note("x")["id"]))
		refused = host
		w.Run()
		if n := len(bob.Host.Asked(http.MethodGet, "")); n != 0 {
			t.Errorf("%s is refused, and %d fetches are made", host, n)
		}
	}
	carl := w.Stranger("carl@c.test")
	create := carl.Activity("Create", bob.Note("x")["id"])
	carl.Host.Serve(create["id"].(string), create)
	relay.Send(here, relay.Activity("Announce", create["id"]))
	w.Run()
	if n := len(bob.Host.Asked(http.MethodGet, "")); n != 0 || len(carl.Host.Asked(http.MethodGet, "")) != 1 {
		t.Errorf("%d fetches are made of what is refused", n)
	}
}
