package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kinglet/api/apitest"
	"kinglet/internal/apptest"
)

// reader asks for things as nobody, with a token, or signed as an actor.
type reader struct {
	name   string
	token  string
	signer *apptest.Stranger
}

// answer is everything in a response that could inform a reader.
type answer struct {
	status             int
	body, cached, vary string
}

func (q reader) ask(t *testing.T, s *apptest.Server, method, target, accept string) answer {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	if q.signer != nil && method == http.MethodGet {
		r = q.signer.Request(method, target, nil)
	}
	r.RemoteAddr = nextAddress()
	r.Header.Set("Accept", accept)
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	w := httptest.NewRecorder()
	apitest.Handler(t, s.Handler).ServeHTTP(w, r)
	if w.Code == http.StatusTooManyRequests {
		t.Fatalf("%s %s is over a limit, which answers all alike", method, target)
	}
	return answer{w.Code, w.Body.String(), w.Header().Get("Cache-Control"), strings.Join(w.Header().Values("Vary"), ", ")}
}

const (
	asPage     = "text/html"
	asDocument = "application/activity+json"
)

func last(uri string) string { return uri[strings.LastIndex(uri, "/")+1:] }

// hidden is a post that not everyone may see, with the names that it has.
type hidden struct {
	name             string
	id, uuid, create string
}

// hiding is a server where alice has posts that strangers may not see, one of
// which she deleted: friend, elsewhere, sees them; neighbor, there too, does not.
type hiding struct {
	*apptest.Server
	alice, stranger, blocked          *apptest.Account
	friend, neighbor                  *apptest.Stranger
	private, direct, deleted, missing hidden
}

func newHiding(t *testing.T) *hiding {
	w := apptest.NewWorld(t)
	s := w.Server("kinglet.test")
	h := &hiding{
		Server: s, alice: s.Account("alice"), stranger: s.Account("stranger"), blocked: s.Account("blocked"),
		friend: w.Stranger("friend@b.test"), neighbor: w.Stranger("neighbor@b.test"),
	}
	if got := h.friend.Follow(h.alice); got != "Accept" {
		t.Fatalf("the follow is answered with %q", got)
	}
	if status := h.neighbor.Send(s, h.neighbor.Activity("Like", s.Config.URL+"/objects/none")); status != http.StatusAccepted {
		t.Fatal(status) // its key is known from now on
	}
	h.alice.Relate("block", h.blocked.Handle)
	h.private, h.direct = h.write(t, "private", "private"), h.write(t, "direct", "direct")
	h.deleted = h.write(t, "deleted private", "private")
	h.alice.Do("DELETE", "/api/v1/statuses/"+h.deleted.id)
	h.missing = hidden{"missing", "109999999999999999", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"}
	return h
}

// write makes a post of alice's and finds its Create.
func (h *hiding) write(t *testing.T, name, visibility string) hidden {
	t.Helper()
	text := "for some"
	if visibility == "direct" {
		text += " @friend@b.test"
	}
	st := h.alice.Post(text, "visibility", visibility)
	h.World.Run()
	received := h.friend.Received()
	create := received[len(received)-1]
	if object, ok := create["object"].(apptest.Object); create["type"] != "Create" || !ok || object["id"] != st.URI {
		t.Fatalf("of %s arrives %v", st.URI, create)
	}
	return hidden{name, st.ID, last(st.URI), last(create["id"].(string))}
}

// What a reader may not see looks as if it did not exist, at every address and
// with every method: the same status, the same words, the same headers.
func TestHiddenLooksLikeMissing(t *testing.T) {
	s := newHiding(t)
	base := s.Config.URL
	readers := []reader{
		{name: "nobody"}, {name: "a stranger's token", token: s.stranger.Token(apptest.Scopes)}, {name: "a blocked one's token", token: s.blocked.Token(apptest.Scopes)},
		{name: "a signed stranger", signer: s.neighbor},
	}
	api := func(method, path string) func(h hidden) (string, string, string) {
		return func(h hidden) (string, string, string) { return method, fmt.Sprintf(path, h.id), "application/json" }
	}
	routes := map[string]func(h hidden) (method, path, accept string){
		"API":              api("GET", "/api/v1/statuses/%s"),
		"API list":         api("GET", "/api/v1/statuses?id[]=%s"),
		"API context":      api("GET", "/api/v1/statuses/%s/context"),
		"API favourites":   api("GET", "/api/v1/statuses/%s/favourited_by"),
		"API boosts":       api("GET", "/api/v1/statuses/%s/reblogged_by"),
		"API source":       api("GET", "/api/v1/statuses/%s/source"),
		"API edit":         api("PUT", "/api/v1/statuses/%s?status=x"),
		"API delete":       api("DELETE", "/api/v1/statuses/%s"),
		"API reply":        api("POST", "/api/v1/statuses?status=x&in_reply_to_id=%s"),
		"API favourite":    api("POST", "/api/v1/statuses/%s/favourite"),
		"API unfavourite":  api("POST", "/api/v1/statuses/%s/unfavourite"),
		"API boost":        api("POST", "/api/v1/statuses/%s/reblog"),
		"API unboost":      api("POST", "/api/v1/statuses/%s/unreblog"),
		"API bookmark":     api("POST", "/api/v1/statuses/%s/bookmark"),
		"API unbookmark":   api("POST", "/api/v1/statuses/%s/unbookmark"),
		"API pin":          api("POST", "/api/v1/statuses/%s/pin"),
		"API unpin":        api("POST", "/api/v1/statuses/%s/unpin"),
		"page":             func(h hidden) (string, string, string) { return "GET", "/@alice/" + h.id, asPage },
		"document by id":   func(h hidden) (string, string, string) { return "GET", "/@alice/" + h.id, asDocument },
		"document":         func(h hidden) (string, string, string) { return "GET", "/objects/" + h.uuid, asDocument },
		"page by URI":      func(h hidden) (string, string, string) { return "GET", "/objects/" + h.uuid, asPage },
		"activity":         func(h hidden) (string, string, string) { return "GET", "/activities/" + h.create, asDocument },
		"page of activity": func(h hidden) (string, string, string) { return "GET", "/activities/" + h.create, asPage },
		"search by URI": func(h hidden) (string, string, string) {
			return "GET", "/api/v2/search?q=" + url.QueryEscape(base+"/objects/"+h.uuid), "application/json"
		},
		"search by page": func(h hidden) (string, string, string) {
			return "GET", "/api/v2/search?q=" + url.QueryEscape(base+"/@alice/"+h.id), "application/json"
		},
	}
	for name, route := range routes {
		for _, q := range readers {
			method, path, accept := route(s.missing)
			want := q.ask(t, s.Server, method, base+path, accept)
			if want.cached != "private, no-store" {
				t.Errorf("%s: %s: what is missing is cached: %q", name, q.name, want.cached)
			}
			for _, h := range []hidden{s.private, s.direct, s.deleted} {
				method, path, accept := route(h)
				if got := q.ask(t, s.Server, method, base+path, accept); got != want {
					t.Errorf("%s: %s sees of a %s post %+v, of a missing one %+v", name, q.name, h.name, got, want)
				}
			}
		}
	}

	// What a stranger's server sends about them is answered alike too.
	for name, about := range map[string]func(uri string) apptest.Object{
		"Like":     func(uri string) apptest.Object { return s.neighbor.Activity("Like", uri) },
		"Announce": func(uri string) apptest.Object { return s.neighbor.Activity("Announce", uri) },
		"Delete": func(uri string) apptest.Object {
			return s.neighbor.Activity("Delete", apptest.Object{"id": uri, "type": "Tombstone"})
		},
	} {
		send := func(h hidden) string {
			activity := about(base + "/objects/" + h.uuid)
			activity["id"] = s.neighbor.URI + "/" + name + "/" + h.uuid
			status, body := s.neighbor.SendTo(s.Server, s.Config.SharedInboxURI(), activity)
			return fmt.Sprint(status, strings.ReplaceAll(body, h.uuid, "UUID"))
		}
		for _, h := range []hidden{s.private, s.direct, s.deleted} {
			got := send(h)
			if name == "Delete" { // of what is not here nothing is said at all
				if !strings.HasPrefix(got, "202") {
					t.Errorf("%s of a %s post: %s", name, h.name, got)
				}
				continue
			}
			if want := send(s.missing); got != want {
				t.Errorf("%s of a %s post: %s, of a missing one: %s", name, h.name, got, want)
			}
		}
	}
}

// Those who may see what is hidden do, and keep it to themselves.
func TestHiddenIsSeenByItsReaders(t *testing.T) {
	s := newHiding(t)
	base := s.Config.URL
	follower := reader{name: "a follower's server", signer: s.friend}
	for _, h := range []hidden{s.private, s.direct} {
		for _, path := range []string{"/objects/" + h.uuid, "/activities/" + h.create, "/@alice/" + h.id} {
			got := follower.ask(t, s.Server, "GET", base+path, asDocument)
			if got.status != 200 || !strings.Contains(got.body, "for some") || got.cached != "private, no-store" || got.vary != "Accept, Signature" {
				t.Errorf("%s of a %s post for its reader: %+v", path, h.name, got)
			}
		}
	}
	// Blocked, no longer.
	s.alice.Relate("block", "@friend@b.test")
	for _, path := range []string{"/objects/" + s.direct.uuid, "/activities/" + s.direct.create} {
		if got := follower.ask(t, s.Server, "GET", base+path, asDocument); got.status != 404 {
			t.Errorf("%s for one who was blocked since: %+v", path, got)
		}
	}
}

// What is for all may be kept by caches, for a while; what an account sees, by
// its browser.
func TestCachesOfPublicPosts(t *testing.T) {
	s := apptest.NewWorld(t).Server("kinglet.test")
	alice := s.Account("alice")
	own := alice.Post("for all")
	public := (reader{}).ask(t, s, "GET", own.URI, asDocument)
	if public.status != 200 || public.cached != "public, max-age=180" || public.vary != "Accept" {
		t.Errorf("a public document: %+v", public)
	}
	if got := (reader{}).ask(t, s, "GET", own.Entity["url"].(string), asPage); got.status != 200 || got.cached != "no-cache" || !strings.Contains(got.vary, "Cookie") {
		t.Errorf("a public page: %d %s %s", got.status, got.cached, got.vary)
	}
	if got := (reader{token: alice.Token("read")}).ask(t, s, "GET", s.Config.URL+"/api/v1/timelines/home", "application/json"); got.status != 200 || got.cached != "private, no-store" || !strings.Contains(got.vary, "Authorization") {
		t.Errorf("an answer to a token: %d %s %s", got.status, got.cached, got.vary)
	}
}

// A cache that keeps the answer to who may not see a document does not give it
// to who may: what is answered depends on the signature.
func TestHiddenDocumentsVary(t *testing.T) {
	s := apptest.NewWorld(t).Server("kinglet.test")
	secret := s.Account("alice").Post("a secret", "visibility", "private")
	for _, uri := range []string{secret.URI, s.Config.URL + "/objects/none"} {
		if got := (reader{}).ask(t, s, "GET", uri, asDocument); got.status != 404 || !strings.Contains(got.vary, "Signature") {
			t.Errorf("%s: %d, Vary: %s", uri, got.status, got.vary)
		}
	}
}

// A page of a post, and the conversation as strangers read it, is not shared
// with those whom the post's author blocks, nor with those who block him.
func TestRepliesOfBlockedAccounts(t *testing.T) {
	s := apptest.NewWorld(t).Server("kinglet.test")
	alice, troll, shy, friend := s.Account("alice"), s.Account("troll"), s.Account("shy"), s.Account("friend")
	st := alice.Post("what do you think")
	for _, p := range []*apptest.Account{troll, shy, friend} {
		p.Reply(st, "@alice says "+p.Name)
	}
	alice.Relate("block", troll.Handle)
	shy.Relate("block", alice.Handle)
	var note struct{ Context string }
	doc := (reader{}).ask(t, s, "GET", st.URI, asDocument).body
	if err := json.Unmarshal([]byte(doc), &note); err != nil || note.Context == "" {
		t.Fatal(err, doc)
	}
	for target, accept := range map[string]string{
		st.Entity["url"].(string): asPage, s.Config.URL + "/api/v1/statuses/" + st.ID + "/context": "application/json",
	} {
		got := (reader{}).ask(t, s, "GET", target, accept)
		if got.status != 200 || strings.Contains(got.body, "says troll") || strings.Contains(got.body, "says shy") || !strings.Contains(got.body, "says friend") {
			t.Errorf("%s: %+v", target, got)
		}
	}
	if got := (reader{}).ask(t, s, "GET", note.Context, asDocument); got.status != 200 || strings.Count(got.body, "/objects/") != 2 {
		t.Errorf("the conversation: %+v", got)
	}
	// The troll's own page of it still shows what stands above it... to no stranger.
	theirs := troll.Timeline("/api/v1/accounts/" + troll.ID.String() + "/statuses")[0]
	if got := (reader{}).ask(t, s, "GET", theirs.Entity["url"].(string), asPage); got.status != 200 || strings.Contains(got.body, "what do you think") {
		t.Errorf("alice's post is on the page of one whom she blocks: %+v", got)
	}
}
