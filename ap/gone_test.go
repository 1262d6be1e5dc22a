package ap_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// answers has a host answer a path with a status.
func answers(h *apptest.Host, path string, status int) {
	h.Handle(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// isGone reports whether an account is deleted here.
func isGone(t *testing.T, s *apptest.Server, uri string) (gone bool) {
	t.Helper()
	s.View(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(uri)
		gone = err == nil && !a.DeletedAt.IsZero()
		return err
	})
	return gone
}

// An inbox that answers 410 gets nothing more. Its account goes when its own
// server says that it is gone too, and not because of anything else.
func TestGoneInbox(t *testing.T) {
	for _, c := range []struct {
		name  string
		actor http.HandlerFunc // nil for one that is there
		gone  time.Duration    // after which it is gone; 0 for never
	}{
		{name: "the actor is there"},
		{"the actor is gone", status(http.StatusGone), time.Minute},
		{"the actor is not found", status(http.StatusNotFound), 7*day + time.Hour},
		{"the actor is hidden", status(http.StatusUnauthorized), 0},
		{"the actor is forbidden", status(http.StatusForbidden), 0},
		{"the actor's server fails", status(http.StatusInternalServerError), 0},
		{"a redirect to where it is gone", redirectTo("https://evil.test/gone"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, alice, bob, carl := followedScene(t)
			answers(w.Host("evil.test"), "/gone", http.StatusGone)
			answers(bob.Host, "/inbox", http.StatusGone)
			if c.actor != nil {
				bob.Host.Handle("/users/bob", c.actor)
			}
			alice.Post("one")
			w.Run()
			bob.Host.Forget()
			alice.Post("two")
			w.Advance(day)
			if n := len(bob.Received()); n != 0 {
				t.Errorf("an inbox that is gone receives %v", bob.ReceivedTypes())
			}
			if got := texts(carl); !slices.Equal(got, []string{"one", "two"}) {
				t.Errorf("carl receives %v", got)
			}
			if c.gone > day {
				w.Advance(c.gone - 2*day)
				if isGone(t, alice.Server, bob.URI) {
					t.Error("the account is gone too early")
				}
				w.Advance(day)
			}
			if got := isGone(t, alice.Server, bob.URI); got != (c.gone != 0) {
				t.Errorf("the account is gone: %v", got)
			}
			if n := alice.Do(http.MethodGet, "/api/v1/accounts/"+alice.ID.String())["followers_count"]; n != map[bool]float64{true: 1, false: 2}[c.gone != 0] {
				t.Errorf("alice has %v followers", n)
			}
			if c.gone != 0 {
				return
			}
			// It writes to us: so it is there.
			bob.Publish()
			answers(bob.Host, "/inbox", http.StatusAccepted)
			w.Advance(20 * time.Minute)
			if code := bob.Send(alice.Server, bob.Activity("Like", alice.Post("three").URI)); code != 202 {
				t.Fatal(code)
			}
			w.Run()
			bob.Host.Forget()
			alice.Post("four")
			w.Run()
			if got := texts(bob); !slices.Equal(got, []string{"four"}) {
				t.Errorf("bob, who is back, receives %v", got)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// The Delete of an account that is gone can't be verified: its origin is asked,
// once, and the sender need not come again.
func TestDeleteOfWhoIsGone(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(bob, mallory *apptest.Stranger) *apptest.Stranger // who signs
		code int                                                    // of the actor's own answer
		want int
		gone bool
	}{
		{"signed with a key that is not known", newSigner, http.StatusGone, 202, true},
		{"of an actor that is not found", newSigner, http.StatusNotFound, 202, false},
		{"of an actor that is there", newSigner, 0, 202, false},
		{"brought by another host", func(_, mallory *apptest.Stranger) *apptest.Stranger { return mallory }, http.StatusGone, 202, true},
		{"forged by another host", func(_, mallory *apptest.Stranger) *apptest.Stranger { return mallory }, 0, 202, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, alice, bob, _ := followedScene(t)
			here, mallory := alice.Server, w.Stranger("mallory@evil.test")
			signer := c.send(bob, mallory)
			if c.code != 0 {
				answers(bob.Host, "/users/bob", c.code)
			}
			del := bob.Activity("Delete", bob.URI)
			bob.Host.Forget()
			for range 3 {
				if code := signer.Send(here, del); code != c.want {
					t.Errorf("it is answered with %d, not %d", code, c.want)
				}
				w.Run()
			}
			if got := isGone(t, here, bob.URI); got != c.gone {
				t.Errorf("the account is gone: %v", got)
			}
			n := len(bob.Host.Asked(http.MethodGet, "/users/bob"))
			if n > 3 || c.name == "forged by another host" && n != 1 {
				t.Errorf("its host was asked %d times", n)
			}
		})
	}
}

// newSigner is bob with another key, which is served nowhere.
func newSigner(bob, mallory *apptest.Stranger) *apptest.Stranger {
	who := mallory.As("bob@b.test")
	return who
}

// Nothing waits for a host that has not answered for days, which is asked once a
// day. Whether it answers or writes to us, deliveries go on.
func TestDeadHost(t *testing.T) {
	for _, writes := range []bool{false, true} {
		t.Run(fmt.Sprint("it writes: ", writes), func(t *testing.T) {
			w, alice, bob, carl := followedScene(t)
			here := alice.Server
			bob.Host.Down()
			for i := range 9 {
				alice.Post(fmt.Sprint("post ", i))
				w.Advance(day)
			}
			lanes := here.Lanes()
			if len(lanes) != 1 || !strings.Contains(lanes[0].Name, "b.test") {
				t.Fatalf("set aside are %+v", lanes)
			}
			waiting := here.Jobs("deliver")
			tried := bob.Host.Attempts()
			for i := range 10 {
				alice.Post(fmt.Sprint("later ", i))
				w.Advance(day)
			}
			if n := bob.Host.Attempts() - tried; n < 8 || n > 12 {
				t.Errorf("in ten days it was asked %d times", n)
			}
			if n := here.Jobs("deliver"); n >= waiting || n > 1 {
				t.Errorf("%d deliveries wait, of %d ten days ago", n, waiting)
			}
			if got := texts(carl); len(got) != 19 {
				t.Errorf("carl receives %d posts", len(got))
			}
			bob.Host.Up()
			bob.Host.Forget()
			if writes {
				if code := bob.Send(here, bob.Activity("Like", alice.Post("unheard").URI)); code != 202 {
					t.Fatal(code)
				}
				w.Run()
			} else {
				w.Advance(day + time.Hour)
			}
			alice.Post("heard")
			w.Run()
			if got := texts(bob); len(got) == 0 || got[len(got)-1] != "heard" {
				t.Errorf("bob receives %v", got)
			}
			if lanes := here.Lanes(); len(lanes) != 0 {
				t.Errorf("set aside are %+v", lanes)
			}
		})
	}
}

// A fetch waits as long as its host says, and deliveries to the host do not.
func TestFetchWaitsAsTold(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.FollowedBy(alice)
	target := w.Stranger("bob@new.test")
	target.Document["alsoKnownAs"] = []string{bob.URI}
	busy := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7200")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	target.Host.Handle("/users/bob", busy)
	if code := bob.Send(alice.Server, bob.Activity("Move", bob.URI, "target", target.URI)); code != 202 {
		t.Fatal(code)
	}
	w.Advance(110 * time.Minute)
	if n := len(target.Host.Asked(http.MethodGet, "/users/bob")); n != 1 {
		t.Errorf("it was asked %d times within what it said", n)
	}
	target.Publish()
	w.Advance(time.Hour)
	if n := len(target.Host.Asked(http.MethodGet, "/users/bob")); n < 2 {
		t.Errorf("it was asked %d times", n)
	}
}

// What is left of an account here that was deleted, and of its posts, says so.
func TestTombstones(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	post, other := alice.Post("hello"), alice.Post("again")
	alice.Delete(post)
	tombstone := func(uri, former string) {
		t.Helper()
		rec := bob.Get(alice.Server, uri)
		body := rec.Body.String()
		if rec.Code != http.StatusGone || !strings.Contains(body, `"type":"Tombstone"`) || !strings.Contains(body, `"deleted":"`) || !strings.Contains(body, uri) ||
			former != "" && !strings.Contains(body, `"formerType":"`+former+`"`) || strings.Contains(body, "again") {
			t.Errorf("%s is answered with %d %s", uri, rec.Code, body)
		}
	}
	tombstone(post.URI, "Note")
	if err := alice.Server.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	tombstone(other.URI, "Note")
	w.Advance(100 * day)
	tombstone(alice.URI, "Person")
	tombstone(post.URI, "")
	tombstone(other.URI, "")
}
