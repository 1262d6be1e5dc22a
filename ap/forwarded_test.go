package ap_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// forwardScene is alice, who follows bob, with carl, who brings what bob says.
func forwardScene(t *testing.T) (w *apptest.World, alice *apptest.Account, bob, carl *apptest.Stranger) {
	t.Helper()
	w = apptest.NewWorld(t)
	alice = w.Server("a.test").Account("alice")
	bob, carl = w.Stranger("bob@b.test"), w.Stranger("carl@c.test")
	publishes(bob, "assertionMethod", []any{multikey(bob.URI+"#ed25519-key", bob.URI, edKey(1))})
	bob.FollowedBy(alice)
	if got := carl.Follow(alice); got != "Accept" {
		t.Fatal(got)
	}
	bob.Host.Forget()
	return w, alice, bob, carl
}

// What another brings is believed by a proof of the actor's own key, and costs no
// fetch; and by nothing else: without one the origin is asked, and what it says
// counts.
func TestForwarded(t *testing.T) {
	type forwarded struct {
		w                    *apptest.World
		bob, carl, neighbour *apptest.Stranger
		note, create         apptest.Object
	}
	type fate int
	const (
		taken fate = iota
		fetched
		refused
	)
	for _, c := range []struct {
		name string
		doc  func(f *forwarded) apptest.Object
		want fate
	}{
		{"with bob's proof", func(f *forwarded) apptest.Object {
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now())
		}, taken},
		{"without a proof", func(f *forwarded) apptest.Object { return f.create }, fetched},
		{"with an LD signature", func(f *forwarded) apptest.Object {
			f.create["signature"] = apptest.Object{"type": "RsaSignature2017", "creator": f.bob.KeyID, "created": "2026-11-21T12:00:00Z", "signatureValue": "AAAA"}
			return f.create
		}, fetched},
		{"with a proof that was changed after it", func(f *forwarded) apptest.Object {
			doc := proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now())
			forged := maps.Clone(f.note)
			forged["content"] = "forged"
			doc["object"] = forged
			return doc
		}, fetched},
		{"with a proof of another key", func(f *forwarded) apptest.Object {
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(2), f.w.Now())
		}, fetched},
		{"with the forwarder's own proof", func(f *forwarded) apptest.Object {
			publishes(f.carl, "assertionMethod", []any{multikey(f.carl.URI+"#ed25519-key", f.carl.URI, edKey(2))})
			return proven(t, f.create, f.carl.URI+"#ed25519-key", edKey(2), f.w.Now())
		}, fetched},
		{"with a neighbour's proof", func(f *forwarded) apptest.Object {
			publishes(f.neighbour, "assertionMethod", []any{multikey(f.neighbour.URI+"#ed25519-key", f.neighbour.URI, edKey(2))})
			return proven(t, f.create, f.neighbour.URI+"#ed25519-key", edKey(2), f.w.Now())
		}, fetched},
		{"with a neighbour's proof by bob's key id", func(f *forwarded) apptest.Object {
			publishes(f.neighbour, "assertionMethod", []any{multikey(f.bob.URI+"#other", f.neighbour.URI, edKey(2)), multikey("https://b.test/key", f.neighbour.URI, edKey(2))})
			return proven(t, f.create, "https://b.test/key", edKey(2), f.w.Now())
		}, fetched},
		{"with a proof by a key that is not for proofs", func(f *forwarded) apptest.Object {
			key := multikey(f.bob.URI+"#second", f.bob.URI, edKey(2))
			publishes(f.bob, "publicKey", []any{f.bob.Document["publicKey"], key})
			return proven(t, f.create, f.bob.URI+"#second", edKey(2), f.w.Now())
		}, fetched},
		{"with a proof of yesterday", func(f *forwarded) apptest.Object {
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now().Add(-13*time.Hour))
		}, fetched},
		{"with a proof of tomorrow", func(f *forwarded) apptest.Object {
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now().Add(2*time.Hour))
		}, fetched},
		{"by who is suspended", func(f *forwarded) apptest.Object {
			suspend(f.w.Server("a.test"), f.carl.URI)
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now())
		}, refused},
		{"of who is suspended", func(f *forwarded) apptest.Object {
			suspend(f.w.Server("a.test"), f.bob.URI)
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now())
		}, refused},
		{"of who is suspended, without a proof", func(f *forwarded) apptest.Object {
			suspend(f.w.Server("a.test"), f.bob.URI)
			return f.create
		}, refused},
		{"with the object of another", func(f *forwarded) apptest.Object {
			f.create["object"] = f.neighbour.Note("not bob's", "published", f.w.Now().Format(time.RFC3339))
			return proven(t, f.create, f.bob.URI+"#ed25519-key", edKey(1), f.w.Now())
		}, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, alice, bob, carl := forwardScene(t)
			f := &forwarded{w: w, bob: bob, carl: carl, neighbour: w.Stranger("mallory@b.test")}
			f.note = bob.Note("hello")
			f.create = bob.Activity("Create", f.note)
			want := http.StatusAccepted
			if c.want == refused {
				want = http.StatusForbidden
			}
			doc := c.doc(f)
			bob.Host.Forget()
			if got := carl.Send(alice.Server, doc); got != want {
				t.Errorf("it is answered with %d, want %d", got, want)
			}
			w.Run()
			uri := f.note["id"].(string)
			if has := alice.HasInHome(uri); has != (c.want != refused) {
				t.Errorf("it is in alice's home: %v", has)
			}
			if st := alice.Status(uri); c.want != refused && !strings.Contains(st.Text(), "hello") {
				t.Errorf("alice reads %s", st.Text())
			}
			if list := bob.Host.Asked(http.MethodGet, "/users/bob"); c.want == taken && len(list) != 0 {
				t.Error("bob's server is asked for what is known")
			}
			if list := bob.Host.Asked(http.MethodGet, strings.TrimPrefix(uri, "https://b.test")); (len(list) == 1) != (c.want == fetched) {
				t.Errorf("bob's server is asked for the note %d times", len(list))
			}
		})
	}
}

// The same of keys that are known here already.
func TestProofOfAnother(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	mallory := w.Stranger("mallory@b.test")
	publishes(mallory, "assertionMethod", []any{multikey(mallory.URI+"#ed25519-key", mallory.URI, edKey(2))})
	publishes(bob, "publicKey", []any{bob.Document["publicKey"], multikey(bob.URI+"#second", bob.URI, edKey(3))})
	for _, who := range []*apptest.Stranger{mallory, bob} {
		id, key := mallory.URI+"#ed25519-key", edKey(2)
		if who == bob {
			id, key = bob.URI+"#second", edKey(3)
		}
		if got := sendBy(t, who, alice.Server, id, key, who.Activity("Create", who.To(alice, "hello"))); got != 202 {
			t.Fatalf("%s is answered with %d", who.Name, got)
		}
		note := bob.Note("as it is")
		forged := maps.Clone(note)
		forged["content"] = "forged"
		if got := carl.Send(alice.Server, proven(t, bob.Activity("Create", forged), id, key, w.Now())); got != 202 {
			t.Errorf("a proof by %s is answered with %d", id, got)
		}
		w.Run()
		if st := alice.Status(note["id"].(string)); st == nil || !strings.Contains(st.Text(), "as it is") {
			t.Error("what another's key proves is believed")
		}
		// Nor does whose key it is do what bob is said to do.
		w.Advance(2 * time.Minute) // a key that is known is asked for once a minute
		if got := carl.Send(alice.Server, proven(t, bob.Activity("Follow", alice.URI), id, key, w.Now())); got != 403 {
			t.Errorf("a Follow with a proof by %s is answered with %d", id, got)
		}
	}
	if got := mallory.Send(alice.Server, bob.Activity("Follow", alice.URI)); got != 403 {
		t.Errorf("a Follow without a proof is answered with %d", got)
	}
}

// A profile has no time by which an older one could be told from a newer one: who
// kept an old Update does not bring back what it said.
func TestOldProfileIsBrought(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	publishes(bob, "name", "an old name")
	old := proven(t, bob.Activity("Update", bob.Document), bob.URI+"#ed25519-key", edKey(1), w.Now())
	publishes(bob, "name", "a new name")
	if got := bob.Send(alice.Server, bob.Activity("Update", bob.Document)); got != 202 {
		t.Fatal(got)
	}
	w.Run()
	if got := carl.Send(alice.Server, old); got != 202 {
		t.Errorf("it is answered with %d", got)
	}
	w.Run()
	if got := alice.Do(http.MethodGet, "/api/v1/accounts/"+alice.Find(bob.URI))["display_name"]; got != "a new name" {
		t.Errorf("bob has %q", got)
	}
	// A new one that is brought is fetched.
	publishes(bob, "name", "a third name")
	third := proven(t, bob.Activity("Update", bob.Document), bob.URI+"#ed25519-key", edKey(1), w.Now())
	if got := carl.Send(alice.Server, third); got != 202 {
		t.Errorf("the new one is answered with %d", got)
	}
	w.Run()
	if got := alice.Do(http.MethodGet, "/api/v1/accounts/"+alice.Find(bob.URI))["display_name"]; got != "a third name" {
		t.Errorf("bob has %q", got)
	}
}

func suspend(s *apptest.Server, uri string) {
	s.Update(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(uri)
		if err != nil {
			return err
		}
		a.SuspendedByUs = true
		return tx.PutAccount(a)
	})
}

// The key of a proof that is not known yet is asked for, of an actor that nobody
// here has heard of too; what it answers has to be wanted here.
func TestForwardedByUnknown(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	post := alice.Post("who is there?")
	dora := w.Stranger("dora@d.test")
	publishes(dora, "assertionMethod", []any{multikey(dora.URI+"#ed25519-key", dora.URI, edKey(3))})
	send := func(note apptest.Object, inbox string) int {
		t.Helper()
		status, _ := carl.SendTo(alice.Server, inbox, proven(t, dora.Activity("Create", note), dora.URI+"#ed25519-key", edKey(3), w.Now()))
		w.Run()
		return status
	}
	if got := send(dora.Note("me", "inReplyTo", post.URI), alice.Server.Config.SharedInboxURI()); got != 202 {
		t.Errorf("an answer is answered with %d", got)
	}
	if n := len(dora.Host.Asked(http.MethodGet, "/users/dora")); n != 1 {
		t.Errorf("the key is asked for %d times", n)
	}
	before := alice.Server.Count(`SELECT COUNT(*) FROM objects WHERE is_status`)
	if got := send(dora.Note("of no concern to anybody here"), alice.Server.Config.InboxURI("alice")); got != 202 {
		t.Errorf("what nobody asked for is answered with %d", got)
	}
	if n := alice.Server.Count(`SELECT COUNT(*) FROM objects WHERE is_status`); n != before {
		t.Error("what nobody asked for is kept since somebody brought it to an inbox")
	}
	// A key that changed is asked for again.
	publishes(bob, "assertionMethod", []any{multikey(bob.URI+"#ed25519-key", bob.URI, edKey(4))})
	note := bob.Note("with a new key")
	if got := carl.Send(alice.Server, proven(t, bob.Activity("Create", note), bob.URI+"#ed25519-key", edKey(4), w.Now())); got != 202 {
		t.Errorf("a proof by the new key is answered with %d", got)
	}
	if !alice.HasInHome(note["id"].(string)) {
		t.Error("it is not in alice's home")
	}
}

// What we send to everybody carries a proof, with which others can pass it on; what
// is for some only does not.
func TestProofsOfOurs(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	carl := w.Stranger("carl@c.test")
	if got := carl.Follow(alice); got != "Accept" {
		t.Fatal(got)
	}
	bob.Follow("@alice@a.test")
	w.Run()
	carl.Host.Forget()
	w.Host("b.test").Down()
	post := alice.Post("hello")
	w.Run()
	var create apptest.Object
	for _, doc := range carl.Received() {
		if doc["type"] == "Create" {
			create = doc
		}
	}
	if create["proof"] == nil {
		t.Fatalf("there is no proof in %v", create)
	}
	w.Host("b.test").Up()
	if got := carl.Send(bob.Server, create); got != 202 || !bob.HasInHome(post.URI) {
		t.Errorf("what carl passes on to b.test is answered with %d", got)
	}
	carl.Host.Forget()
	alice.Post("@carl@c.test for you", "visibility", "direct")
	w.Run()
	list := carl.Received()
	if len(list) == 0 {
		t.Fatal("carl got nothing")
	}
	for _, doc := range list {
		if doc["proof"] != nil {
			t.Errorf("what is for carl alone is proven: %v", doc)
		}
	}
}

// Who kept what somebody did, and its proof, does not do it once more when it was
// undone; what is between two is brought by nobody.
func TestUndoneIsBrought(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	post := alice.Post("hello")
	w.Run()
	by := func(doc apptest.Object) apptest.Object {
		return proven(t, doc, bob.URI+"#ed25519-key", edKey(1), w.Now())
	}
	counts := func() string {
		st := alice.Status(post.URI)
		reactions, _ := st.Entity["reactions"].([]any)
		return fmt.Sprint(st.Count("favourites"), st.Count("reblogs"), len(reactions))
	}
	send := func(who *apptest.Stranger, doc apptest.Object, want string) {
		t.Helper()
		if got := who.Send(alice.Server, doc); got != 202 {
			t.Errorf("%v is answered with %d", doc["type"], got)
		}
		w.Run()
		if got := counts(); got != want {
			t.Errorf("after %v there are %s, not %s", doc["type"], got, want)
		}
	}
	like, boost := by(bob.Activity("Like", post.URI)), by(bob.Activity("Announce", post.URI, "to", []string{apptest.Public}))
	react := by(bob.Activity("EmojiReact", post.URI, "content", "🔥"))
	send(carl, like, "1 0 0")
	send(carl, boost, "1 1 0")
	send(carl, react, "1 1 1")
	send(bob, bob.Activity("Undo", like["id"]), "0 1 1")
	send(bob, bob.Activity("Undo", apptest.Object{"type": "Announce", "actor": bob.URI, "object": post.URI}), "0 0 1")
	send(bob, bob.Activity("Undo", apptest.Object{"id": bob.URI + "/other", "type": "EmojiReact", "actor": bob.URI, "object": post.URI, "content": "🔥"}), "0 0 0")
	for _, old := range []apptest.Object{like, boost, react} {
		send(carl, old, "0 0 0")
	}
	// Who does it again says so, be it under the same id.
	send(bob, like, "1 0 0")
	for _, typ := range []string{"Follow", "Block"} {
		if got := carl.Send(alice.Server, by(bob.Activity(typ, alice.URI))); got != 403 {
			t.Errorf("a %s that is brought is answered with %d", typ, got)
		}
	}
}

// Of several proofs any may be the one that we can verify, and what is proven may
// have terms with prefixes.
func TestFormsOfProofs(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	other := proven(t, bob.Activity("Create", bob.Note("x")), bob.URI+"#other", edKey(7), w.Now())["proof"]
	for name, change := range map[string]func(doc apptest.Object) apptest.Object{
		"the second of two": func(doc apptest.Object) apptest.Object {
			doc = proven(t, doc, bob.URI+"#ed25519-key", edKey(1), w.Now())
			doc["proof"] = []any{apptest.Object{"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}, other, doc["proof"]}
			return doc
		},
		"terms with a prefix": func(doc apptest.Object) apptest.Object {
			doc["as:object"], doc["@id"] = doc["object"], doc["id"]
			delete(doc, "object")
			delete(doc, "id")
			return proven(t, doc, bob.URI+"#ed25519-key", edKey(1), w.Now())
		},
	} {
		post := alice.Post("hello")
		if got := carl.Send(alice.Server, change(bob.Activity("Like", post.URI))); got != 202 || alice.Status(post.URI).Count("favourites") != 1 {
			t.Errorf("%s: %d", name, got)
		}
	}
}
