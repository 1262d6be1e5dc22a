package federation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A stranger who names a page as a key does not keep that page from being
// fetched for those who rightly ask for it.
func TestNamingAPageAsKeyHidesNothing(t *testing.T) {
	w, victim := newWorld(t), newHost(t)
	bob := victim.actor(t, "bob")
	note := bob.note("1", "hello")
	victim.handle("/users/bob/notes/1", serve(note))
	for i, page := range []string{bob.uri, note["id"].(string)} {
		mallory := &signer{t: t, uri: bob.uri, keyID: page, key: keys()[1]}
		if rec := w.post(address(i), mallory, inbox, w.follow(mallory, "1")); rec.Code != 401 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
	if rec := w.post("198.51.100.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
		t.Errorf("who has the key is answered %d %s", rec.Code, rec.Body)
	}
	friend := newHost(t).actor(t, "friend")
	if rec := w.post("198.51.100.2", friend, inbox, w.follow(friend, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	w.followed(friend)
	if rec := w.post("198.51.100.2", friend, inbox, friend.activity("Announce", "2", note["id"])); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	w.runJobs("boost", func() bool { return w.jobs("ingest") == 0 })
	if !w.knows(note["id"].(string)) {
		t.Error("the boosted post is not here")
	}
}

// Who is known to sign for one host has no larger part of another's.
func TestRedirectsOfAProvenClient(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Federation.FetchesPerHost.Most = 20 })
	victim, evil := newHost(t), newHost(t)
	mallory := evil.actor(t, "mallory")
	if rec := w.post("192.0.2.1", mallory, inbox, w.follow(mallory, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	evil.otherwise(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, victim.URL+r.URL.Path, http.StatusFound)
	})
	for i := range 75 {
		s := evil.signer(t, fmt.Sprint("u", i))
		w.post("192.0.2.1", s, inbox, w.follow(s, "1"))
	}
	if n := victim.count(""); n > 20 {
		t.Errorf("%d GETs at the victim", n)
	}
}

// Ids stay under the URL that a database began with, and so do the inboxes.
func TestInboxUnderTheFormerURL(t *testing.T) {
	w := newWorld(t)
	w.config.KeepIDs("https://old." + domain)
	bob := newHost(t).actor(t, "bob")
	for i, host := range []string{"old." + domain, domain} {
		doc, err := json.Marshal(bob.activity("Follow", fmt.Sprint(i), "https://"+domain+"/users/alice"))
		if err != nil {
			t.Fatal(err)
		}
		r := bob.request(w, "192.0.2.1", inbox, doc)
		r.Host = host
		bob.sign(w, r, doc)
		if rec := w.do(r); rec.Code != 202 {
			t.Errorf("%s: %d %s\n%s", host, rec.Code, rec.Body, w.log)
		}
	}
}

// Those whom nobody here follows can't fill the room of those who are followed
// with bodies that trickle, although their keys are known.
func TestFollowedAreLetInWhileOthersStall(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Federation.InboxMemory = 1 << 20 })
	mallory, friend := newHost(t).actor(t, "mallory"), newHost(t).actor(t, "friend")
	for _, s := range []*signer{mallory, friend} {
		if rec := w.post("192.0.2.1", s, inbox, w.follow(s, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	w.followed(friend)
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := mallory.request(w, "192.0.2.1", inbox, w.follow(mallory, "2")).WithContext(ctx)
	body := &stalled{ctx: ctx, started: make(chan struct{})}
	r.Body, r.ContentLength = body, 1<<20
	group.Go(func() { w.do(r) })
	<-body.started
	r = friend.request(w, "192.0.2.2", inbox, friend.activity("Create", "2", friend.note("2", "hello")))
	within, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	if rec := w.do(r.WithContext(within)); rec.Code != 202 {
		t.Errorf("one who is followed is answered %d", rec.Code)
	}
}

// A post that is on its way while its author's account is deleted is not
// written any more: the purge may be over by then.
func TestPostOfAnAccountDeletedMeanwhile(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	alice := view(w, func(tx *store.Tx) (*store.Account, error) { return tx.AccountByHandle("alice", "") })
	var once sync.Once
	h.otherwise(func(rw http.ResponseWriter, r *http.Request) { // it is asked whom the post mentions
		once.Do(func() {
			if err := w.service.DeleteAccount(context.Background(), "alice"); err != nil {
				t.Error(err)
			}
		})
		http.NotFound(rw, r)
	})
	id, err := w.service.Post(t.Context(), alice.ID, ap.PostRequest{Text: "hello @bob@" + strings.TrimPrefix(h.URL, "http://")})
	if h.count("") == 0 {
		t.Fatal("nobody was asked")
	}
	if err == nil {
		o := view(w, func(tx *store.Tx) (*store.Object, error) { return tx.Object(id) })
		t.Errorf("it is here: %q", o.Content)
	}
}

// Who is turned away is the one who was meant, although a neighbour gave the
// same id to its own follow.
func TestNeighbourIsNotRemovedInstead(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob, mallory := h.actor(t, "bob"), h.actor(t, "mallory")
	same := w.follow(mallory, "0")
	same["id"] = w.follow(bob, "1")["id"]
	for _, step := range []struct {
		by  *signer
		doc object
	}{{mallory, same}, {bob, w.follow(bob, "1")}} {
		if rec := w.post("192.0.2.1", step.by, inbox, step.doc); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	type accounts struct{ alice, bob, mallory *store.Account }
	who := view(w, func(tx *store.Tx) (a accounts, err error) {
		if a.alice, err = tx.AccountByHandle("alice", ""); err != nil {
			return a, err
		}
		if a.bob, err = tx.AccountByURI(bob.uri); err != nil {
			return a, err
		}
		a.mallory, err = tx.AccountByURI(mallory.uri)
		return a, err
	})
	if err := w.service.RejectFollow(t.Context(), who.alice.ID, who.bob.ID); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		account *store.Account
		follows bool
	}{"bob": {who.bob, false}, "mallory": {who.mallory, true}} {
		if follows := view(w, func(tx *store.Tx) (bool, error) {
			_, err := tx.Follow(c.account.ID, who.alice.ID)
			if fault.Is(err, fault.NotFound) {
				return false, nil
			}
			return true, err
		}); follows != c.follows {
			t.Errorf("%s follows: %v", name, follows)
		}
	}
}

// An account can end its follow although a neighbour on its host gave the same
// id to its own.
func TestNeighbourTakesTheIDOfAFollow(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob, mallory := h.actor(t, "bob"), h.actor(t, "mallory")
	taken := w.follow(mallory, "0")
	for _, step := range []struct {
		by  *signer
		doc object
	}{{mallory, w.follow(mallory, "0")}, {bob, w.follow(bob, "1")}} {
		if rec := w.post("192.0.2.1", step.by, inbox, step.doc); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	taken["id"] = w.follow(bob, "1")["id"]
	w.post("192.0.2.1", mallory, inbox, taken)
	for i, undone := range []any{w.follow(bob, "1"), w.follow(bob, "1")["id"]} {
		rec := w.post("192.0.2.1", bob, inbox, bob.activity("Undo", fmt.Sprint("undo-", i), undone))
		following := view(w, func(tx *store.Tx) (bool, error) {
			account, err := tx.AccountByURI(bob.uri)
			if err != nil {
				return false, err
			}
			alice, err := tx.AccountByHandle("alice", "")
			if err != nil {
				return false, err
			}
			_, err = tx.Follow(account.ID, alice.ID)
			if fault.Is(err, fault.NotFound) {
				return false, nil
			}
			return true, err
		})
		if rec.Code != 202 || following {
			t.Errorf("undoing %T: %d, bob follows still: %v", undone, rec.Code, following)
		}
		if rec := w.post("192.0.2.1", bob, inbox, w.follow(bob, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
}

// It is not disclosed to a neighbour which posts of others on its host are here.
func TestHiddenPostsAreNotDisclosedToNeighbour(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob, mallory := h.actor(t, "bob"), h.actor(t, "mallory")
	for _, s := range []*signer{bob, mallory} {
		if rec := w.post("192.0.2.1", s, inbox, w.follow(s, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	w.followed(bob)
	private := bob.note("private", "a secret")
	private["to"] = []string{bob.uri + "/followers"}
	create := bob.activity("Create", "2", private)
	create["to"] = private["to"]
	if rec := w.post("192.0.2.1", bob, "/inbox", create); rec.Code != 202 || !w.knows(private["id"].(string)) {
		t.Fatal(rec.Code)
	}
	n := 0
	for _, typ := range []string{"Create", "Update", "Delete"} {
		for _, embedded := range []bool{false, true} {
			answer := func(id string) string {
				n++
				var object any = id
				if embedded {
					note := mallory.note("x", "mine")
					note["id"] = id
					object = note
				}
				rec := w.post("192.0.2.1", mallory, "/inbox", mallory.activity(typ, fmt.Sprint("try", n), object))
				return fmt.Sprint(rec.Code, " ", rec.Body)
			}
			if here, missing := answer(private["id"].(string)), answer(bob.uri+"/notes/missing"); here != missing {
				t.Errorf("%s, embedded %v: %s, of one that is missing %s", typ, embedded, here, missing)
			}
		}
	}
}

// Those whom nobody here follows can't have the threads of a host wait without
// end before what is delivered there; one who is followed still can.
func TestWaitingThreadsAreBounded(t *testing.T) {
	w, victim := newWorld(t, func(c *config.Config) { c.Federation.WaitingPerHost = 5 }), newHost(t)
	mallory, friend := newHost(t).actor(t, "mallory"), newHost(t).actor(t, "friend")
	w.replies(mallory, victim, 20)
	if n := w.jobs("thread"); n != 5 {
		t.Errorf("%d threads wait", n)
	}
	if rec := w.post("192.0.2.1", friend, inbox, w.follow(friend, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	w.followed(friend)
	w.replies(friend, victim, 1)
	if n := w.jobs("thread"); n != 6 {
		t.Errorf("%d threads wait with a friend's", n)
	}
}
