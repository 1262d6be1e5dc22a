package federation_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/internal/config"
	"kinglet/store"
)

const inbox = "/users/alice/inbox"

func (w *world) follow(by *signer, id string) object {
	return by.activity("Follow", id, "https://"+domain+"/users/alice")
}

// What is too large, not signed or signed for nobody is answered before its
// body is read.
func TestInboxJudgesHeadersFirst(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		status int
	}{
		{"declared too large", func(r *http.Request) { r.ContentLength = 1<<20 + 1 }, 413},
		{"no signature", func(r *http.Request) { r.Header.Del("Signature") }, 401},
		{"no date", func(r *http.Request) { r.Header.Del("Date") }, 401},
		{"an old date", func(r *http.Request) { r.Header.Set("Date", "Sun, 01 Mar 2026 00:00:00 GMT") }, 401},
		{"no digest", func(r *http.Request) { r.Header.Del("Digest") }, 401},
		{"a digest that is not signed", func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), "date digest", "date", 1))
		}, 401},
		{"a digest of no known algorithm", func(r *http.Request) { r.Header.Set("Digest", "MD5=x") }, 401},
		{"a key of ours", func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), bob.keyID, "https://"+domain+"/users/alice#main-key", 1))
		}, 401},
		{"a key that is not a URI", func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), bob.keyID, "http://x@y/#"+strings.Repeat("k", 3000), 1))
		}, 401},
		{"another host", func(r *http.Request) { r.Host = "other.test" }, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bob.request(w, "192.0.2.1", inbox, w.follow(bob, "1"))
			c.change(r)
			body := watch(r)
			if rec := w.do(r); rec.Code != c.status {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			if body.wasRead() {
				t.Error("the body was read")
			}
			if n := h.count(""); n != 0 {
				t.Errorf("%d GETs", n)
			}
		})
	}
}

// A large body is read only once its signature is verified, whether the key
// is known or fetched; a small one of a stranger's before, so that Deletes of
// what was never here cost no fetch.
func TestInboxReadsLargeBodiesOfVerifiedOnly(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	r := bob.request(w, "192.0.2.1", inbox, large(w.follow(bob, "1")))
	body := watch(r)
	h.handle("/users/bob", func(rw http.ResponseWriter, q *http.Request) {
		if body.wasRead() {
			t.Error("the body is read before the key is there")
		}
		serve(bob.document())(rw, q)
	})
	if rec := w.do(r); rec.Code != 202 || !body.wasRead() {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}

	wrong := *bob
	wrong.key = keys()[1]
	r = wrong.request(w, "192.0.2.1", inbox, large(w.follow(bob, "2")))
	body = watch(r)
	if rec := w.do(r); rec.Code != 401 || body.wasRead() {
		t.Errorf("a wrong signature with a known key: %d, read %v", rec.Code, body.wasRead())
	}

	r = bob.request(w, "192.0.2.1", inbox, w.follow(bob, "3"))
	r.Body = io.NopCloser(strings.NewReader(`{"another":"body"}`))
	if rec := w.do(r); rec.Code != 401 {
		t.Errorf("another body than was signed: %d", rec.Code)
	}

	before := h.count("")
	gone := h.signer(t, "gone")
	if rec := w.post("192.0.2.1", gone, inbox, gone.activity("Delete", "1", gone.uri)); rec.Code != 202 || h.count("") != before {
		t.Errorf("a Delete of what was never here: %d, %d GETs", rec.Code, h.count("")-before)
	}
}

// To name a key of somebody else writes nothing: only who signed with it is
// stored.
func TestNamedKeyIsNotStored(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	liar := *bob
	liar.key = keys()[1]
	if rec := w.post("192.0.2.1", &liar, inbox, w.follow(bob, "1")); rec.Code != 401 {
		t.Errorf("%d", rec.Code)
	}
	if h.count("/users/bob") != 1 || w.knows(bob.uri) {
		t.Errorf("%d GETs, stored %v", h.count("/users/bob"), w.knows(bob.uri))
	}
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 || !w.knows(bob.uri) {
		t.Errorf("%d, stored %v", rec.Code, w.knows(bob.uri))
	}
}

// An inbox says the same whatever could not be fetched of a key, so that nobody
// learns what we could reach. The log has the reason.
func TestInboxDisclosesNothing(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	down := newHost(t)
	down.Close()
	html := h.signer(t, "html")
	h.handle("/users/html", func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "<html>") })
	h.handle("/users/broken", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })
	h.handle("/users/redirected", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "http://10.0.0.1/secret", http.StatusFound)
	})
	other := h.actor(t, "other")
	liar := h.actor(t, "liar")
	liar.key = keys()[1]
	private := &signer{t: t, uri: "https://10.0.0.1/users/x", keyID: "https://10.0.0.1/users/x#main-key", key: keys()[0]}
	stolen := &signer{t: t, uri: other.uri, keyID: other.uri + "#another", key: keys()[0]}
	answers := map[string]string{}
	for name, s := range map[string]*signer{
		"not found": h.signer(t, "none"), "a page": html, "an error": h.signer(t, "broken"), "a redirect": h.signer(t, "redirected"),
		"a host that is down": down.signer(t, "x"), "a private address": private, "not the key's": liar, "another key of the actor": stolen,
	} {
		rec := w.post("192.0.2.1", s, inbox, s.activity("Follow", "1", "https://"+domain+"/users/alice"))
		rec.Header().Del("X-RateLimit-Remaining")
		answers[fmt.Sprint(rec.Code, rec.Header(), rec.Body)] += name + ", "
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
	for _, want := range []string{"10.0.0.1", "answers 500", "answers 404", "connection refused", "text/html"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, s := range []*signer{html, private, liar} {
		if !strings.Contains(w.log.String(), "key="+s.keyID+" ") {
			t.Errorf("the log does not say that it was signed with %s", s.keyID)
		}
	}
	// The reason of a refusal is not disclosed either.
	rec := w.post("192.0.2.1", other, inbox, other.activity("Create", "1", html.note("1", "forged")))
	if rec.Code != 403 || strings.Contains(rec.Body.String(), "attributed") || strings.Contains(rec.Body.String(), other.uri) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Posts that wait for a slow key host are bounded, in all, by client and by
// host, and hold no bodies; known servers are served meanwhile.
func TestSlowKeyHost(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Federation.InboxStrangers, c.Federation.KeyFetchesPerClient.Most, c.Federation.KeyFetchesPerHost.Most = 16, 1000, 1000
	})
	slow, good := newHost(t), newHost(t)
	bob := good.actor(t, "bob")
	if rec := w.post("198.51.100.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code, rec.Body)
	}
	var gate atomic.Pointer[chan struct{}] // closed, it lets the slow hosts answer
	slow.otherwise(func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-*gate.Load():
		case <-r.Context().Done():
		}
	})
	hosts := []*host{slow}
	for range 4 {
		h := newHost(t)
		h.otherwise(slow.other)
		hosts = append(hosts, h)
	}
	// attack sends posts of many clients, with keys of many hosts, and returns
	// when all but inside of them have been turned away. end lets the rest go.
	attack := func(t *testing.T, clients, hostCount, posts, inside int) (end func()) {
		release := make(chan struct{})
		gate.Store(&release)
		answers := make(chan *httptest.ResponseRecorder, posts)
		var bodies []*watched
		var requests []*http.Request // all are signed first, which takes a while
		for i := range posts {
			stranger := hosts[i%hostCount].signer(t, fmt.Sprintf("%s-%d", t.Name(), i))
			stranger.keyID = strings.ReplaceAll(stranger.keyID, " ", "_")
			r := stranger.request(w, address(i%clients), inbox, large(w.follow(stranger, "1")))
			bodies, requests = append(bodies, watch(r)), append(requests, r)
		}
		var group sync.WaitGroup
		for _, r := range requests {
			group.Go(func() { answers <- w.do(r) })
		}
		for n := range posts - inside {
			select {
			case rec := <-answers:
				if rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
					t.Errorf("turned away with %d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%d posts wait, want %d", posts-n, inside)
				close(release)
				group.Wait()
				t.FailNow()
			}
		}
		return func() {
			close(release)
			group.Wait()
			for _, b := range bodies {
				if b.wasRead() {
					t.Error("a stranger's body was read")
				}
			}
		}
	}
	t.Run("many clients and one host", func(t *testing.T) {
		defer attack(t, 100, 1, 100, 4)()
		carol := good.actor(t, "carol")
		if rec := w.post("198.51.100.2", carol, inbox, w.follow(carol, "1")); rec.Code != 202 {
			t.Errorf("a stranger of another host is answered %d %s", rec.Code, rec.Body)
		}
	})
	t.Run("one client and many hosts", func(t *testing.T) {
		defer attack(t, 1, 5, 100, 4)()
	})
	t.Run("many clients and many hosts", func(t *testing.T) {
		defer attack(t, 50, 5, 200, 16)()
		for i := range 20 { // the room of strangers is taken; bob is none
			if rec := w.post("198.51.100.1", bob, inbox, w.follow(bob, fmt.Sprint(i))); rec.Code != 202 {
				t.Fatalf("the known server is answered %d %s", rec.Code, rec.Body)
			}
		}
		if rec := w.post("198.51.100.3", good.actor(t, "dave"), inbox, object{}); rec.Code != 503 {
			t.Errorf("a stranger is answered %d", rec.Code)
		}
		fred := good.actor(t, "fred")
		if rec := w.post("198.51.100.1", fred, inbox, w.follow(fred, "1")); rec.Code != 202 {
			t.Errorf("a new account of the known server is answered %d", rec.Code)
		}
	})
	t.Run("a signed GET waits in the same room", func(t *testing.T) {
		defer attack(t, 50, 5, 200, 16)()
		before := good.count("")
		r := good.actor(t, "erin").get(w, "198.51.100.4", private(w))
		if rec := w.do(r); rec.Code != 404 || good.count("") != before {
			t.Errorf("%d, %d GETs", rec.Code, good.count("")-before)
		}
	})
}

// Neighbours on one host: one can neither sign as another, nor take its key's
// id so that the other is no longer known by it.
func TestNeighboursKey(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	victim, mallory := h.actor(t, "victim"), h.actor(t, "mallory")
	mallory.key = keys()[1]
	doc := mallory.document()
	h.handle("/users/mallory", serve(doc))
	accepted := func(s *signer, by string, want int) {
		t.Helper()
		follow := w.follow(s, "1")
		follow["actor"] = by
		if rec := w.post("192.0.2.1", s, inbox, follow); rec.Code != want {
			t.Errorf("%s, signed with %s: %d %s", by, s.keyID, rec.Code, rec.Body)
		}
	}
	accepted(victim, victim.uri, 202)
	accepted(mallory, mallory.uri, 202)
	accepted(mallory, victim.uri, 403)

	// A key document of mallory's that names the victim as its owner.
	h.handle("/keys/1", serve(object{"@context": "https://www.w3.org/ns/activitystreams", "id": h.URL + "/keys/1", "type": "Key",
		"owner": victim.uri, "publicKeyPem": doc["publicKey"].(object)["publicKeyPem"]}))
	claimed := *mallory
	claimed.keyID = h.URL + "/keys/1"
	accepted(&claimed, victim.uri, 401)
	// One that names nobody, and one that names an actor elsewhere.
	other := newHost(t).actor(t, "other")
	for i, owner := range []string{"", other.uri} {
		id := fmt.Sprint(h.URL, "/keys/owner", i)
		h.handle(strings.TrimPrefix(id, h.URL), serve(object{"@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Key", "owner": owner}))
		claimed.keyID = id
		accepted(&claimed, mallory.uri, 401)
	}

	// The victim's key id as mallory's own: in the victim's document, where it
	// is not believed, and as a document of its own, where it is nobody's loss.
	for i, keyID := range []string{victim.keyID, h.URL + "/keys/victim"} {
		victim := h.actor(t, fmt.Sprint("victim", i))
		if i == 0 {
			victim = h.actor(t, "victim")
		}
		victim.keyID = keyID
		h.handle(strings.TrimPrefix(victim.uri, h.URL), serve(victim.document()))
		h.handle("/keys/victim", serve(victim.document()))
		taker := h.actor(t, fmt.Sprint("taker", i))
		taker.key, taker.keyID = keys()[1], keyID
		h.handle(strings.TrimPrefix(taker.uri, h.URL), serve(taker.document()))
		boost := mallory.activity("Create", fmt.Sprint(i), mallory.note(fmt.Sprint(i), "hello"))
		boost["object"].(object)["tag"] = []object{{"type": "Mention", "href": taker.uri}}
		if rec := w.post("192.0.2.1", mallory, inbox, boost); rec.Code != 202 {
			t.Fatal(rec.Code, rec.Body)
		}
		w.runJobs("the taker is fetched", func() bool { return h.count(strings.TrimPrefix(taker.uri, h.URL)) > 0 && w.attempted() })
		if known := w.knows(taker.uri); known != (i == 1) {
			t.Errorf("%s is known: %v", taker.uri, known)
		}
		for range 5 {
			accepted(victim, victim.uri, 202)
		}
		if rec := w.post("192.0.2.1", taker, inbox, w.follow(victim, "2")); rec.Code < 400 {
			t.Errorf("%s acts as %s: %d", taker.uri, victim.uri, rec.Code)
		}
	}
}

// A suspended signer is refused.
func TestSuspendedSigner(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	if err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		account, err := tx.AccountByURI(bob.uri)
		if err != nil {
			return err
		}
		account.SuspendedAt, account.SuspendedByUs = w.clock.Now(), true
		return tx.PutAccount(account)
	}); err != nil {
		t.Fatal(err)
	}
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "2")); rec.Code != 403 {
		t.Errorf("%d", rec.Code)
	}
}

// A body of more bytes than its headers say, or than they say nothing of, is
// read no further than the limit.
func TestChunkedBodyIsBounded(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	r := bob.request(w, "192.0.2.1", inbox, w.follow(bob, "2"))
	read := 0
	r.Body, r.ContentLength = io.NopCloser(readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil })), -1
	if rec := w.do(r); rec.Code != 413 || read > 2<<20 {
		t.Errorf("%d, %d bytes read", rec.Code, read)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Whether a private post exists is not disclosed by whether we fetch the key
// of one who asks for it.
func TestKeyOfReaderDisclosesNothing(t *testing.T) {
	for _, there := range []bool{true, false} {
		for _, page := range []bool{true, false} {
			w, h := newWorld(t), newHost(t)
			path := private(w)
			if page {
				path = "/@alice/" + view(w, func(tx *store.Tx) (string, error) {
					o, err := tx.ObjectByURI("https://" + domain + path)
					return o.ID.String(), err
				})
			}
			if !there {
				path = path[:len(path)-1] + string('0'+('9'-path[len(path)-1])%10)
			}
			if rec := w.do(h.actor(t, "eve").get(w, "192.0.2.1", path)); rec.Code != 404 || h.count("/users/eve") != 1 {
				t.Errorf("%s: %d, %d GETs", path, rec.Code, h.count("/users/eve"))
			}
		}
	}
}

// private is the path of a post of alice's that only some may see.
func private(w *world) string {
	alice := view(w, func(tx *store.Tx) (*store.Account, error) { return tx.AccountByHandle("alice", "") })
	return posted(w, alice.ID, store.Private)
}

func publicPost(w *world, author store.AccountID) string { return posted(w, author, store.Public) }

func posted(w *world, author store.AccountID, v store.Visibility) string {
	w.t.Helper()
	id, err := w.service.Post(w.t.Context(), author, ap.PostRequest{Text: "hello", Visibility: v})
	if err != nil {
		w.t.Fatal(err)
	}
	uri := view(w, func(tx *store.Tx) (string, error) {
		o, err := tx.Object(id)
		return o.URI, err
	})
	return strings.TrimPrefix(uri, "https://"+domain)
}
