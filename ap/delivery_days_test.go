package ap_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

const day = 24 * time.Hour

// followedScene has alice, here, followed by bob of b.test and by carl of c.test.
func followedScene(t *testing.T) (w *apptest.World, alice *apptest.Account, bob, carl *apptest.Stranger) {
	t.Helper()
	w = apptest.NewWorld(t)
	alice = w.Server("a.test").Account("alice")
	bob, carl = w.Stranger("bob@b.test"), w.Stranger("carl@c.test")
	for _, who := range []*apptest.Stranger{bob, carl} {
		if got := who.Follow(alice); got != "Accept" {
			t.Fatalf("%s's Follow is answered with %q", who.Name, got)
		}
		who.Host.Forget()
	}
	return w, alice, bob, carl
}

// texts are those of the posts that somebody received.
func texts(who *apptest.Stranger) (out []string) {
	for _, a := range who.Received() {
		if o, ok := a["object"].(apptest.Object); ok && a["type"] == "Create" {
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(o["content"].(string), "<p>"), "</p>"))
		}
	}
	return out
}

// A host that does not answer for days is set aside with all that waits for
// it, probed with one delivery at a time, and gets everything in order when it
// is back; the others notice nothing.
func TestHostDownForDays(t *testing.T) {
	for name, trouble := range map[string]func(h *apptest.Host) *apptest.Host{
		"down": (*apptest.Host).Down, "refusing": (*apptest.Host).Refusing, "its name is not found": (*apptest.Host).NoSuchName,
		"its name fails": (*apptest.Host).DNSFails, "slow": func(h *apptest.Host) *apptest.Host { return h.Slow(time.Minute) },
		"overloaded": func(h *apptest.Host) *apptest.Host { return h.Failing(http.StatusServiceUnavailable) },
	} {
		t.Run(name, func(t *testing.T) {
			w, alice, bob, carl := followedScene(t)
			trouble(bob.Host)
			var want []string
			for i := range 5 {
				want = append(want, fmt.Sprint("post ", i))
				alice.Post(want[i])
				w.Advance(time.Hour)
			}
			if got := texts(carl); !slices.Equal(got, want) {
				t.Errorf("carl, whose host is well, receives %v", got)
			}
			lanes := alice.Server.Lanes()
			if len(lanes) != 1 || lanes[0].Name != "b.test" || !lanes[0].NotBefore.After(w.Now()) {
				t.Fatalf("set aside are %+v", lanes)
			}
			before := bob.Host.Attempts()
			w.Advance(5 * day)
			if n := bob.Host.Attempts() - before; n < 18 || n > 24 {
				t.Errorf("in five days the host was probed %d times, not every six hours", n)
			}
			bob.Host.Up()
			bob.Host.Forget()
			w.Advance(7 * time.Hour)
			if got := texts(bob); !slices.Equal(got, want) {
				t.Errorf("once its host is back bob receives %v", got)
			}
			if lanes := alice.Server.Lanes(); len(lanes) != 0 {
				t.Errorf("set aside are %+v", lanes)
			}
			bob.Host.Forget()
			alice.Post("now")
			w.Run()
			if got := texts(bob); !slices.Equal(got, []string{"now"}) {
				t.Errorf("the next post finds bob at once, who receives %v", got)
			}
		})
	}
}

// What could not be delivered for a week becomes a dead letter, which is kept
// for a month; whoever comes back later gets what is new.
func TestDeadLetters(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.Host.Down()
	alice.Post("lost")
	w.Advance(6 * day)
	if dead := alice.Server.DeadJobs(); len(dead) != 0 {
		t.Fatalf("after six days %+v is given up", dead)
	}
	w.Advance(2 * day)
	dead := alice.Server.DeadJobs()
	if len(dead) != 1 || dead[0].Lane != "b.test" || dead[0].Error == "" {
		t.Fatalf("given up are %+v", dead)
	}
	bob.Host.Up()
	bob.Host.Forget()
	w.Advance(day)
	alice.Post("found")
	w.Advance(day)
	if got := texts(bob); !slices.Equal(got, []string{"found"}) {
		t.Errorf("bob receives %v", got)
	}
	w.Advance(32 * day)
	if dead := alice.Server.DeadJobs(); len(dead) != 0 {
		t.Errorf("after a month %+v is still there", dead)
	}
}

// What an inbox answers decides what becomes of a delivery: given up, tried
// again by itself, or the whole host set aside.
func TestAnswersOfInboxes(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		dead, set  int
		quiet      time.Duration // in which nothing is tried
	}{
		{status: 200}, {status: 204},
		{status: 400, dead: 1}, {status: 403, dead: 1}, {status: 404, dead: 1}, {status: 410, dead: 1},
		{status: 401, quiet: 20 * time.Second}, {status: 408, quiet: 20 * time.Second}, {status: 500, quiet: 20 * time.Second},
		{status: 429, set: 1, quiet: 20 * time.Second}, {status: 503, retryAfter: "7200", set: 1, quiet: 119 * time.Minute},
		{status: 503, retryAfter: "9999999", set: 1, quiet: 23 * time.Hour}, {status: 502, retryAfter: "soon", set: 1, quiet: 20 * time.Second},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.retryAfter), func(t *testing.T) {
			w, alice, bob, _ := followedScene(t)
			bob.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) {
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
			})
			alice.Post("hello")
			w.Run()
			requests := 1
			if c.status == 400 || c.status == 401 {
				requests = 2 // with a signature of each kind
			}
			if n := len(bob.Received()); n != requests {
				t.Fatalf("it was tried %d times", n)
			}
			if dead, lanes := alice.Server.DeadJobs(), alice.Server.Lanes(); len(dead) != c.dead || len(lanes) != c.set {
				t.Errorf("%d jobs are given up, %d hosts set aside", len(dead), len(lanes))
			}
			w.Advance(c.quiet)
			if n := len(bob.Received()); n != requests {
				t.Errorf("it was tried again within %s", c.quiet)
			}
			if c.quiet == 0 {
				w.Advance(2 * day)
				if n := len(bob.Received()); n != requests {
					t.Errorf("it was tried %d times", n)
				}
				return
			}
			bob.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) })
			w.Advance(2 * time.Hour)
			if n := len(bob.Received()); n != requests+1 {
				t.Errorf("it came %d times", n)
			}
		})
	}
}

// An answer that breaks off is one all the same: the inbox had it.
func TestAnswerOfInboxBreaksOff(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.Host.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("thanks ", 20_000)) })
	alice.Post("hello")
	w.Advance(day)
	if n := len(bob.Received()); n != 1 || len(alice.Server.DeadJobs()) != 0 {
		t.Errorf("an inbox that answers at length is tried %d times", n)
	}
}

// A server that is stopped with deliveries waiting makes them when it starts
// again, and remembers which hosts are down.
func TestRestartKeepsDeliveries(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.Host.Down()
	alice.Post("one")
	w.Run()
	alice.Post("two")
	alice.Server.Restart()
	tried := bob.Host.Attempts()
	w.Run()
	if n := bob.Host.Attempts() - tried; n != 0 {
		t.Errorf("a host that is down was tried %d times after the start", n)
	}
	bob.Host.Up()
	w.Advance(time.Hour)
	if got := texts(bob); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("bob receives %v", got)
	}
}

// A deleted account's Delete is still signed for a host that was down, and its
// key goes when everyone has it.
func TestDeletedAccountSendsDeleteForDays(t *testing.T) {
	w, alice, bob, carl := followedScene(t)
	alice.Post("hello")
	w.Run()
	bob.Host.Down()
	bob.Host.Forget()
	if err := alice.Server.Service.DeleteAccount(t.Context(), alice.Name); err != nil {
		t.Fatal(err)
	}
	w.Advance(2 * day)
	if got := carl.ReceivedTypes(); !slices.Contains(got, "Delete") {
		t.Errorf("carl receives %v", got)
	}
	if key := privateKey(t, alice); key == "" {
		t.Error("the key is gone before the last Delete went out")
	}
	bob.Host.Up()
	w.Advance(day)
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Delete"}) {
		t.Errorf("bob receives %v", got)
	}
	if key := privateKey(t, alice); key != "" {
		t.Error("the key is still there")
	}
	if w := bob.Get(alice.Server, alice.URI); w.Code != http.StatusGone {
		t.Errorf("the actor is answered with %d", w.Code)
	}
}
