package ap_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// What an account says of one thing comes to an inbox in the order in which it
// was said, whatever went wrong with the first attempt.
func TestDeliveriesKeepTheirOrder(t *testing.T) {
	type scene struct {
		*apptest.World
		alice *apptest.Account
		host  *apptest.Host
	}
	troubles := map[string]func(h *apptest.Host){
		"nothing":                func(*apptest.Host) {},
		"nothing answers":        func(h *apptest.Host) { h.Down() },
		"it is refused":          func(h *apptest.Host) { h.Refusing() },
		"it is overloaded":       func(h *apptest.Host) { h.Failing(503) },
		"the inbox alone breaks": func(h *apptest.Host) { h.Failing(500) },
	}
	for _, c := range []struct {
		name        string
		act         func(s *scene, now func())
		undisturbed string // what arrives when nothing goes wrong
		disturbed   string // when the first attempts fail
	}{
		{"Create, Update", func(s *scene, now func()) {
			post := s.alice.Post("one")
			now()
			s.alice.Edit(post, "two")
		}, "Create Update", "Create Update"},
		{"Create, Update, Update", func(s *scene, now func()) {
			post := s.alice.Post("one")
			now()
			s.alice.Edit(post, "two")
			s.Run()
			s.alice.Edit(post, "three")
		}, "Create Update Update", "Create Update Update"},
		{"Create, Delete", func(s *scene, now func()) {
			post := s.alice.Post("one")
			now()
			s.alice.Delete(post)
		}, "Create Delete", "Delete"},
		{"Create, Update, Delete", func(s *scene, now func()) {
			post := s.alice.Post("one")
			now()
			s.alice.Edit(post, "two")
			s.Run()
			s.alice.Delete(post)
		}, "Create Update Delete", "Delete"},
	} {
		for trouble, begin := range troubles {
			for _, back := range []string{"before the next", "after the next"} {
				t.Run(c.name+"/"+trouble+"/it is over "+back, func(t *testing.T) {
					w := apptest.NewWorld(t)
					s := &scene{w, w.Server("a.test").Account("alice"), nil}
					bob := w.Stranger("bob@b.test")
					bob.Follow(s.alice)
					s.host = bob.Host
					s.host.Forget()
					begin(s.host)
					c.act(s, func() {
						s.Run()
						if back == "before the next" {
							s.host.Up()
							s.host.Forget()
						}
					})
					s.Run()
					if back == "after the next" && trouble != "nothing" {
						s.host.Up()
						s.host.Forget()
					}
					s.Advance(2 * time.Hour)
					want := c.disturbed
					if trouble == "nothing" {
						want = c.undisturbed
						if back == "before the next" {
							want = strings.TrimPrefix(want, "Create ") // it was there, and is forgotten
						}
					}
					if got := strings.Join(bob.ReceivedTypes(), " "); got != want {
						t.Errorf("received %q, want %q", got, want)
					}
					if dead := w.Server("a.test").DeadJobs(); len(dead) > 0 {
						t.Errorf("given up: %v", dead)
					}
					if n := w.Server("a.test").Jobs("deliver"); n != 0 {
						t.Errorf("%d deliveries still wait", n)
					}
				})
			}
		}
	}
}

// An account may take back and do again.
func TestFollowsKeepTheirOrder(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	bob.FollowedBy(alice)
	bob.Host.Forget()
	bob.Host.Failing(500)
	alice.Relate("unfollow", bob.URI)
	w.Run()
	bob.Host.Up()
	bob.Host.Forget()
	alice.Follow("@bob@b.test")
	w.Run()
	if got := bob.ReceivedTypes(); len(got) != 0 {
		t.Errorf("%v came before the Undo", got)
	}
	w.Advance(time.Hour)
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Undo", "Follow"}) {
		t.Errorf("received %v", got)
	}
}

// One object that a server chokes on holds up no other.
func TestOrdersAreIndependent(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	bob.Follow(alice)
	bob.Host.Failing(500)
	first := alice.Post("one")
	w.Run()
	bob.Host.Up()
	bob.Host.Forget()
	alice.Edit(first, "edited")
	other := alice.Post("two")
	w.Run()
	got := bob.Received()
	if len(got) != 1 || got[0]["type"] != "Create" || got[0]["object"].(apptest.Object)["id"] != other.URI {
		t.Errorf("received %v", got)
	}
}

// A Delete does not wait for the next attempt of what it deletes.
func TestDeleteWaitsForNothing(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	bob.Follow(alice)
	bob.Host.Failing(500)
	post := alice.Post("one")
	w.Run()
	bob.Host.Up()
	bob.Host.Forget()
	alice.Delete(post)
	w.Run()
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Delete"}) {
		t.Errorf("received %v", got)
	}
}

// A deleted account says its Delete, and nothing that still waited.
func TestDeletedAccountSendsNothingMore(t *testing.T) {
	w := apptest.NewWorld(t)
	server := w.Server("a.test")
	alice, bob := server.Account("alice"), w.Stranger("bob@b.test")
	bob.Follow(alice)
	bob.Host.Failing(500)
	alice.Post("one")
	w.Run()
	w.Clock.Advance(time.Hour) // the next attempt is due before anything is purged
	if err := server.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	bob.Host.Up()
	bob.Host.Forget()
	w.Advance(2 * time.Hour)
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Delete"}) {
		t.Errorf("received %v", got)
	}
}

// Whatever job finds a host down sets it aside: what else waits for it is not
// tried in vain, and its host is not the one who sent.
func TestFetchesSetHostsAside(t *testing.T) {
	for _, c := range []struct {
		name  string
		cause func(w *apptest.World, alice *apptest.Account, mallory *apptest.Stranger)
	}{
		{"a boosted post", func(w *apptest.World, alice *apptest.Account, mallory *apptest.Stranger) {
			mallory.Send(alice.Server, mallory.Activity("Announce", "https://c.test/notes/1", "to", []string{apptest.Public}))
		}},
		{"a parent", func(w *apptest.World, alice *apptest.Account, mallory *apptest.Stranger) {
			mallory.Send(alice.Server, mallory.Activity("Create", mallory.Note("hello", "inReplyTo", "https://c.test/notes/1")))
		}},
		{"a mentioned account", func(w *apptest.World, alice *apptest.Account, mallory *apptest.Stranger) {
			tag := []apptest.Object{{"type": "Mention", "href": "https://c.test/users/carol", "name": "@carol@c.test"}}
			mallory.Send(alice.Server, mallory.Activity("Create", mallory.Note("hello", "tag", tag)))
		}},
		{"a redirect to it", func(w *apptest.World, alice *apptest.Account, mallory *apptest.Stranger) {
			mallory.Host.Handle("/go", redirectTo("https://c.test/notes/1"))
			mallory.Send(alice.Server, mallory.Activity("Announce", "https://m.test/go", "to", []string{apptest.Public}))
		}},
	} {
		for trouble, begin := range map[string]func(h *apptest.Host){
			"down": func(h *apptest.Host) { h.Down() }, "no name": func(h *apptest.Host) { h.DNSFails() }, "503": func(h *apptest.Host) { h.Failing(503) },
		} {
			t.Run(c.name+"/"+trouble, func(t *testing.T) {
				w := apptest.NewWorld(t)
				alice, mallory := w.Server("a.test").Account("alice"), w.Stranger("mallory@m.test")
				mallory.FollowedBy(alice)
				begin(w.Host("c.test"))
				c.cause(w, alice, mallory)
				w.Run()
				if got := laneNames(alice.Server.Lanes()); got != "c.test" {
					t.Errorf("set aside: %q", got)
				}
				if until := alice.Server.Lanes(); len(until) == 1 && !until[0].NotBefore.After(w.Now()) {
					t.Errorf("until %v", until[0].NotBefore)
				}
			})
		}
	}
}

func laneNames(list []store.Lane) string {
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}

func redirectTo(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) }
}

// A page of a host that always answers that the host can't, which a stranger may
// name as often as it likes, holds up nothing that goes to the host.
func TestPagesHoldUpNoDelivery(t *testing.T) {
	for _, c := range []struct {
		name  string
		pages int
		more  int           // when it is set aside
		late  time.Duration // after which something goes to the host
	}{{"one, for a day", 1, 0, day}, {"many, at once", 20, 0, 0}, {"many, one after the other", 1, 20, 0}, {"many, for a day", 20, 0, day}} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			alice, bob, mallory := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test"), w.Stranger("mallory@m.test")
			bob.Follow(alice)
			bob.Host.Handle("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
			name := func(n int) {
				for range n {
					note := mallory.To(alice, "x")
					note["inReplyTo"] = "https://b.test/busy?" + note["id"].(string)
					mallory.Send(alice.Server, mallory.Activity("Create", note))
				}
			}
			name(c.pages)
			w.Run()
			if got := laneNames(alice.Server.Lanes()); got != "b.test" {
				t.Fatalf("set aside: %q", got)
			}
			name(c.more)
			w.Advance(c.late)
			if n := len(bob.Host.Asked(http.MethodGet, "/busy")); n > 15*(c.pages+c.more) {
				t.Errorf("the pages are asked for %d times", n)
			}
			bob.Host.Forget()
			for range 10 {
				alice.Post("hello")
			}
			w.Advance(time.Minute)
			if n := len(texts(bob)); n != 10 {
				t.Errorf("of 10 posts %d arrive within a minute", n)
			}
		})
	}
}

// Inboxes that always answer that their host can't come after the others of it:
// who has two of them holds up no neighbour for long.
func TestInboxesHoldUpNoNeighbour(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	for _, name := range []string{"a", "b", "c", "bob"} {
		who := w.Stranger(name + "@b.test")
		delete(who.Document, "endpoints")
		who.Publish()
		who.Follow(alice)
		if name != "bob" {
			who.Host.Handle("/users/"+name+"/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		}
	}
	w.Host("b.test").Forget()
	alice.Post("hello")
	w.Advance(12 * time.Hour)
	if n := len(w.Host("b.test").Asked(http.MethodPost, "/users/bob/inbox")); n != 1 {
		t.Errorf("bob got %d posts in half a day", n)
	}
}

// Of two answers to a Follow that contradict each other the last is the one
// that stands, also when the first could not be delivered.
func TestTheLastAnswerStands(t *testing.T) {
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test")
	status := http.StatusInternalServerError
	bob.Host.Handle("/users/bob/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	follow := bob.Activity("Follow", alice.URI)
	bob.Send(alice.Server, follow)
	w.Run()
	alice.Relate("remove_from_followers", "@bob@b.test")
	w.Run()
	bob.Host.Forget()
	status = http.StatusAccepted
	w.Advance(time.Hour)
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Reject"}) {
		t.Errorf("bob receives %q", got)
	}
	status = http.StatusInternalServerError
	alice.Relate("remove_from_followers", "@bob@b.test")
	bob.Send(alice.Server, follow)
	w.Run()
	bob.Host.Forget()
	status = http.StatusAccepted
	w.Advance(time.Hour)
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Accept"}) {
		t.Errorf("who follows again receives %q", got)
	}
}
