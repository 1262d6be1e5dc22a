package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/signature/signaturetest"
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
	key      *rsa.PrivateKey // of all of its actors
}

func newRemote(t testing.TB) *remote {
	r := &remote{t: t, pages: map[string]http.HandlerFunc{}, arrived: make(chan object, 4096), key: signaturetest.SomeKey(t)}
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

func (r *remote) actor(name string) *actor {
	a := &actor{r, name, r.URL + "/users/" + name, r.key}
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
	// An inbox takes an activity once. So this client too sends it again when the
	// server closed the idle connection it was sent on, as servers do.
	r.Header.Set("Idempotency-Key", "an activity has an id")
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
