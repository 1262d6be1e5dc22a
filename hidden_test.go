package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kinglet/ap/signature"
)

// reader asks for things as nobody, with a token, or signed as an actor.
type reader struct {
	name   string
	token  string
	signer *actor
}

// answer is everything in a response that could inform a reader.
type answer struct {
	status             int
	body, cached, vary string
}

func (q reader) ask(t testing.TB, method, target, accept string) answer {
	t.Helper()
	r, err := http.NewRequest(method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.signer != nil && method == "GET" {
		if err := signature.Sign(r, nil, q.signer.uri+"#main-key", q.signer.key, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := noRedirects.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(b), resp.Header.Get("Cache-Control"), strings.Join(resp.Header.Values("Vary"), ", ")}
}

const (
	asPage     = "text/html"
	asDocument = "application/activity+json"
)

// activityOf reads the newest activity of a type that an actor was sent.
func (r *remote) activityOf(t testing.TB, typ string) object {
	t.Helper()
	for {
		select {
		case a := <-r.arrived:
			if a["type"] == typ {
				return a
			}
		case <-time.After(patience):
			t.Fatal("no " + typ + " arrives")
		}
	}
}

func last(uri string) string { return uri[strings.LastIndex(uri, "/")+1:] }

// What a reader may not see looks as if it did not exist, at every address and
// with every method: the same status, the same words, the same headers.
func TestHiddenLooksLikeMissing(t *testing.T) {
	n := newNode(t, "")
	alice, stranger, blocked := n.person("alice"), n.person("stranger"), n.person("blocked")
	r := newRemote(t)
	friend, neighbor := r.actor("friend"), r.actor("neighbor")
	if status, body := friend.send(n.url+"/inbox", friend.activity("Follow", "follow", alice.uri())); status != 202 {
		t.Fatal(status, body)
	}
	r.activityOf(t, "Accept")
	if status, body := neighbor.send(n.url+"/inbox", neighbor.activity("Like", "first", n.url+"/objects/none")); status != 202 {
		t.Fatal(status, body) // its key is known from now on
	}
	alice.post("/api/v1/accounts/" + alice.find("@blocked") + "/block")

	type hidden struct {
		name             string
		id, uuid, create string
	}
	// write makes a post and finds its Create.
	write := func(name, visibility string) hidden {
		text := "for some"
		if visibility == "direct" {
			text += " @friend@" + strings.TrimPrefix(r.URL, "http://")
		}
		st := alice.post("/api/v1/statuses", "status", text, "visibility", visibility)
		create := r.activityOf(t, "Create")
		return hidden{name, st["id"].(string), last(st["uri"].(string)), last(create["id"].(string))}
	}
	private, direct := write("private", "private"), write("direct", "direct")
	deleted := write("deleted private", "private")
	if _, err := alice.try("DELETE", "/api/v1/statuses/"+deleted.id, nil, nil); err != nil {
		t.Fatal(err)
	}
	missing := hidden{"missing", "109999999999999999", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"}
	own := alice.post("/api/v1/statuses", "status", "for all")

	readers := []reader{
		{name: "nobody"}, {name: "a stranger's token", token: stranger.token}, {name: "a blocked one's token", token: blocked.token},
		{name: "a signed stranger", signer: neighbor},
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
			return "GET", "/api/v2/search?q=" + url.QueryEscape(n.url+"/objects/"+h.uuid), "application/json"
		},
		"search by page": func(h hidden) (string, string, string) {
			return "GET", "/api/v2/search?q=" + url.QueryEscape(n.url+"/@alice/"+h.id), "application/json"
		},
	}
	for name, route := range routes {
		for _, q := range readers {
			method, path, accept := route(missing)
			want := q.ask(t, method, n.url+path, accept)
			if want.cached != "private, no-store" {
				t.Errorf("%s: %s: what is missing is cached: %q", name, q.name, want.cached)
			}
			for _, h := range []hidden{private, direct, deleted} {
				method, path, accept := route(h)
				if got := q.ask(t, method, n.url+path, accept); got != want {
					t.Errorf("%s: %s sees of a %s post %+v, of a missing one %+v", name, q.name, h.name, got, want)
				}
			}
		}
	}

	// What a stranger's server sends about them is answered alike too.
	for name, about := range map[string]func(uri string) object{
		"Like":     func(uri string) object { return neighbor.activity("Like", "l"+last(uri), uri) },
		"Announce": func(uri string) object { return neighbor.activity("Announce", "a"+last(uri), uri) },
		"Delete": func(uri string) object {
			return neighbor.activity("Delete", "d"+last(uri), object{"id": uri, "type": "Tombstone"})
		},
	} {
		send := func(h hidden) string {
			status, body := neighbor.send(n.url+"/inbox", about(n.url+"/objects/"+h.uuid))
			return fmt.Sprint(status, strings.ReplaceAll(body, h.uuid, "UUID"))
		}
		for _, h := range []hidden{private, direct, deleted} {
			got := send(h)
			if name == "Delete" { // of what is not here nothing is said at all
				if !strings.HasPrefix(got, "202") {
					t.Errorf("%s of a %s post: %s", name, h.name, got)
				}
				continue
			}
			if want := send(missing); got != want {
				t.Errorf("%s of a %s post: %s, of a missing one: %s", name, h.name, got, want)
			}
		}
	}

	// Those who may see them do, and keep them to themselves.
	follower := reader{name: "a follower's server", signer: friend}
	for _, h := range []hidden{private, direct} {
		for _, path := range []string{"/objects/" + h.uuid, "/activities/" + h.create, "/@alice/" + h.id} {
			got := follower.ask(t, "GET", n.url+path, asDocument)
			if got.status != 200 || !strings.Contains(got.body, "for some") || got.cached != "private, no-store" || got.vary != "Accept, Signature" {
				t.Errorf("%s of a %s post for its reader: %+v", path, h.name, got)
			}
		}
	}
	// Blocked, no longer.
	alice.post("/api/v1/accounts/" + alice.find("@friend@"+strings.TrimPrefix(r.URL, "http://")) + "/block")
	for _, path := range []string{"/objects/" + direct.uuid, "/activities/" + direct.create} {
		if got := follower.ask(t, "GET", n.url+path, asDocument); got.status != 404 {
			t.Errorf("%s for one who was blocked since: %+v", path, got)
		}
	}

	// What is for all may be kept by caches, for a while; what an account sees,
	// by its browser.
	public := (reader{}).ask(t, "GET", own["uri"].(string), asDocument)
	if public.status != 200 || public.cached != "public, max-age=180" || public.vary != "Accept" {
		t.Errorf("a public document: %+v", public)
	}
	if got := (reader{}).ask(t, "GET", own["url"].(string), asPage); got.status != 200 || got.cached != "no-cache" || !strings.Contains(got.vary, "Cookie") {
		t.Errorf("a public page: %d %s %s", got.status, got.cached, got.vary)
	}
	if got := (reader{token: alice.token}).ask(t, "GET", n.url+"/api/v1/timelines/home", "application/json"); got.status != 200 || got.cached != "private, no-store" || !strings.Contains(got.vary, "Authorization") {
		t.Errorf("an answer to a token: %d %s %s", got.status, got.cached, got.vary)
	}
}

// A page of a signed-in user is cached by nobody else.
func TestPagesOfTheSignedInArePrivate(t *testing.T) {
	n := newNode(t, "")
	n.person("alice")
	b := newBrowser(t)
	b.open(n.url+"/auth/sign_in").submit("/auth/sign_in", "name", "alice", "password", password)
	for path, want := range map[string]string{"/": "private, no-cache", "/@alice": "private, no-cache"} {
		resp, err := b.Get(n.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Header.Get("Cache-Control"); got != want || !strings.Contains(string(body), "Sign out") {
			t.Errorf("%s: %q", path, got)
		}
	}
	if got := (reader{}).ask(t, "GET", n.url+"/auth/sign_in", asPage); !strings.Contains(got.cached, "no-store") {
		t.Errorf("the sign-in page is kept: %q", got.cached)
	}
}

// A cache that keeps the answer to who may not see a document does not give it
// to who may: what is answered depends on the signature.
func TestHiddenDocumentsVary(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	for _, uri := range []string{alice.post("/api/v1/statuses", "status", "a secret", "visibility", "private")["uri"].(string), n.url + "/objects/none"} {
		r, err := http.NewRequest("GET", uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/activity+json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if vary := strings.Join(resp.Header.Values("Vary"), ", "); resp.StatusCode != 404 || !strings.Contains(vary, "Signature") {
			t.Errorf("%s: %d, Vary: %s", uri, resp.StatusCode, vary)
		}
	}
}

// One who was blocked takes back what he did before: here, and from elsewhere.
func TestBlockedUndoes(t *testing.T) {
	n := newNode(t, "")
	alice, bob := n.person("alice"), n.person("bob")
	r := newRemote(t)
	carol := r.actor("carol")
	st := alice.post("/api/v1/statuses", "status", "liked by all")
	id, uri := st["id"].(string), st["uri"].(string)
	bob.post("/api/v1/statuses/" + id + "/favourite")
	bob.post("/api/v1/statuses/" + id + "/reblog")
	like, announce := carol.activity("Like", "like", uri), carol.activity("Announce", "announce", uri)
	for _, a := range []object{like, announce} {
		if status, body := carol.send(n.url+"/inbox", a); status != 202 {
			t.Fatal(status, body)
		}
	}
	counts := func(want string) {
		t.Helper()
		var st object
		alice.get("/api/v1/statuses/"+id, &st)
		if got := fmt.Sprint(st["favourites_count"], " ", st["reblogs_count"]); got != want {
			t.Errorf("favourites and boosts: %s, want %s", got, want)
		}
	}
	counts("2 2")
	alice.post("/api/v1/accounts/" + alice.find("@bob") + "/block")
	alice.post("/api/v1/accounts/" + alice.find("@carol@"+strings.TrimPrefix(r.URL, "http://")) + "/block")
	if resp, err := bob.try("POST", "/api/v1/statuses/"+id+"/favourite", nil, nil); resp == nil || resp.StatusCode != 404 {
		t.Errorf("one who is blocked favours: %v", err)
	}
	for _, path := range []string{"/unfavourite", "/unreblog"} {
		got := bob.post("/api/v1/statuses/" + id + path)
		if got["id"] != id || got["content"] != "" {
			t.Errorf("%s: %v", path, got)
		}
		if resp, err := bob.try("POST", "/api/v1/statuses/"+id+path, nil, nil); resp == nil || resp.StatusCode != 404 {
			t.Errorf("%s again tells that there is something: %v", path, err)
		}
	}
	counts("1 1")
	for _, a := range []object{like, announce} {
		if status, body := carol.send(n.url+"/inbox", carol.activity("Undo", "undo-"+a["type"].(string), a)); status != 202 {
			t.Fatal(status, body)
		}
	}
	counts("0 0")

	// The boost, deleted by its own id.
	alice.post("/api/v1/accounts/" + alice.find("@bob") + "/unblock")
	boost := bob.post("/api/v1/statuses/" + id + "/reblog")["id"].(string)
	counts("0 1")
	alice.post("/api/v1/accounts/" + alice.find("@bob") + "/block")
	if resp, err := alice.try("DELETE", "/api/v1/statuses/"+boost, nil, nil); resp == nil || resp.StatusCode != 404 {
		t.Errorf("another's boost is deleted: %v", err)
	}
	if _, err := bob.try("DELETE", "/api/v1/statuses/"+boost, nil, nil); err != nil {
		t.Error(err)
	}
	counts("0 0")

	// By the id of another's boost one does not take back one's own.
	dave := n.person("dave")
	d := dave.post("/api/v1/statuses", "status", "boosted by two")["id"].(string)
	theirs := bob.post("/api/v1/statuses/" + d + "/reblog")["id"].(string)
	alice.post("/api/v1/statuses/" + d + "/reblog")
	for _, name := range []string{"alice", "bob"} {
		dave.post("/api/v1/accounts/" + dave.find("@"+name) + "/block")
	}
	if resp, err := alice.try("DELETE", "/api/v1/statuses/"+theirs, nil, nil); resp == nil || resp.StatusCode != 404 {
		t.Errorf("another's hidden boost is deleted: %v", err)
	}
	var boosted object
	if dave.get("/api/v1/statuses/"+d, &boosted); boosted["reblogs_count"] != 2.0 {
		t.Errorf("%v boosts are left", boosted["reblogs_count"])
	}
}

// A page of a post, and the conversation as strangers read it, is not shared
// with those whom the post's author blocks, nor with those who block him.
func TestRepliesOfBlockedAccounts(t *testing.T) {
	n := newNode(t, "")
	alice, troll, shy, friend := n.person("alice"), n.person("troll"), n.person("shy"), n.person("friend")
	st := alice.post("/api/v1/statuses", "status", "what do you think")
	id := st["id"].(string)
	for _, p := range []*person{troll, shy, friend} {
		p.post("/api/v1/statuses", "status", "@alice says "+p.name, "in_reply_to_id", id)
	}
	alice.post("/api/v1/accounts/" + alice.find("@troll") + "/block")
	shy.post("/api/v1/accounts/" + shy.find("@alice") + "/block")
	_, _, doc := n.document(st["uri"].(string))
	var note struct{ Context string }
	if err := json.Unmarshal([]byte(doc), &note); err != nil || note.Context == "" {
		t.Fatal(err, doc)
	}
	for target, accept := range map[string]string{
		st["url"].(string): asPage, n.url + "/api/v1/statuses/" + id + "/context": "application/json",
	} {
		got := (reader{}).ask(t, "GET", target, accept)
		if got.status != 200 || strings.Contains(got.body, "says troll") || strings.Contains(got.body, "says shy") || !strings.Contains(got.body, "says friend") {
			t.Errorf("%s: %+v", target, got)
		}
	}
	if got := (reader{}).ask(t, "GET", note.Context, asDocument); got.status != 200 || strings.Count(got.body, "/objects/") != 2 {
		t.Errorf("the conversation: %+v", got)
	}
	// The troll's own page of it still shows what stands above it... to no stranger.
	theirs := troll.list("/api/v1/accounts/" + troll.find("@troll") + "/statuses")[0]
	if got := (reader{}).ask(t, "GET", theirs["url"].(string), asPage); got.status != 200 || strings.Contains(got.body, "what do you think") {
		t.Errorf("alice's post is on the page of one whom she blocks: %+v", got)
	}
}

// The front page lists those who want to be found.
func TestFrontPageLists(t *testing.T) {
	n := newNode(t, "")
	if got := (reader{}).ask(t, "GET", n.url+"/", asPage); !strings.Contains(got.body, "Nobody lives here yet") {
		t.Errorf("an empty house: %s", got.body)
	}
	alice := n.person("alice")
	shown := func(want bool) {
		t.Helper()
		if got := (reader{}).ask(t, "GET", n.url+"/", asPage); strings.Contains(got.body, "/@alice") != want || strings.Contains(got.body, "Nobody lives here yet") {
			t.Errorf("alice is listed: %v", !want)
		}
	}
	shown(true)
	if _, err := alice.try("PATCH", "/api/v1/accounts/update_credentials", pairs([]string{"discoverable", "false"}), nil); err != nil {
		t.Fatal(err)
	}
	shown(false)
}

// Whom one blocks one still finds, to unblock; who blocks one, one does not.
func TestBlockedIsFound(t *testing.T) {
	n := newNode(t, "")
	alice, bob := n.person("alice"), n.person("bob")
	finds := func(p *person, name string, want int) {
		t.Helper()
		for what, list := range map[string]func(query ...string) []object{
			"accounts/search": func(q ...string) []object { return p.list("/api/v1/accounts/search", q...) },
			"search": func(q ...string) []object {
				var out struct{ Accounts []object }
				p.get("/api/v2/search", &out, q...)
				return out.Accounts
			},
		} {
			for _, query := range [][]string{{"q", name}, {"q", name[:2]}, {"q", "@" + name + "@" + n.domain}} {
				if got := list(query...); len(got) != want {
					t.Errorf("%s finds %d with %s %v", p.name, len(got), what, query)
				}
			}
		}
	}
	finds(alice, "bob", 1)
	id := alice.find("@bob")
	alice.post("/api/v1/accounts/" + id + "/block")
	finds(alice, "bob", 1)
	finds(bob, "alice", 0)
	bob.post("/api/v1/accounts/" + alice.find("@alice") + "/block")
	finds(bob, "alice", 1)
	if got := alice.list("/api/v1/accounts/search", "q", "@bob@"+n.domain, "resolve", "true"); len(got) != 1 || got[0]["id"] != id {
		t.Errorf("with resolve: %v", got)
	}
}

// Direct posts are nobody's to count: not in the account, not in the outbox.
func TestDirectPostsAreNotCounted(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	alice.post("/api/v1/statuses", "status", "for all")
	alice.post("/api/v1/statuses", "status", "for followers", "visibility", "private")
	direct := alice.post("/api/v1/statuses", "status", "for me", "visibility", "direct")["id"].(string)
	counted := func(when string, want int) {
		t.Helper()
		var me object
		alice.get("/api/v1/accounts/verify_credentials", &me)
		_, _, body := n.document(alice.uri() + "/outbox")
		var outbox struct{ TotalItems int }
		if err := json.Unmarshal([]byte(body), &outbox); err != nil {
			t.Fatal(err, body)
		}
		if got := int(me["statuses_count"].(float64)); got != want || outbox.TotalItems != want {
			t.Errorf("%s: statuses_count %d, the outbox has %d, want %d", when, got, outbox.TotalItems, want)
		}
	}
	counted("written", 2)
	if _, err := alice.try("PUT", "/api/v1/statuses/"+direct, pairs([]string{"status", "for me, edited"}), nil); err != nil {
		t.Fatal(err)
	}
	counted("edited", 2)
	if _, err := alice.try("DELETE", "/api/v1/statuses/"+direct, nil, nil); err != nil {
		t.Fatal(err)
	}
	counted("deleted", 2)
}
