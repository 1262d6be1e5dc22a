package federation_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/config"
	"kinglet/store"
)

// Posts that name keys of a victim cause few GETs there, from one address or
// from many, and a wrong key no more than one in a while.
func TestUnknownKeysAtVictim(t *testing.T) {
	set := func(c *config.Config) {
		c.Federation.KeyFetchesPerClient.Most, c.Federation.KeyFetchesPerHost.Most = 10, 25
	}
	for _, c := range []struct {
		name          string
		clients, keys int
		want          int
	}{
		{"one client", 1, 300, 10},
		{"many clients", 100, 300, 25},
		{"one key, many clients", 100, 1, 1},
		{"one document, many keys", 100, -300, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, victim := newWorld(t, set), newHost(t)
			attack := func() {
				for i := range 300 {
					s := victim.signer(t, fmt.Sprint("u", i%max(c.keys, 1)))
					if c.keys < 0 {
						s.keyID += fmt.Sprint(i)
					}
					if rec := w.post(address(i%c.clients), s, inbox, w.follow(s, "1")); rec.Code != 401 && rec.Code != 429 {
						t.Fatalf("%d %s", rec.Code, rec.Body)
					}
				}
			}
			attack()
			if n := victim.count(""); n != c.want {
				t.Errorf("%d GETs, want %d", n, c.want)
			}
			// A client that is over its limit does not use up the host's.
			other := victim.actor(t, "honest")
			rec := w.post("198.51.100.1", other, inbox, w.follow(other, "1"))
			if c.clients == 1 && rec.Code != 202 {
				t.Errorf("an honest stranger is answered %d", rec.Code)
			}
			if rec.Code == 429 && rec.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			w.clock.Advance(6 * time.Minute)
			if rec := w.post("198.51.100.1", other, inbox, w.follow(other, "1")); rec.Code != 202 {
				t.Errorf("later an honest one is answered %d %s", rec.Code, rec.Body)
			}
			before := victim.count("")
			attack()
			if n := victim.count("") - before; n == 0 {
				t.Error("what failed is never asked again")
			}
		})
	}
}

// What did not answer is asked again sooner than what is not there.
func TestFailedFetchIsRememberedForATime(t *testing.T) {
	for _, c := range []struct {
		status int
		after  time.Duration
	}{{http.StatusNotFound, 5 * time.Minute}, {http.StatusGone, 5 * time.Minute}, {http.StatusServiceUnavailable, time.Minute}} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			w, h := newWorld(t), newHost(t)
			h.otherwise(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(c.status) })
			bob := h.signer(t, "bob")
			post := func() { w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")) }
			for range 3 {
				post()
			}
			w.clock.Advance(c.after - time.Second)
			post()
			if n := h.count(""); n != 1 {
				t.Errorf("%d GETs", n)
			}
			w.clock.Advance(time.Second)
			post()
			if n := h.count(""); n != 2 {
				t.Errorf("%d GETs after the time", n)
			}
		})
	}
}

// A key whose document is there and does not own it is asked for once, and an
// owner elsewhere not at all.
func TestUnbelievableKeyIsAskedOnce(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	stolen := *h.actor(t, "bob")
	stolen.keyID = stolen.uri + "#another"
	for i := range 5 {
		if rec := w.post(address(i), &stolen, inbox, w.follow(&stolen, "1")); rec.Code != 401 {
			t.Errorf("%d", rec.Code)
		}
	}
	if n := h.count(""); n != 1 {
		t.Errorf("%d GETs", n)
	}
}

func TestForeignKeyOwner(t *testing.T) {
	w, h, victim := newWorld(t), newHost(t), newHost(t)
	bob := h.signer(t, "bob")
	h.handle("/users/bob", serve(object{"@context": "https://www.w3.org/ns/activitystreams", "id": bob.uri, "type": "Key", "owner": victim.actor(t, "victim").uri}))
	if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 401 || victim.count("") != 0 {
		t.Errorf("%d, %d GETs", rec.Code, victim.count(""))
	}
}

// Those who wait for one key wait for one GET.
func TestKeyIsFetchedOnce(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.actor(t, "bob")
	asked, release := make(chan struct{}, 100), make(chan struct{})
	h.handle("/users/bob", func(rw http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		serve(bob.document())(rw, r)
	})
	var group sync.WaitGroup
	post := func(i int) {
		r := bob.request(w, address(i), inbox, w.follow(bob, "1"))
		group.Go(func() {
			if rec := w.do(r); rec.Code != 202 {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
	post(0)
	<-asked
	for i := range 20 {
		post(i)
	}
	// All of them wait for the one fetch: one that came to it later would find
	// it ended and its key not written yet.
	stacks := make([]byte, 4<<20)
	waiting := func() int {
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "ap.(*flights[...]).do(")
	}
	for deadline := time.Now().Add(20 * time.Second); waiting() < 21; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait for the key", waiting())
		}
	}
	close(release)
	group.Wait()
	if n := h.count("/users/bob"); n != 1 {
		t.Errorf("%d GETs", n)
	}
}

// A server that changes its key is believed at once, while a stranger does
// all to use up the fetches of its key, its host and unknown keys.
func TestChangedKeyWithinAttack(t *testing.T) {
	w, h := newWorld(t, func(c *config.Config) { c.Federation.KeyFetchesPerHost.Most = 20 }), newHost(t)
	bob := h.actor(t, "bob")
	if rec := w.post("198.51.100.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	before := h.count("/users/bob")
	liar := *bob
	liar.key = keys()[1]
	attack := func(clients int) {
		for i := range 200 {
			from := address(i % clients)
			if rec := w.post(from, &liar, inbox, w.follow(bob, "2")); rec.Code < 400 {
				t.Fatal(rec.Code)
			}
			unknown := h.signer(t, fmt.Sprint("u", i))
			w.post(from, unknown, inbox, w.follow(unknown, "2"))
		}
	}
	attack(1)
	if n := h.count("/users/bob") - before; n != 1 {
		t.Errorf("one anonymous causes %d fetches of a key that is known", n)
	}
	attack(100)
	if n := h.count("/users/bob") - before; n > 6 {
		t.Errorf("a hundred cause %d", n)
	}
	changed := *bob
	changed.key = keys()[1]
	h.handle("/users/bob", serve(changed.document()))
	if rec := w.post("198.51.100.1", &changed, inbox, w.follow(bob, "3")); rec.Code != 202 {
		t.Errorf("the changed key is answered %d %s", rec.Code, rec.Body)
	}
	// A new account of that server comes in by the same way.
	carol := h.actor(t, "carol")
	if rec := w.post("198.51.100.1", carol, inbox, w.follow(carol, "1")); rec.Code != 202 {
		t.Errorf("a new account of the known server is answered %d %s", rec.Code, rec.Body)
	}
}

// Fetches of keys that are known here are bounded by client and by host.
func TestKnownKeysAtVictim(t *testing.T) {
	for _, c := range []struct {
		name          string
		clients, want int
	}{{"one client", 1, 10}, {"many clients", 100, 60}} {
		t.Run(c.name, func(t *testing.T) {
			w, victim := newWorld(t), newHost(t)
			var known []*signer
			for i := range 70 {
				s := victim.actor(t, fmt.Sprint("u", i))
				known = append(known, s)
				if rec := w.post("198.51.100.1", s, inbox, w.follow(s, "1")); rec.Code != 202 {
					t.Fatal(rec.Code)
				}
			}
			before := victim.count("")
			for i, s := range known {
				liar := *s
				liar.key = keys()[1]
				w.post(address(i%c.clients), &liar, inbox, w.follow(s, "2"))
			}
			if n := victim.count("") - before; n != c.want {
				t.Errorf("%d GETs", n)
			}
		})
	}
}

// What a host redirects to is counted where it leads.
func TestRedirectsToVictim(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerHost.Most = 20 })
	victim := newHost(t)
	var evil []*host // none of them over the limit of one host
	for range 5 {
		h := newHost(t)
		h.otherwise(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, victim.URL+r.URL.Path, http.StatusFound)
		})
		evil = append(evil, h)
	}
	for i := range 75 {
		s := evil[i%5].signer(t, fmt.Sprint("u", i))
		w.post(address(i), s, inbox, w.follow(s, "1"))
	}
	if n := victim.count(""); n != 20 {
		t.Errorf("%d GETs at the victim", n)
	}
}

// replies has an actor answer n posts of a victim that are not known here, in
// messages to alice's own inbox.
func (w *world) replies(by *signer, victim *host, n int) {
	w.t.Helper()
	for i := range n {
		note := by.note(fmt.Sprint(i), "hello")
		note["inReplyTo"] = fmt.Sprintf("%s/notes/%s%d", victim.URL, by.uri[strings.LastIndex(by.uri, "/")+1:], i)
		if rec := w.post("192.0.2.1", by, inbox, by.activity("Create", fmt.Sprint(i), note)); rec.Code != 202 {
			w.t.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
}

// Messages of one account, of one host, and to one victim cause a bounded
// number of GETs; one whom somebody here follows may cause more.
func TestSignedMessagesCauseFewFetches(t *testing.T) {
	t.Run("one account", func(t *testing.T) {
		w, evil, victim := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerAccount.Most = 7 }), newHost(t), newHost(t)
		w.replies(evil.actor(t, "mallory"), victim, 30)
		w.runJobs("the threads are tried", w.attempted)
		if n := victim.count(""); n != 7 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("many accounts of one host", func(t *testing.T) {
		w, evil, victim := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerSender.Most = 9 }), newHost(t), newHost(t)
		for i := range 10 {
			w.replies(evil.actor(t, fmt.Sprint("m", i)), victim, 3)
		}
		w.runJobs("the threads are tried", w.attempted)
		if n := victim.count(""); n != 9 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("many hosts to one victim", func(t *testing.T) {
		w, victim := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerHost.Most = 11 }), newHost(t)
		for i := range 6 {
			w.replies(newHost(t).actor(t, fmt.Sprint("m", i)), victim, 5)
		}
		w.runJobs("the threads are tried", w.attempted)
		if n := victim.count(""); n != 11 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("one who is followed", func(t *testing.T) {
		w, friend, victim := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerAccount.Most = 2 }), newHost(t), newHost(t)
		bob := friend.actor(t, "bob")
		if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
		w.followed(bob)
		w.replies(bob, victim, 30)
		w.runJobs("the threads are tried", w.attempted)
		if n := victim.count(""); n != 20 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("mentions and threads", func(t *testing.T) {
		w, evil, victim := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerAccount.Most = 7 }), newHost(t), newHost(t)
		mallory := evil.actor(t, "mallory")
		for i := range 50 {
			note := mallory.note(fmt.Sprint(i), "hello")
			note["inReplyTo"] = fmt.Sprintf("%s/parents/%d", victim.URL, i)
			var tags []object
			for j := range 8 {
				tags = append(tags, object{"type": "Mention", "href": fmt.Sprintf("%s/users/u%d-%d", victim.URL, i, j)})
			}
			note["tag"] = tags
			if rec := w.post("192.0.2.1", mallory, inbox, mallory.activity("Create", fmt.Sprint(i), note)); rec.Code != 202 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		w.runJobs("the threads are tried", w.attempted)
		if n := victim.count(""); n != 7 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("the parents that a thread leads to", func(t *testing.T) {
		w, evil := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerAccount.Most = 7 }), newHost(t)
		victim := newHost(t)
		author := victim.actor(t, "author")
		for i := range 30 {
			note := author.note(fmt.Sprint(i), "hello")
			note["@context"] = "https://www.w3.org/ns/activitystreams"
			note["inReplyTo"] = author.uri + fmt.Sprint("/notes/", i+1)
			victim.handle(strings.TrimPrefix(author.uri, victim.URL)+fmt.Sprint("/notes/", i), serve(note))
		}
		mallory := evil.actor(t, "mallory")
		note := mallory.note("1", "hello")
		note["inReplyTo"] = author.uri + "/notes/0"
		if rec := w.post("192.0.2.1", mallory, inbox, mallory.activity("Create", "1", note)); rec.Code != 202 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		w.runJobs("the thread is tried", w.attempted)
		if n := victim.count(""); n > 7 {
			t.Errorf("%d GETs", n)
		}
	})
}

// attempted reports whether every job is done, or to be tried later.
func (w *world) attempted() bool {
	kinds := []string{"deliver", "fan_out", "ingest", "thread", "mentions", "refresh", "handle"}
	due := view(w, func(tx *store.Tx) (time.Time, error) { at, _, err := tx.NextRun(kinds, nil); return at, err })
	return due.IsZero() || due.After(w.clock.Now())
}

// followed has alice follow an account that is known here.
func (w *world) followed(s *signer) {
	w.t.Helper()
	type pair struct{ alice, other store.AccountID }
	p := view(w, func(tx *store.Tx) (pair, error) {
		alice, err := tx.AccountByHandle("alice", "")
		if err != nil {
			return pair{}, err
		}
		other, err := tx.AccountByURI(s.uri)
		if err != nil {
			return pair{}, err
		}
		return pair{alice.ID, other.ID}, nil
	})
	err := w.store.Update(w.t.Context(), func(tx *store.Tx) error {
		f := &store.Follow{AccountID: p.alice, TargetID: p.other, URI: "https://" + domain + "/activities/f", ShowReblogs: true}
		if _, err := tx.PutFollow(f); err != nil {
			return err
		}
		_, err := tx.AcceptFollow(p.alice, p.other)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// What a policy rejects, is gone or is not to be believed ends the job that
// fetched it; what is down has it tried again.
func TestThreadJobEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		left   int64
		parent func(author *signer) http.HandlerFunc
	}{
		{"rejected by a policy", 0, func(author *signer) http.HandlerFunc {
			note := author.note("parent", "spam")
			var tags []object
			for i := range 101 {
				tags = append(tags, object{"type": "Mention", "href": fmt.Sprint("https://other.test/users/", i)})
			}
			note["tag"], note["@context"] = tags, "https://www.w3.org/ns/activitystreams"
			return serve(note)
		}},
		{"no status", 0, func(author *signer) http.HandlerFunc {
			return serve(object{"@context": "https://www.w3.org/ns/activitystreams", "id": author.uri + "/notes/parent", "type": "Tombstone"})
		}},
		{"gone", 0, func(*signer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }
		}},
		{"a page", 0, func(*signer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
		}},
		{"down", 1, func(*signer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, h := newWorld(t), newHost(t)
			mallory, author := h.actor(t, "mallory"), newHost(t)
			a := author.actor(t, "author")
			author.handle("/users/author/notes/parent", c.parent(a))
			note := mallory.note("1", "hello")
			note["inReplyTo"] = a.uri + "/notes/parent"
			if rec := w.post("192.0.2.1", mallory, inbox, mallory.activity("Create", "1", note)); rec.Code != 202 || w.jobs("thread") != 1 {
				t.Fatalf("%d %s, %d jobs", rec.Code, rec.Body, w.jobs("thread"))
			}
			w.runJobs("the thread is tried", func() bool {
				return author.count("/users/author/notes/parent") > 0 && w.attempted()
			})
			if n := w.jobs("thread"); n != c.left {
				t.Errorf("%d jobs are left", n)
			}
		})
	}
}
