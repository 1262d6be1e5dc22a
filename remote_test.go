package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap/signature"
)

// remote is another server of no known make: actors with keys, documents by
// path, and what arrived in its inboxes.
type remote struct {
	t testing.TB
	*httptest.Server
	mu       sync.Mutex
	pages    map[string]http.HandlerFunc
	received []object
	arrived  chan object
}

func newRemote(t testing.TB) *remote {
	r := &remote{t: t, pages: map[string]http.HandlerFunc{}, arrived: make(chan object, 4096)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == "POST" {
			b, _ := io.ReadAll(q.Body)
			var o object
			_ = json.Unmarshal(b, &o)
			r.mu.Lock()
			r.received = append(r.received, o)
			r.mu.Unlock()
			w.WriteHeader(http.StatusAccepted)
			r.arrived <- o
			return
		}
		r.mu.Lock()
		page := r.pages[q.URL.Path]
		r.mu.Unlock()
		if page == nil {
			http.NotFound(w, q)
			return
		}
		page(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

// serve puts a document at a path.
func (r *remote) serve(path string, doc any) {
	b, err := json.Marshal(doc)
	if err != nil {
		r.t.Fatal(err)
	}
	r.handle(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		w.Write(b)
	})
}

func (r *remote) handle(path string, h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages[path] = h
}

// actor is one of the remote's, with what it can sign.
type actor struct {
	*remote
	name string
	uri  string
	key  *rsa.PrivateKey
}

var remoteKey = sync.OnceValues(signature.GenerateKey)

func (r *remote) actor(name string) *actor {
	key, err := remoteKey()
	if err != nil {
		r.t.Fatal(err)
	}
	a := &actor{r, name, r.URL + "/users/" + name, key}
	r.serve("/users/"+name, a.document())
	return a
}

func (a *actor) document() object {
	pem, err := signature.MarshalPublic(&a.key.PublicKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": a.uri, "type": "Person", "preferredUsername": a.name,
		"inbox": a.uri + "/inbox", "followers": a.uri + "/followers",
		"publicKey": object{"id": a.uri + "#main-key", "owner": a.uri, "publicKeyPem": pem},
	}
}

func (a *actor) note(id, text string, to ...string) object {
	return object{
		"id": a.URL + "/notes/" + id, "type": "Note", "attributedTo": a.uri, "content": text,
		"to": append([]string{"https://www.w3.org/ns/activitystreams#Public"}, to...), "cc": []string{},
		"published": time.Now().UTC().Format(time.RFC3339),
	}
}

func (a *actor) activity(typ, id string, o any) object {
	return object{
		"@context": "https://www.w3.org/ns/activitystreams", "id": a.URL + "/activities/" + id, "type": typ, "actor": a.uri, "object": o,
		"to": []string{"https://www.w3.org/ns/activitystreams#Public"},
	}
}

// request is a signed post of a document to an inbox.
func (a *actor) request(inbox string, doc any) *http.Request {
	body, ok := doc.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(doc); err != nil {
			a.t.Fatal(err)
		}
	}
	r, err := http.NewRequest("POST", inbox, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	if err := signature.Sign(r, body, a.uri+"#main-key", a.key, time.Now()); err != nil {
		a.t.Fatal(err)
	}
	return r
}

func (a *actor) send(inbox string, doc any) (int, string) {
	a.t.Helper()
	resp, err := http.DefaultClient.Do(a.request(inbox, doc))
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// Forged things are refused, each with a reason, and leave nothing behind.
func TestForgedActivities(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	r, elsewhere := newRemote(t), newRemote(t)
	mallory, victim := r.actor("mallory"), elsewhere.actor("victim")
	inbox := n.url + "/users/alice/inbox"
	other, err := signature.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if status, body := mallory.send(inbox, mallory.activity("Create", "1", mallory.note("1", "genuine", alice.uri()))); status != 202 {
		t.Fatalf("a genuine post is refused: %d %s", status, body)
	}
	alice.arrives("/api/v1/timelines/public", "genuine")
	if status, _ := victim.send(inbox, victim.activity("Create", "1", victim.note("1", "the victim's", alice.uri()))); status != 202 {
		t.Fatal("a genuine post is refused")
	}
	own := alice.post("/api/v1/statuses", "status", "alice's own")
	r.handle("/users/redirected", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	r.handle("/users/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		json.NewEncoder(w).Encode(mallory.document())
	})
	r.handle("/users/endless", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		for {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<10)); err != nil {
				return
			}
		}
	})
	create := func(o object) object { return mallory.activity("Create", "f", o) }
	with := func(o object, changes ...any) object {
		for i := 0; i < len(changes); i += 2 {
			o[changes[i].(string)] = changes[i+1]
		}
		return o
	}
	note := func() object { return mallory.note("forged", "FORGED", alice.uri()) }
	by := func(uri string) func(*http.Request) {
		return func(q *http.Request) {
			q.Header.Set("Signature", strings.Replace(q.Header.Get("Signature"), mallory.uri, uri, 1))
		}
	}
	for _, c := range []struct {
		name   string
		doc    any
		tamper func(q *http.Request)
		status []int
	}{
		{"no signature", create(note()), func(q *http.Request) { q.Header.Del("Signature") }, []int{401}},
		{"another's key", create(note()), func(q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			q.Body = io.NopCloser(bytes.NewReader(b))
			if err := signature.Sign(q, b, mallory.uri+"#main-key", other, time.Now()); err != nil {
				t.Fatal(err)
			}
		}, []int{401}},
		{"digest of another body", create(note()), func(q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			b = bytes.Replace(b, []byte("FORGED"), []byte("forgeD"), 1)
			q.Body = io.NopCloser(bytes.NewReader(b))
		}, []int{401}},
		{"stale date", create(note()), func(q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			q.Body = io.NopCloser(bytes.NewReader(b))
			if err := signature.Sign(q, b, mallory.uri+"#main-key", mallory.key, time.Now().Add(-24*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, []int{401}},
		{"an actor acting for another", with(create(victim.note("f", "FORGED", alice.uri())), "actor", victim.uri), nil, []int{403}},
		{"an author that is not the actor", create(with(note(), "attributedTo", victim.uri)), nil, []int{403}},
		{"an object of another origin", create(with(note(), "id", victim.URL+"/notes/f")), nil, []int{403}},
		{"an id on our own host", create(with(note(), "id", n.url+"/objects/f")), nil, []int{403}},
		{"an id on our own host, spelt otherwise", create(with(note(), "id", strings.Replace(n.url, "http://", "HTTP://x@", 1)+"/objects/f")), nil, []int{403}},
		{"two actors", with(create(note()), "actor", []string{mallory.uri, victim.uri}), nil, []int{400}},
		{"a key twice", []byte(`{"type":"Create","actor":"` + victim.uri + `","actor":"` + mallory.uri + `","object":{}}`), nil, []int{400}},
		{"an edit of another's post", mallory.activity("Update", "f", with(victim.note("1", "FORGED"), "attributedTo", mallory.uri)), nil, []int{403}},
		{"a delete of another's post", mallory.activity("Delete", "f", victim.URL+"/notes/1"), nil, []int{403}},
		{"a delete of alice's post", mallory.activity("Delete", "f", own["uri"]), nil, []int{403}},
		{"an undo of another's follow", mallory.activity("Undo", "f", object{"id": victim.URL + "/activities/x", "type": "Follow", "actor": victim.uri, "object": alice.uri()}), nil, []int{403}},
		{"the profile of another", mallory.activity("Update", "f", with(victim.document(), "name", "FORGED")), nil, []int{403}},
		{"a key that redirects to a private address", create(note()), by(r.URL + "/users/redirected"), []int{401}},
		{"a key that is a page", create(note()), by(r.URL + "/users/page"), []int{401}},
		{"a key without end", create(note()), by(r.URL + "/users/endless"), []int{401}},
		{"a key of ours", create(note()), by(n.url + "/users/alice"), []int{401}},
		{"JSON nested 10,000 deep", []byte(`{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}"), nil, []int{400}},
		{"no JSON", []byte("<note>"), nil, []int{400}},
		{"no actor", object{"type": "Create", "object": note()}, nil, []int{400}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := mallory.request(inbox, c.doc)
			if c.tamper != nil {
				c.tamper(q)
			}
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var answer struct{ Error string }
			if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Error == "" {
				t.Errorf("no reason is given: %v", err)
			}
			if resp.StatusCode != c.status[0] {
				t.Errorf("%d %s", resp.StatusCode, answer.Error)
			}
		})
	}
	t.Run("a body of 1 GB", func(t *testing.T) {
		q, err := http.NewRequest("POST", inbox, io.LimitReader(zeros{}, 1<<30))
		if err != nil {
			t.Fatal(err)
		}
		q.ContentLength = 1 << 30
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			return // it hung up on us, which will do
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", resp.StatusCode)
		}
	})
	for _, st := range alice.list("/api/v1/timelines/public", "limit", "40") {
		if strings.Contains(strings.ToLower(st["content"].(string)), "forged") {
			t.Errorf("a forged post is there: %v", st)
		}
	}
	alice.arrives("/api/v1/timelines/public", "the victim&#39;s")
	alice.arrives("/api/v1/timelines/public", "alice&#39;s own")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// What another server sends: the same thing twice, boosts of what is not
// known here, replies that come before their parents, a storm of deletes.
func TestInbox(t *testing.T) {
	n := newNode(t, "")
	alice := n.person("alice")
	r, third := newRemote(t), newRemote(t)
	bob, carol := r.actor("bob"), third.actor("carol")
	inbox, shared := n.url+"/users/alice/inbox", n.url+"/inbox"

	follow := bob.activity("Follow", "follow", alice.uri())
	for range 3 {
		if status, body := bob.send(inbox, follow); status != 202 {
			t.Fatal(status, body)
		}
	}
	if accept := <-r.arrived; accept["type"] != "Accept" || accept["object"].(object)["id"] != follow["id"] {
		t.Errorf("the follow is answered with %v", accept)
	}
	var me object
	alice.get("/api/v1/accounts/verify_credentials", &me)
	if me["followers_count"] != 1.0 {
		t.Errorf("%v followers of one who followed three times", me["followers_count"])
	}

	id := alice.find("@bob@" + strings.TrimPrefix(r.URL, "http://"))
	alice.post("/api/v1/accounts/" + id + "/follow")
	var asked object
	for asked = range r.arrived {
		if asked["type"] == "Follow" {
			break
		}
	}
	if status, body := bob.send(inbox, bob.activity("Accept", "accept", asked)); status != 202 {
		t.Fatal(status, body)
	}

	// A boost of a post of a third server, which has to be fetched there.
	original := carol.note("1", "carol's words <script>alert(1)</script>")
	original["@context"] = "https://www.w3.org/ns/activitystreams"
	third.serve("/notes/1", original)
	forged := carol.note("1", "words in carol's mouth")
	if status, body := bob.send(shared, bob.activity("Announce", "boost", forged)); status != 202 {
		t.Fatal(status, body)
	}
	eventually(t, "the boost arrives", func() error {
		for _, st := range alice.list("/api/v1/timelines/home") {
			if b, ok := st["reblog"].(object); ok {
				if b["content"] != "carol&#39;s words " {
					t.Errorf("it says %v", b["content"])
				}
				return nil
			}
		}
		return fmt.Errorf("it is not there")
	})

	// A reply whose parents are fetched, two of them.
	root := carol.note("root", "the root")
	middle := carol.note("middle", "the middle")
	middle["inReplyTo"] = root["id"]
	for path, doc := range map[string]object{"/notes/root": root, "/notes/middle": middle} {
		doc["@context"] = "https://www.w3.org/ns/activitystreams"
		third.serve(path, doc)
	}
	leaf := bob.note("leaf", "the leaf", alice.uri())
	leaf["inReplyTo"] = middle["id"]
	leaf["tag"] = []object{{"type": "Mention", "href": alice.uri()}}
	if status, body := bob.send(shared, bob.activity("Create", "leaf", leaf)); status != 202 {
		t.Fatal(status, body)
	}
	st := alice.notified("mention")["status"].(object)
	eventually(t, "the thread is completed", func() error {
		var context struct{ Ancestors []object }
		alice.get("/api/v1/statuses/"+st["id"].(string)+"/context", &context)
		if len(context.Ancestors) != 2 || context.Ancestors[0]["content"] != "the root" {
			return fmt.Errorf("%v", context.Ancestors)
		}
		return nil
	})

	// Deletes of what was never here are answered without a look at the key.
	stranger := &actor{r, "stranger", r.URL + "/users/stranger", bob.key}
	if status, body := stranger.send(shared, stranger.activity("Delete", "x", stranger.uri)); status != 202 {
		t.Errorf("a delete of a stranger: %d %s", status, body)
	}

	// Nobody here follows carol: her posts to the shared inbox are not kept.
	if status, _ := carol.send(shared, carol.activity("Create", "spam", carol.note("spam", "unasked"))); status != 202 {
		t.Errorf("%d", status)
	}
	for _, st := range alice.list("/api/v1/timelines/public") {
		if st["content"] == "unasked" {
			t.Error("what nobody asked for is kept")
		}
	}

	// Bob's end.
	if status, body := bob.send(shared, bob.activity("Delete", "end", bob.uri)); status != 202 {
		t.Fatal(status, body)
	}
	if l := alice.list("/api/v1/notifications"); len(l) != 0 {
		t.Errorf("there are still %d notifications of one who is gone", len(l))
	}
}
