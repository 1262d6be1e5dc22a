package federation_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/ap"
	"kinglet/internal/apptest"
	"kinglet/store"
)

// A stranger who names a page as a key does not keep that page from being
// fetched for those who rightly ask for it.
func TestNamingAPageAsKeyHidesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@evil.test")
	hello := note(bob, "1", "hello")
	bob.Host.Serve(hello["id"].(string), hello)
	for i, page := range []string{bob.URI, hello["id"].(string)} {
		liar := mallory.As("bob@b.test")
		liar.KeyID = page
		if rec := s.post(address(i), liar, s.inbox, s.follow(liar, "1")); rec.Code != 401 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
	if rec := s.post("198.51.100.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
		t.Errorf("who has the key is answered %d %s", rec.Code, rec.Body)
	}
	friend := s.Stranger("friend@c.test")
	if rec := s.post("198.51.100.2", friend, s.inbox, s.follow(friend, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	friend.FollowedBy(s.alice)
	if rec := s.post("198.51.100.2", friend, s.inbox, activity(friend, "Announce", "2", hello["id"])); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	s.Run()
	if n := s.here.Jobs("ingest"); n != 0 {
		t.Errorf("%d boosts wait", n)
	}
	if !s.knows(hello["id"].(string)) {
		t.Error("the boosted post is not here")
	}
}

// Who is known to sign for one host has no larger part of another's.
func TestRedirectsOfAProvenClient(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_HOST=20/5m")
	victim, mallory := s.Host("victim.test"), s.Stranger("mallory@evil.test")
	if rec := s.post("192.0.2.1", mallory, s.inbox, s.follow(mallory, "1")); rec.Code != 202 {
		t.Fatal(rec.Code)
	}
	mallory.Host.Fallback(redirectTo(victim))
	for i := range 75 {
		by := mallory.As(fmt.Sprintf("u%d@evil.test", i))
		s.post("192.0.2.1", by, s.inbox, s.follow(by, "1"))
	}
	if n := gets(victim, ""); n == 0 || n > 20 {
		t.Errorf("%d GETs at the victim", n)
	}
}

// Ids stay under the URL that a database began with, and so do the inboxes.
func TestInboxUnderTheFormerURL(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_URL=https://old.a.test")
	s.here.Restart("KINGLET_URL=https://a.test")
	bob := s.Stranger("bob@b.test")
	for i, host := range []string{"old.a.test", "a.test"} {
		if rec := s.post("192.0.2.1", bob, "https://"+host+"/users/alice/inbox", s.follow(bob, fmt.Sprint(i))); rec.Code != 202 {
			t.Errorf("%s: %d %s", host, rec.Code, rec.Body)
		}
	}
}

// Those whom nobody here follows can't fill the room of those who are followed
// with bodies that trickle, although their keys are known.
func TestFollowedAreLetInWhileOthersStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "KINGLET_FEDERATION_INBOX_MEMORY=1048576")
		mallory, friend := s.Stranger("mallory@evil.test"), s.Stranger("friend@b.test")
		for _, by := range []*apptest.Stranger{mallory, friend} {
			if rec := s.post("192.0.2.1", by, s.inbox, s.follow(by, "1")); rec.Code != 202 {
				t.Fatal(rec.Code)
			}
		}
		friend.FollowedBy(s.alice)
		var group sync.WaitGroup
		defer group.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := s.request("192.0.2.1", mallory, s.inbox, s.follow(mallory, "2")).WithContext(ctx)
		body := &stalled{ctx: ctx, started: make(chan struct{})}
		r.Body, r.ContentLength = body, 1<<20
		group.Go(func() { s.here.Do(r) })
		<-body.started
		start := time.Now()
		if rec := s.post("192.0.2.2", friend, s.inbox, activity(friend, "Create", "2", note(friend, "2", "hello"))); rec.Code != 202 {
			t.Errorf("one who is followed is answered %d", rec.Code)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("one who is followed waits for %s", took)
		}
	})
}

// A post that is on its way while its author's account is deleted is not
// written any more: the purge may be over by then.
func TestPostOfAnAccountDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	h := s.Host("b.test")
	var once sync.Once
	h.Fallback(func(rw http.ResponseWriter, r *http.Request) { // it is asked whom the post mentions
		once.Do(func() {
			if err := s.here.Service.DeleteAccount(context.Background(), "alice"); err != nil {
				t.Error(err)
			}
		})
		http.NotFound(rw, r)
	})
	id, err := s.here.Service.Post(t.Context(), s.alice.ID, ap.PostRequest{Text: "hello @bob@b.test"})
	if gets(h, "") == 0 {
		t.Fatal("nobody was asked")
	}
	if err == nil {
		s.here.View(func(tx *store.Tx) error {
			o, err := tx.Object(id)
			if err == nil {
				t.Errorf("it is here: %q", o.Content)
			}
			return err
		})
	}
}

// Who is turned away is the one who was meant, although a neighbour gave the
// same id to its own follow.
func TestNeighbourIsNotRemovedInstead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@b.test")
	same := s.follow(mallory, "0")
	same["id"] = s.follow(bob, "1")["id"]
	for _, step := range []struct {
		by  *apptest.Stranger
		doc object
	}{{mallory, same}, {bob, s.follow(bob, "1")}} {
		if rec := s.post("192.0.2.1", step.by, s.inbox, step.doc); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	if err := s.here.Service.RejectFollow(t.Context(), s.alice.ID, s.account(bob.URI).ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by      *apptest.Stranger
		follows bool
	}{{bob, false}, {mallory, true}} {
		if follows := s.follows(c.by.URI); follows != c.follows {
			t.Errorf("%s follows: %v", c.by.Name, follows)
		}
	}
}

// An account can end its follow although a neighbour on its host gave the same
// id to its own.
func TestNeighbourTakesTheIDOfAFollow(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@b.test")
	taken := s.follow(mallory, "0")
	for _, step := range []struct {
		by  *apptest.Stranger
		doc object
	}{{mallory, s.follow(mallory, "0")}, {bob, s.follow(bob, "1")}} {
		if rec := s.post("192.0.2.1", step.by, s.inbox, step.doc); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	taken["id"] = s.follow(bob, "1")["id"]
	s.post("192.0.2.1", mallory, s.inbox, taken)
	for i, undone := range []any{s.follow(bob, "1"), s.follow(bob, "1")["id"]} {
		rec := s.post("192.0.2.1", bob, s.inbox, activity(bob, "Undo", fmt.Sprint("undo-", i), undone))
		if following := s.follows(bob.URI); rec.Code != 202 || following {
			t.Errorf("undoing %T: %d, bob follows still: %v", undone, rec.Code, following)
		}
		if rec := s.post("192.0.2.1", bob, s.inbox, s.follow(bob, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
}

// It is not disclosed to a neighbour which posts of others on its host are here.
func TestHiddenPostsAreNotDisclosedToNeighbour(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob, mallory := s.Stranger("bob@b.test"), s.Stranger("mallory@b.test")
	for _, by := range []*apptest.Stranger{bob, mallory} {
		if rec := s.post("192.0.2.1", by, s.inbox, s.follow(by, "1")); rec.Code != 202 {
			t.Fatal(rec.Code)
		}
	}
	bob.FollowedBy(s.alice)
	shared := s.here.Config.SharedInboxURI()
	private := note(bob, "private", "a secret")
	private["to"] = []string{bob.URI + "/followers"}
	create := activity(bob, "Create", "2", private)
	create["to"] = private["to"]
	if rec := s.post("192.0.2.1", bob, shared, create); rec.Code != 202 || !s.knows(private["id"].(string)) {
		t.Fatal(rec.Code)
	}
	n := 0
	for _, typ := range []string{"Create", "Update", "Delete"} {
		for _, embedded := range []bool{false, true} {
			answer := func(id string) string {
				n++
				var object any = id
				if embedded {
					mine := note(mallory, "x", "mine")
					mine["id"] = id
					object = mine
				}
				rec := s.post("192.0.2.1", mallory, shared, activity(mallory, typ, fmt.Sprint("try", n), object))
				return fmt.Sprint(rec.Code, " ", rec.Body)
			}
			if here, missing := answer(private["id"].(string)), answer(bob.URI+"/notes/missing"); here != missing {
				t.Errorf("%s, embedded %v: %s, of one that is missing %s", typ, embedded, here, missing)
			}
		}
	}
}

// Those whom nobody here follows can't have the threads of a host wait without
// end before what is delivered there; one who is followed still can.
func TestWaitingThreadsAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_WAITING_PER_HOST=5")
	victim, mallory, friend := s.Host("victim.test"), s.Stranger("mallory@evil.test"), s.Stranger("friend@b.test")
	friend.FollowedBy(s.alice)
	s.replies(mallory, victim, 20)
	if n := s.here.Jobs("thread"); n != 5 {
		t.Errorf("%d threads wait", n)
	}
	s.replies(friend, victim, 1)
	if n := s.here.Jobs("thread"); n != 6 {
		t.Errorf("%d threads wait with a friend's", n)
	}
}
