package federation_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/internal/apptest"
	"kinglet/store"
)

// What is too large, not signed or signed for nobody is answered before its
// body is read.
func TestInboxJudgesHeadersFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
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
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), bob.KeyID, s.alice.URI+"#main-key", 1))
		}, 401},
		{"a key that is not a URI", func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), bob.KeyID, "http://x@y/#"+strings.Repeat("k", 3000), 1))
		}, 401},
		{"another host", func(r *http.Request) { r.Host = "other.test" }, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.request("192.0.2.1", bob, s.inbox, s.follow(bob, "1"))
			c.change(r)
			body := watch(r)
			if rec := s.here.Do(r); rec.Code != c.status {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			if body.wasRead() {
				t.Error("the body was read")
			}
			if n := gets(bob.Host, ""); n != 0 {
				t.Errorf("%d GETs", n)
			}
		})
	}
}

// A large body is read only once its signature is verified, whether the key
// is known or fetched; a small one of a stranger's before, so that Deletes of
// what was never here cost no fetch.
func TestInboxReadsLargeBodiesOfVerifiedOnly(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	r := s.request("192.0.2.1", bob, s.inbox, large(s.follow(bob, "1")))
	body := watch(r)
	bob.Host.Handle("/users/bob", func(rw http.ResponseWriter, q *http.Request) {
		if body.wasRead() {
			t.Error("the body is read before the key is there")
		}
		serve(bob.Document)(rw, q)
	})
	if rec := s.here.Do(r); rec.Code != 202 || !body.wasRead() {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}

	wrong := s.Stranger("mallory@evil.test").As("bob@b.test")
	r = s.request("192.0.2.1", wrong, s.inbox, large(s.follow(bob, "2")))
	body = watch(r)
	if rec := s.here.Do(r); rec.Code != 401 || body.wasRead() {
		t.Errorf("a wrong signature with a known key: %d, read %v", rec.Code, body.wasRead())
	}

	r = s.request("192.0.2.1", bob, s.inbox, s.follow(bob, "3"))
	r.Body = io.NopCloser(strings.NewReader(`{"another":"body"}`))
	if rec := s.here.Do(r); rec.Code != 401 {
		t.Errorf("another body than was signed: %d", rec.Code)
	}

	before := gets(bob.Host, "")
	gone := bob.As("gone@b.test")
	if rec := s.post("192.0.2.1", gone, s.inbox, activity(gone, "Delete", "1", gone.URI)); rec.Code != 202 || gets(bob.Host, "") != before {
		t.Errorf("a Delete of what was never here: %d, %d GETs", rec.Code, gets(bob.Host, "")-before)
	}
}

// To name a key of somebody else writes nothing: only who signed with it is
// stored.
func TestNamedKeyIsNotStored(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	liar := s.Stranger("mallory@evil.test").As("bob@b.test")
	if rec := s.post("192.0.2.1", liar, s.inbox, s.follow(bob, "1")); rec.Code != 401 {
		t.Errorf("%d", rec.Code)
	}
	if n := gets(bob.Host, "/users/bob"); n != 1 || s.knows(bob.URI) {
		t.Errorf("%d GETs, stored %v", n, s.knows(bob.URI))
	}
	if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 || !s.knows(bob.URI) {
		t.Errorf("%d, stored %v", rec.Code, s.knows(bob.URI))
	}
}

// unowned is the id of a key of an actor's that its document does not name.
func unowned(who *apptest.Stranger) string {
	id := "https://" + who.Host.Name + "/keys/1"
	pem := who.Document["publicKey"].(apptest.Object)["publicKeyPem"]
	who.Host.Serve(id, apptest.Object{"id": id, "type": "CryptographicKey", "owner": who.URI, "publicKeyPem": pem})
	return id
}

// An inbox says the same whatever could not be fetched of a key, so that nobody
// learns what we could reach. The log has the reason.
func TestInboxDisclosesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	other, mallory := s.Stranger("other@b.test"), s.Stranger("mallory@evil.test")
	s.Stranger("liar@b.test")
	s.Host("down.test").Refusing()
	h := other.Host
	h.Handle("/users/html", func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "<html>") })
	h.Handle("/users/broken", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })
	h.Handle("/users/redirected", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "https://10.0.0.1/secret", http.StatusFound)
	})
	html, private, liar, stolen := mallory.As("html@b.test"), mallory.As("x@10.0.0.1"), mallory.As("liar@b.test"), other.As("other@b.test")
	stolen.KeyID = unowned(other)
	answers := map[string]string{}
	for name, by := range map[string]*apptest.Stranger{
		"not found": mallory.As("none@b.test"), "a page": html, "an error": mallory.As("broken@b.test"), "a redirect": mallory.As("redirected@b.test"),
		"a host that is down": mallory.As("x@down.test"), "a private address": private, "not the key's": liar, "a key that the actor does not name": stolen,
	} {
		rec := s.post("192.0.2.1", by, s.inbox, s.follow(by, "1"))
		for _, differs := range []string{"X-RateLimit-Remaining", "X-Request-Id"} {
			rec.Header().Del(differs)
		}
		answers[fmt.Sprint(rec.Code, rec.Header(), rec.Body)] += name + ", "
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
	for _, want := range []string{"10.0.0.1", "answers 500", "answers 404", "connection refused", "text/html"} {
		if !strings.Contains(s.here.Log(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, by := range []*apptest.Stranger{html, private, liar} {
		if !strings.Contains(s.here.Log(), "key="+by.KeyID+" ") {
			t.Errorf("the log does not say that it was signed with %s", by.KeyID)
		}
	}
	// The reason of a refusal is not disclosed either.
	rec := s.post("192.0.2.1", other, s.inbox, activity(other, "Create", "1", note(html, "1", "forged")))
	if rec.Code != 403 || strings.Contains(rec.Body.String(), "attributed") || strings.Contains(rec.Body.String(), other.URI) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Neighbours on one host: one can neither sign as another, nor take its key's
// id so that the other is no longer known by it.
func TestNeighboursKey(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	victim, mallory := s.Stranger("victim@b.test"), s.Stranger("mallory@b.test")
	h := victim.Host
	key := mallory.Document["publicKey"].(object)["publicKeyPem"]
	accepted := func(by *apptest.Stranger, actor string, want int) {
		t.Helper()
		follow := s.follow(by, "1")
		follow["actor"] = actor
		if rec := s.post("192.0.2.1", by, s.inbox, follow); rec.Code != want {
			t.Errorf("%s, signed with %s: %d %s", actor, by.KeyID, rec.Code, rec.Body)
		}
	}
	accepted(victim, victim.URI, 202)
	accepted(mallory, mallory.URI, 202)
	accepted(mallory, victim.URI, 403)

	// A key document of mallory's that names the victim as its owner.
	h.Serve("/keys/1", object{"@context": "https://www.w3.org/ns/activitystreams", "id": "https://b.test/keys/1", "type": "Key", "owner": victim.URI, "publicKeyPem": key})
	claimed := mallory.As("mallory@b.test")
	claimed.KeyID = "https://b.test/keys/1"
	accepted(claimed, victim.URI, 401)
	// One that names nobody, and one that names an actor elsewhere.
	other := s.Stranger("other@c.test")
	for i, owner := range []string{"", other.URI} {
		claimed.KeyID = fmt.Sprint("https://b.test/keys/owner", i)
		h.Serve(claimed.KeyID, object{"@context": "https://www.w3.org/ns/activitystreams", "id": claimed.KeyID, "type": "Key", "owner": owner})
		accepted(claimed, mallory.URI, 401)
	}

	// The victim's key id as mallory's own: in the victim's document, where it
	// is not believed, and as a document of its own, where it is nobody's loss.
	for i, keyID := range []string{victim.KeyID, "https://b.test/keys/victim"} {
		victim := victim
		if i == 1 {
			victim = s.Stranger("victim1@b.test")
			victim.ChangeKeyID(keyID)
		}
		h.Serve("/keys/victim", victim.Document)
		taker := mallory.As(fmt.Sprintf("taker%d@b.test", i))
		taker.ChangeKeyID(keyID)
		boost := activity(mallory, "Create", fmt.Sprint(i), note(mallory, fmt.Sprint(i), "hello"))
		boost["object"].(object)["tag"] = []object{{"type": "Mention", "href": taker.URI}}
		if rec := s.post("192.0.2.1", mallory, s.inbox, boost); rec.Code != 202 {
			t.Fatal(rec.Code, rec.Body)
		}
		s.Run()
		if gets(h, "/users/"+taker.Name) == 0 {
			t.Error("the taker is not fetched")
		}
		if known := s.knows(taker.URI); known != (i == 1) {
			t.Errorf("%s is known: %v", taker.URI, known)
		}
		for range 5 {
			accepted(victim, victim.URI, 202)
		}
		if rec := s.post("192.0.2.1", taker, s.inbox, s.follow(victim, "2")); rec.Code < 400 {
			t.Errorf("%s acts as %s: %d", taker.URI, victim.URI, rec.Code)
		}
	}
}

// A suspended signer is refused.
func TestSuspendedSigner(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	s.here.Update(func(tx *store.Tx) error {
		account, err := tx.AccountByURI(bob.URI)
		if err != nil {
			return err
		}
		account.SuspendedAt, account.SuspendedByUs = s.Now(), true
		return tx.PutAccount(account)
	})
	if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "2")); rec.Code != 403 {
		t.Errorf("%d", rec.Code)
	}
}

// A body of more bytes than its headers say, or than they say nothing of, is
// read no further than the limit.
func TestChunkedBodyIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	r := s.request("192.0.2.1", bob, s.inbox, s.follow(bob, "2"))
	read := 0
	r.Body, r.ContentLength = io.NopCloser(readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil })), -1
	if rec := s.here.Do(r); rec.Code != 413 || read > 2<<20 {
		t.Errorf("%d, %d bytes read", rec.Code, read)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Whether a private post exists is not disclosed by whether we fetch the key
// of one who asks for it.
func TestKeyOfReaderDisclosesNothing(t *testing.T) {
	t.Parallel()
	for _, there := range []bool{true, false} {
		for _, page := range []bool{true, false} {
			t.Run(fmt.Sprintf("there %v, page %v", there, page), func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				post := s.posted(store.Private)
				target := post.URI
				if page {
					target = s.here.Config.URL + "/@alice/" + post.ID.String()
				}
				if !there {
					target = target[:len(target)-1] + string('0'+('9'-target[len(target)-1])%10)
				}
				eve := s.Stranger("eve@evil.test")
				if rec := eve.Get(s.here, target); rec.Code != 404 || gets(eve.Host, "/users/eve") != 1 {
					t.Errorf("%s: %d, %d GETs", target, rec.Code, gets(eve.Host, "/users/eve"))
				}
			})
		}
	}
}

// posted is a post of alice's.
func (s *scene) posted(v store.Visibility) (o *store.Object) {
	s.T.Helper()
	id, err := s.here.Service.Post(s.T.Context(), s.alice.ID, ap.PostRequest{Text: "hello", Visibility: v})
	if err != nil {
		s.T.Fatal(err)
	}
	s.here.View(func(tx *store.Tx) error {
		o, err = tx.Object(id)
		return err
	})
	return o
}
