package federation_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

const activityJSON = "application/activity+json"

// get asks a server without a signature.
func get(t *testing.T, s *apptest.Server, target, accept string) *httptest.ResponseRecorder {
	t.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.Config.URL + target
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
	r.RemoteAddr = "198.51.100.7:1"
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return s.Do(r)
}

// documentOf is what is served, which has to be ActivityPub.
func documentOf(t *testing.T, rec *httptest.ResponseRecorder) (doc apptest.Object) {
	t.Helper()
	if rec.Code != http.StatusOK || !strings.HasPrefix(rec.Header().Get("Content-Type"), activityJSON) {
		t.Fatalf("%d %s: %s", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDiscovery(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", "KINGLET_TITLE=A house")
	s.Account("alice").Post("Hello")
	for path, says := range map[string]string{
		"/.well-known/host-meta":      `template="https://a.test/.well-known/webfinger?resource={uri}"`,
		"/.well-known/host-meta.json": `https://a.test/.well-known/webfinger?resource={uri}`,
		"/.well-known/nodeinfo":       `https://a.test/nodeinfo/2.1`,
		"/.well-known/nodeinfo/":      `{"rel":"https://www.w3.org/ns/activitystreams#Application","href":"https://a.test/actor"}`,
		"/nodeinfo/2.0":               `"localPosts":1`,
		"/nodeinfo/2.1":               `"nodeName":"A house"`,
	} {
		if rec := get(t, s, path, ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), says) {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	if rec := get(t, s, "/nodeinfo/3.0", ""); rec.Code != 404 {
		t.Errorf("a version that is none: %d", rec.Code)
	}
}

func TestActors(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice := s.Account("alice")
	for _, path := range []string{"/users/alice", "/@alice", "/users/ALICE"} {
		if doc := documentOf(t, get(t, s, path, activityJSON)); doc["id"] != alice.URI || doc["type"] != "Person" || doc["publicKey"] == nil {
			t.Errorf("%s: %v", path, doc)
		}
	}
	if doc := documentOf(t, get(t, s, "/actor", activityJSON)); doc["type"] != "Application" {
		t.Errorf("%v", doc)
	}
	if doc := documentOf(t, get(t, s, "/actor/outbox", activityJSON)); doc["type"] != "OrderedCollection" {
		t.Errorf("%v", doc)
	}
	if rec := get(t, s, "/users/nobody", activityJSON); rec.Code != 404 {
		t.Errorf("nobody: %d", rec.Code)
	}
	if err := s.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/users/alice", "/users/alice/outbox", "/users/alice/followers", "/users/alice/collections/featured"} {
		if rec := get(t, s, path, activityJSON); rec.Code != http.StatusGone {
			t.Errorf("%s of a deleted account: %d", path, rec.Code)
		}
	}
}

// What is served at an object's id is what was delivered, and Accept decides
// between it and the page.
func TestPublicObjects(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob := s.Account("alice"), w.Stranger("@bob@b.test")
	bob.FollowedBy(alice)
	if got := bob.Follow(alice); got != "Accept" {
		t.Fatalf("the Follow is answered with %q", got)
	}
	st := alice.Post("Hello")
	w.Run()
	var create apptest.Object
	for _, doc := range bob.Received() {
		if doc["type"] == "Create" {
			create = doc
		}
	}
	note := documentOf(t, get(t, s, st.URI, activityJSON))
	delivered := create["object"].(map[string]any)
	for k, v := range delivered {
		if a, b := marshal(t, note[k]), marshal(t, v); a != b {
			t.Errorf("%s is served as %s and was delivered as %s", k, a, b)
		}
	}
	if doc := documentOf(t, get(t, s, create["id"].(string), activityJSON)); doc["type"] != "Create" || doc["object"] == nil {
		t.Errorf("the Create: %v", doc)
	}
	if doc := documentOf(t, get(t, s, "/@alice/"+st.ID, activityJSON)); doc["id"] != st.URI {
		t.Errorf("at the page's address: %v", doc)
	}
	if rec := get(t, s, "/@alice/"+st.ID, "text/html"); !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") || !strings.Contains(rec.Header().Get("Vary"), "Accept") {
		t.Errorf("a browser gets %d %v", rec.Code, rec.Header())
	}
	context := documentOf(t, get(t, s, note["context"].(string), activityJSON))
	if items := marshal(t, context["orderedItems"]); !strings.Contains(items, st.URI) {
		t.Errorf("the conversation: %v", context)
	}
	for name, target := range map[string]string{
		"object": "/objects/00000000-0000-0000-0000-000000000000", "activity": "/activities/00000000-0000-0000-0000-000000000000",
		"context": "/contexts/00000000-0000-0000-0000-000000000000", "status": "/@alice/1",
	} {
		if rec := get(t, s, target, activityJSON); rec.Code != 404 {
			t.Errorf("%s that is not there: %d", name, rec.Code)
		}
	}
	alice.Delete(st)
	if rec := get(t, s, st.URI, activityJSON); rec.Code != http.StatusGone || !strings.Contains(rec.Body.String(), "Tombstone") || strings.Contains(rec.Body.String(), "Hello") {
		t.Errorf("a deleted note: %d %s", rec.Code, rec.Body)
	}
	if rec := get(t, s, create["id"].(string), activityJSON); rec.Code != http.StatusGone || strings.Contains(rec.Body.String(), "Hello") {
		t.Errorf("its Create: %d %s", rec.Code, rec.Body)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is not public is served to those who may see it and sign; to all others
// it looks like nothing.
func TestPrivateObjects(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice := s.Account("alice")
	follower, mentioned, eve := w.Stranger("@follower@b.test"), w.Stranger("@mentioned@c.test"), w.Stranger("@eve@d.test")
	if got := follower.Follow(alice); got != "Accept" {
		t.Fatalf("the Follow is answered with %q", got)
	}
	private := alice.Post("for followers", "visibility", "private")
	direct := alice.Post("only for @mentioned@c.test", "visibility", "direct")
	w.Run()
	var create string
	for _, doc := range mentioned.Received() {
		if doc["type"] == "Create" {
			create = doc["id"].(string)
		}
	}
	for _, c := range []struct {
		name   string
		rec    *httptest.ResponseRecorder
		status int
	}{
		{"private, to a follower", follower.Get(s, private.URI), 200},
		{"private, to another", eve.Get(s, private.URI), 404},
		{"private, unsigned", get(t, s, private.URI, activityJSON), 404},
		{"direct, to the mentioned", mentioned.Get(s, direct.URI), 200},
		{"direct, to a follower", follower.Get(s, direct.URI), 404},
		{"the Create of it, to the mentioned", mentioned.Get(s, create), 200},
		{"the Create of it, to a follower", follower.Get(s, create), 404},
		{"nothing, to a follower", follower.Get(s, "https://a.test/objects/00000000-0000-0000-0000-000000000000"), 404},
	} {
		if c.rec.Code != c.status {
			t.Errorf("%s: %d %s", c.name, c.rec.Code, c.rec.Body)
		}
		if kept := c.rec.Header().Get("Cache-Control"); !strings.Contains(kept, "no-store") {
			t.Errorf("%s: caches may keep it: %q", c.name, kept)
		}
	}
	// An activity that is no post's: its recipients may fetch it.
	alice.Follow("@mentioned@c.test")
	w.Run()
	follow := ""
	for _, doc := range mentioned.Received() {
		if doc["type"] == "Follow" {
			follow = doc["id"].(string)
		}
	}
	if rec := mentioned.Get(s, follow); rec.Code != 200 || follow == "" {
		t.Errorf("the Follow %q: %d", follow, rec.Code)
	}
	if rec := eve.Get(s, follow); rec.Code != 404 {
		t.Errorf("the Follow, to another: %d", rec.Code)
	}
	alice.Delete(private)
	if rec := follower.Get(s, private.URI); rec.Code != 404 {
		t.Errorf("deleted, to a follower: %d %s", rec.Code, rec.Body)
	}
}

// Collections have their counts, and pages that lead from one to the next.
func TestCollections(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob := s.Account("alice"), s.Account("bob")
	bob.Follow(alice.Handle)
	alice.Follow(bob.Handle)
	var posts []string
	for range 42 {
		posts = append(posts, alice.Post("Hello").URI)
	}
	alice.Post("not for all", "visibility", "private")
	boosted := bob.Post("boost me")
	alice.Act("reblog", boosted)
	pinned := alice.Act("pin", alice.Status(posts[0]))
	w.Run()

	for path, want := range map[string]string{"/followers": bob.URI, "/following": bob.URI} {
		doc := documentOf(t, get(t, s, alice.URI+path, activityJSON))
		if doc["totalItems"] != 1.0 || doc["orderedItems"] != nil {
			t.Errorf("%s: %v", path, doc)
		}
		page := documentOf(t, get(t, s, doc["first"].(string), activityJSON))
		if got := marshal(t, page["orderedItems"]); got != `["`+want+`"]` || page["partOf"] != alice.URI+path {
			t.Errorf("%s: %v", path, page)
		}
	}
	var got []string
	boosts := 0
	next, pages := alice.URI+"/outbox?page=true", 0
	for next != "" && pages < 5 {
		page := documentOf(t, get(t, s, next, activityJSON))
		for _, item := range page["orderedItems"].([]any) {
			switch o := item.(map[string]any); o["type"] {
			case "Create":
				got = append(got, o["object"].(map[string]any)["id"].(string))
			case "Announce":
				boosts++
			}
		}
		pages++
		next, _ = page["next"].(string)
	}
	slices.Reverse(got)
	if !slices.Equal(got, posts) || boosts != 1 || pages != 2 {
		t.Errorf("the outbox has %d posts and %d boosts on %d pages", len(got), boosts, pages)
	}
	featured := documentOf(t, get(t, s, alice.URI+"/collections/featured", activityJSON))
	items := featured["orderedItems"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["id"] != pinned.URI {
		t.Errorf("featured: %v", featured)
	}
}

// What arrives in an inbox is answered by what it is.
func TestInboxAnswers(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob := s.Account("alice"), w.Stranger("@bob@b.test")
	bob.FollowedBy(alice)
	own := s.Config.InboxURI("alice")
	for _, c := range []struct {
		name, inbox string
		doc         apptest.Object
		status      int
	}{
		{"a post of one who is followed", own, bob.Activity("Create", bob.Note("Hello")), 202},
		{"the same at the shared inbox", s.Config.SharedInboxURI(), bob.Activity("Create", bob.Note("Hello again")), 202},
		{"to nobody", s.Config.InboxURI("nobody"), bob.Activity("Create", bob.Note("Hello")), 404},
		{"without a type", own, apptest.Object{"id": bob.URI + "/x", "actor": bob.URI}, 400},
		{"another's", own, bob.Activity("Create", bob.Note("Hello"), "actor", "https://b.test/users/eve"), 403},
	} {
		if status, body := bob.SendTo(s, c.inbox, c.doc); status != c.status {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
}
