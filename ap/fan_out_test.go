package ap_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/ap/activity"
	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/engine"
)

// crowd has an account followed by one account of each of n hosts.
func crowd(w *apptest.World, alice *apptest.Account, n int) (hosts []*apptest.Host) {
	alice.Server.Update(func(tx *store.Tx) error {
		for i := range n {
			name := fmt.Sprintf("h%d.test", i)
			hosts = append(hosts, w.Host(name))
			hosts[i].Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
			who := &store.Account{URI: "https://" + name + "/users/bob", Username: "bob", Domain: name, Type: "Person", Inbox: "https://" + name + "/inbox"}
			if err := tx.PutAccount(who); err != nil {
				return err
			}
			if _, err := tx.PutFollow(&store.Follow{AccountID: who.ID, TargetID: alice.ID, URI: who.URI + "/follow"}); err != nil {
				return err
			}
			if _, err := tx.AcceptFollow(who.ID, alice.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return hosts
}

// leave has all of the crowd but the first few follow no more.
func leave(alice *apptest.Account, hosts []*apptest.Host, few int) {
	alice.Server.Update(func(tx *store.Tx) error {
		for i := few; i < len(hosts); i++ {
			who, err := tx.AccountByURI(fmt.Sprintf("https://h%d.test/users/bob", i))
			if err != nil {
				return err
			}
			if _, err := tx.DeleteFollow(who.ID, alice.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrived are the types of what came to the inbox of a host.
func arrived(h *apptest.Host) string {
	var types []string
	for _, r := range h.Asked(http.MethodPost, "/inbox") {
		for _, t := range []string{"Create", "Update", "Delete"} {
			if strings.Contains(string(r.Body), `"type":"`+t+`"`) {
				types = append(types, t)
			}
		}
	}
	return strings.Join(types, " ")
}

// A post to many servers is one job until its deliveries are enqueued, and comes
// to each of them once. What is said of it later comes later, whatever had been
// enqueued by then.
func TestFanOut(t *testing.T) {
	const many, few = 60, 3 // a step enqueues 50: see TestFanOutSteps
	type scene struct {
		*apptest.World
		alice *apptest.Account
		hosts []*apptest.Host
		post  *apptest.Status
	}
	edit := func(s *scene) { s.alice.Edit(s.post, "two") }
	remove := func(s *scene) { s.alice.Delete(s.post) }
	for _, c := range []struct {
		name         string
		acts         []func(s *scene)
		first, other string // what comes to the first few hosts, and to the others
	}{
		{"a post", nil, "Create", "Create"},
		{"an edit at once", []func(s *scene){edit}, "Create Update", "Create Update"},
		{"an edit for few", []func(s *scene){func(s *scene) { leave(s.alice, s.hosts, few) }, edit}, "Create Update", "Create"},
		{"a Delete at once", []func(s *scene){remove}, "Delete", "Delete"},
		{"a Delete for few", []func(s *scene){func(s *scene) { leave(s.alice, s.hosts, few) }, remove}, "Delete", ""},
		{"an edit and a Delete at once", []func(s *scene){edit, remove}, "Delete", "Delete"},
	} {
		for _, trouble := range []string{"none", "first attempts fail"} {
			t.Run(c.name+"/"+trouble, func(t *testing.T) {
				w := apptest.NewWorld(t)
				s := &scene{World: w, alice: w.Server("a.test").Account("alice")}
				s.hosts = crowd(w, s.alice, many)
				s.post = s.alice.Post("one")
				if rows, deliveries := s.alice.Server.Jobs("fan_out"), s.alice.Server.Jobs("deliver"); rows != 1 || deliveries != 0 {
					t.Errorf("the post causes %d jobs and %d deliveries", rows, deliveries)
				}
				for _, act := range c.acts {
					act(s)
				}
				if trouble != "none" {
					for _, h := range s.hosts {
						h.Failing(500)
					}
					w.Run()
					for _, h := range s.hosts {
						h.Up()
						h.Forget()
					}
				}
				w.Advance(2 * time.Hour)
				for i, h := range s.hosts {
					want := c.other
					if i < few {
						want = c.first
					}
					if got := arrived(h); got != want {
						t.Fatalf("host %d receives %q, want %q", i, got, want)
					}
				}
				if n := s.alice.Server.Jobs("deliver") + s.alice.Server.Jobs("fan_out"); n != 0 {
					t.Errorf("%d jobs are left", n)
				}
			})
		}
	}
}

// Few deliveries need no job to enqueue them.
func TestFewAreDeliveredDirectly(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	hosts := crowd(w, alice, 3)
	alice.Post("one")
	if n := alice.Server.Jobs("deliver"); n != 3 {
		t.Errorf("%d deliveries", n)
	}
	w.Run()
	for _, h := range hosts {
		if got := arrived(h); got != "Create" {
			t.Errorf("%q arrives", got)
		}
	}
}

// For very many servers there are several such jobs, one after the other; a later
// activity replaces or follows all of them.
func TestFanOutInParts(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	hosts := crowd(w, alice, 501)
	post := alice.Post("one")
	alice.Edit(post, "two")
	if n := alice.Server.Jobs("fan_out"); n != 4 {
		t.Errorf("a post and an edit are %d jobs", n)
	}
	w.Run()
	for i, h := range hosts {
		if got := arrived(h); got != "Create Update" {
			t.Fatalf("host %d receives %q", i, got)
		}
		h.Forget()
	}
	alice.Edit(post, "three")
	alice.Delete(post)
	if n := alice.Server.Jobs("fan_out"); n != 2 {
		t.Errorf("a Delete leaves %d jobs", n)
	}
	w.Run()
	for i, h := range hosts {
		if got := arrived(h); got != "Delete" {
			t.Fatalf("host %d receives %q", i, got)
		}
	}
}

// The key of a deleted account stays until its Delete is enqueued for everyone.
func TestFanOutIsADelivery(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	crowd(w, alice, 20)
	if err := alice.Server.Service.DeleteAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	alice.Server.View(func(tx *store.Tx) error {
		found, err := tx.Sending(alice.ID, 0)
		if !found.Waits {
			t.Error("nothing is to be delivered")
		}
		return err
	})
}

// A step of a fan-out enqueues a bounded number of deliveries, in their order.
func TestFanOutSteps(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	crowd(w, alice, 9)
	post := alice.Post("one")
	args := activity.FanOutArgs{Sender: alice.ID}
	for i := range 120 {
		args.Inboxes = append(args.Inboxes, fmt.Sprintf("https://s%d.test/inbox", i))
	}
	alice.Server.View(func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(post.URI)
		args.Activity = o.ID
		return err
	})
	var enqueued []int64
	for left := &args; left != nil; {
		alice.Server.Update(func(tx *store.Tx) (err error) {
			left, err = activity.FanOut(tx, *left)
			return err
		})
		enqueued = append(enqueued, alice.Server.Jobs("deliver"))
	}
	if !slices.Equal(enqueued, []int64{50, 100, 120}) {
		t.Errorf("after each step %d deliveries are enqueued", enqueued)
	}
}

// What a post writes until its answer does not depend on how many servers it
// goes to.
func TestPostCostsTheSame(t *testing.T) {
	count := func(followers int) (statements int) {
		w := apptest.NewWorld(t)
		alice := w.Server("a.test").Account("alice")
		crowd(w, alice, followers)
		ctx := engine.WithTrace(t.Context(), func(string, []any) { statements++ })
		if _, err := alice.Server.Service.Post(ctx, alice.ID, ap.PostRequest{Text: "hello", Visibility: store.Public}); err != nil {
			t.Fatal(err)
		}
		return statements
	}
	if few, many := count(20), count(200); few != many {
		t.Errorf("%d statements for 20 servers, %d for 200", few, many)
	}
}
