package ap_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/internal/apptest"
)

// digestOf is the digest of FEP-8fcf.
func digestOf(uris ...string) string {
	var sum [sha256.Size]byte
	for _, uri := range uris {
		for i, b := range sha256.Sum256([]byte(uri)) {
			sum[i] ^= b
		}
	}
	return hex.EncodeToString(sum[:])
}

// What is for followers says which of them are on the host that it goes to; that
// host gets the list of them, and no other does.
func TestFollowersAreAnnounced(t *testing.T) {
	w, alice, bob, carl := followedScene(t)
	ben := w.Stranger("ben@b.test")
	ben.Follow(alice)
	for _, h := range []*apptest.Host{bob.Host, carl.Host} {
		h.Forget()
	}
	header := func(h *apptest.Host) string {
		t.Helper()
		asked := h.Asked(http.MethodPost, "")
		if len(asked) == 0 {
			t.Fatal("nothing was delivered")
		}
		return asked[len(asked)-1].Header.Get("Collection-Synchronization")
	}
	says := func(uris ...string) string {
		return `collectionId="` + alice.URI + `/followers", url="` + alice.URI + `/followers_synchronization", digest="` + digestOf(uris...) + `"`
	}
	alice.Post("to everyone")
	w.Run()
	if got := header(bob.Host); got != "" {
		t.Errorf("a public post has %q", got)
	}
	alice.Post("to followers", "visibility", "private")
	w.Run()
	if got, want := header(bob.Host), says(bob.URI, ben.URI); got != want {
		t.Errorf("b.test is told %s, not %s", got, want)
	}
	if got, want := header(carl.Host), says(carl.URI); got != want {
		t.Errorf("c.test is told %s, not %s", got, want)
	}
	if status := ben.Send(alice.Server, ben.Activity("Undo", ben.Activity("Follow", alice.URI))); status != 202 {
		t.Fatal(status)
	}
	alice.Post("to the others", "visibility", "private")
	w.Run()
	if got, want := header(bob.Host), says(bob.URI); got != want {
		t.Errorf("b.test is told %s, not %s", got, want)
	}

	list := func(who *apptest.Stranger) []any {
		t.Helper()
		rec := who.Get(alice.Server, alice.URI+"/followers_synchronization")
		var doc apptest.Object
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil || rec.Code != 200 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		items, _ := doc["orderedItems"].([]any)
		return items
	}
	if got := list(bob); !slices.Equal(got, []any{bob.URI}) {
		t.Errorf("b.test gets %v", got)
	}
	if got := list(w.Stranger("mallory@evil.test")); len(got) != 0 {
		t.Errorf("evil.test gets %v", got)
	}
	r := bob.Request(http.MethodGet, alice.URI+"/followers_synchronization", nil)
	r.Header.Del("Signature")
	if rec := alice.Server.Do(r); rec.Code != http.StatusUnauthorized {
		t.Errorf("without a signature it is answered with %d", rec.Code)
	}
}

// announced has somebody deliver a note with the header of FEP-8fcf, which their
// signature covers if it isSigned.
func announced(t *testing.T, to *apptest.Server, who *apptest.Stranger, header string, isSigned bool) {
	t.Helper()
	body, err := json.Marshal(who.Activity("Create", who.Note("hello", "to", []string{who.URI + "/followers"}, "cc", []string{})))
	if err != nil {
		t.Fatal(err)
	}
	r := who.Request(http.MethodPost, to.Config.SharedInboxURI(), body)
	r.Header.Set("Collection-Synchronization", header)
	if isSigned {
		who.Sign(r, body)
	}
	if rec := to.Do(r); rec.Code != http.StatusAccepted {
		t.Fatalf("it is answered with %d %s", rec.Code, rec.Body)
	}
	to.World.Run()
}

// A list that differs from what is known here mends it: nobody follows whom the
// list lacks, and nobody follows by being in it.
func TestFollowersAreMended(t *testing.T) {
	const url = "https://b.test/users/bob/followers_synchronization"
	type scene struct {
		w            *apptest.World
		alice, carol *apptest.Account
		bob          *apptest.Stranger
	}
	header := func(s scene, uris ...string) string {
		return `collectionId="` + s.bob.URI + `/followers", url="` + url + `", digest="` + digestOf(uris...) + `"`
	}
	serves := func(s scene, uris ...string) {
		s.bob.Host.Serve(url, apptest.Object{"@context": "https://www.w3.org/ns/activitystreams", "id": url, "type": "OrderedCollection", "orderedItems": uris})
	}
	for name, c := range map[string]struct {
		given             func(s scene) (header string)
		alice             bool // follows bob in the end
		carol             string
		undone, unfetched bool
		unsigned          bool
	}{
		"the same":      {given: func(s scene) string { serves(s); return header(s, s.alice.URI) }, alice: true, unfetched: true},
		"without alice": {given: func(s scene) string { serves(s); return header(s) }, undone: true},
		"with carol, who does not follow": {given: func(s scene) string {
			serves(s, s.alice.URI, s.carol.URI)
			return header(s, s.alice.URI, s.carol.URI)
		}, alice: true, undone: true},
		"with carol, who has asked": {given: func(s scene) string {
			s.carol.Follow("@bob@b.test")
			s.w.Run()
			s.bob.Host.Forget()
			serves(s, s.alice.URI, s.carol.URI)
			return header(s, s.alice.URI, s.carol.URI)
		}, alice: true, carol: "following"},
		"another list than was announced": {given: func(s scene) string { serves(s); return header(s, s.carol.URI) }, alice: true},
		"no list": {given: func(s scene) string {
			s.bob.Host.Serve(url, apptest.Object{"id": url, "type": "Note", "content": "x"})
			return header(s)
		}, alice: true},
		"a list elsewhere": {given: func(s scene) string {
			s.w.Host("evil.test").Serve("/list", apptest.Object{"id": "https://evil.test/list", "type": "OrderedCollection", "orderedItems": []string{}})
			return `collectionId="` + s.bob.URI + `/followers", url="https://evil.test/list", digest="` + digestOf() + `"`
		}, alice: true, unfetched: true},
		"a redirect elsewhere": {given: func(s scene) string {
			s.w.Host("evil.test").Serve("/list", apptest.Object{"id": "https://evil.test/list", "type": "OrderedCollection", "orderedItems": []string{}})
			s.bob.Host.Handle("/users/bob/followers_synchronization", redirectTo("https://evil.test/list"))
			return header(s)
		}, alice: true},
		"the followers of another": {given: func(s scene) string {
			serves(s)
			return `collectionId="https://b.test/users/eve/followers", url="` + url + `", digest="` + digestOf() + `"`
		}, alice: true, unfetched: true},
		"what the signature does not cover": {given: func(s scene) string { serves(s); return header(s) }, alice: true, unfetched: true, unsigned: true},
		"garbage":                           {given: func(s scene) string { serves(s); return `digest="` }, alice: true, unfetched: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here := w.Server("a.test")
			s := scene{w, here.Account("alice"), here.Account("carol"), w.Stranger("bob@b.test")}
			s.bob.FollowedBy(s.alice)
			w.Advance(2 * time.Hour)
			s.bob.Host.Forget()
			h := c.given(s)
			announced(t, here, s.bob, h, !c.unsigned)
			if r := s.alice.Relationship(s.bob.URI); r["following"] != c.alice {
				t.Errorf("alice follows bob: %v", r["following"])
			}
			if r := s.carol.Relationship(s.bob.URI); r["following"] != (c.carol == "following") {
				t.Errorf("carol follows bob: %v", r["following"])
			}
			if got := slices.Contains(s.bob.ReceivedTypes(), "Undo"); got != c.undone {
				t.Errorf("bob receives %v", s.bob.ReceivedTypes())
			}
			if n := len(s.bob.Host.Asked(http.MethodGet, "/users/bob/followers_synchronization")); (n == 0) != c.unfetched || n > 1 {
				t.Errorf("the list was fetched %d times", n)
			}
			// Said again, it is not compared again at once.
			announced(t, here, s.bob, h, !c.unsigned)
			if n := len(s.bob.Host.Asked(http.MethodGet, "/users/bob/followers_synchronization")); n > 1 {
				t.Errorf("the list was fetched %d times", n)
			}
		})
	}
}

// Whoever passes on what somebody has proven says nothing about their followers: the
// header is not in the proof.
func TestFollowersOfWhoIsPassedOn(t *testing.T) {
	w, alice, bob, carl := forwardScene(t)
	w.Advance(2 * time.Hour)
	const url = "https://b.test/users/eve/followers_synchronization"
	bob.Host.Serve(url, apptest.Object{"@context": "https://www.w3.org/ns/activitystreams", "id": url, "type": "OrderedCollection", "orderedItems": []string{}})
	note := bob.Note("hello")
	body, err := json.Marshal(proven(t, bob.Activity("Create", note), bob.URI+"#ed25519-key", edKey(1), w.Now()))
	if err != nil {
		t.Fatal(err)
	}
	r := carl.Request(http.MethodPost, alice.Server.Config.SharedInboxURI(), body)
	r.Header.Set("Collection-Synchronization", `collectionId="`+bob.URI+`/followers", url="`+url+`", digest="`+digestOf()+`"`)
	carl.Sign(r, body)
	if rec := alice.Server.Do(r); rec.Code != http.StatusAccepted {
		t.Fatalf("it is answered with %d %s", rec.Code, rec.Body)
	}
	w.Run()
	if !alice.HasInHome(note["id"].(string)) {
		t.Error("what bob has proven is not in alice's home")
	}
	if r := alice.Relationship(bob.URI); r["following"] != true {
		t.Error("alice follows bob no longer, since carl said so")
	}
	if n := len(bob.Host.Asked(http.MethodGet, "/users/eve/followers_synchronization")); n != 0 {
		t.Errorf("the list that carl named was fetched %d times", n)
	}
}

func FuzzFollowersHeader(f *testing.F) {
	f.Add(`collectionId="https://b.test/f", url="https://b.test/s", digest="00"`)
	f.Add(`a="",,b="`)
	f.Fuzz(func(t *testing.T, header string) {
		claim, ok := ap.ParseFollowersHeader(http.Header{"Collection-Synchronization": {header}})
		if ok && (claim.Collection == "" || claim.URL == "" || len(claim.Digest) != 2*sha256.Size) {
			t.Errorf("%q is read as %v", header, claim)
		}
	})
}
