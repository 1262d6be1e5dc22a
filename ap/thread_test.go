package ap_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// thread is a chain of answers of bob's; the last is the one that comes here.
func thread(bob *apptest.Stranger, length int) (uris []string, last apptest.Object) {
	before := any(nil)
	for i := range length {
		last = bob.Note(fmt.Sprint("post ", i), "inReplyTo", before)
		before = last["id"]
		uris = append(uris, last["id"].(string))
	}
	return uris, last
}

// What an answer answers is fetched, up to a depth, so that a thread can be
// read from its beginning.
func TestThreadIsCompleted(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.FollowedBy(alice)
	uris, last := thread(bob, 5)
	if got := bob.Send(alice.Server, bob.Activity("Create", last)); got != http.StatusAccepted {
		t.Fatal(got)
	}
	w.Run()
	var context struct{ Ancestors []apptest.Object }
	alice.Into(&context, http.MethodGet, "/api/v1/statuses/"+alice.Status(uris[4]).ID+"/context")
	if len(context.Ancestors) != 4 {
		t.Fatalf("%d posts before it are known", len(context.Ancestors))
	}
	for i, st := range context.Ancestors {
		if st["uri"] != uris[i] {
			t.Errorf("the %dth is %v", i, st["uri"])
		}
	}
	if st := alice.Status(uris[0]); st.Count("replies") != 1 {
		t.Errorf("the first has %d answers", st.Count("replies"))
	}
}

// A thread without an end, or one that goes in a circle, costs a bounded
// number of requests.
func TestThreadsEnd(t *testing.T) {
	t.Run("long", func(t *testing.T) {
		w, alice, bob, _ := followedScene(t)
		bob.FollowedBy(alice)
		_, last := thread(bob, 300)
		bob.Host.Forget()
		bob.Send(alice.Server, bob.Activity("Create", last))
		w.Advance(day)
		if n := len(bob.Host.Asked(http.MethodGet, "")); n < 5 || n > 120 {
			t.Errorf("it had us ask %d times", n)
		}
	})
	t.Run("a circle", func(t *testing.T) {
		w, alice, bob, _ := followedScene(t)
		bob.FollowedBy(alice)
		w.Advance(time.Minute) // the profile is completed
		first := bob.Note("one", "id", "https://b.test/notes/one", "inReplyTo", "https://b.test/notes/two")
		bob.Note("two", "id", "https://b.test/notes/two", "inReplyTo", "https://b.test/notes/one")
		bob.Host.Forget()
		bob.Send(alice.Server, bob.Activity("Create", first))
		w.Advance(day)
		if n := len(bob.Host.Asked(http.MethodGet, "")); n > 4 {
			t.Errorf("it had us ask %d times", n)
		}
		alice.Do(http.MethodGet, "/api/v1/statuses/"+alice.Status("https://b.test/notes/one").ID+"/context")
	})
}

// A host that does not answer when a thread is completed is asked again.
func TestThreadOfHostThatIsDown(t *testing.T) {
	w, alice, bob, carl := followedScene(t)
	bob.FollowedBy(alice)
	first := carl.Note("the beginning")
	carl.Host.Down()
	answer := bob.Note("an answer", "inReplyTo", first["id"])
	bob.Send(alice.Server, bob.Activity("Create", answer))
	w.Run()
	if alice.Status(first["id"].(string)) != nil {
		t.Fatal("it was fetched")
	}
	w.Advance(3 * time.Hour)
	carl.Host.Up()
	w.Advance(12 * time.Hour)
	if alice.Status(first["id"].(string)) == nil {
		t.Error("it is not there when its host is back")
	}
	if st := alice.Status(answer["id"].(string)); st.Entity["in_reply_to_id"] == nil {
		t.Error("the answer does not know what it answers")
	}
}

// What is fetched and not fit to be believed is not there, whatever is wrong
// with it.
func TestFetchedPosts(t *testing.T) {
	for name, serve := range map[string]func(bob, carl *apptest.Stranger, note apptest.Object){
		"not there": func(bob, _ *apptest.Stranger, note apptest.Object) { bob.Host.Remove(note["id"].(string)) },
		"no ActivityPub": func(bob, _ *apptest.Stranger, note apptest.Object) {
			bob.Host.ServeAs(note["id"].(string), "application/json", note)
		},
		"a page": func(bob, _ *apptest.Stranger, note apptest.Object) {
			bob.Host.ServeAs(note["id"].(string), "text/html", "<p>hello")
		},
		"broken off":          func(bob, _ *apptest.Stranger, _ apptest.Object) { bob.Host.CutOff(20) },
		"a server in trouble": func(bob, _ *apptest.Stranger, _ apptest.Object) { bob.Host.Failing(500) },
		"gone":                func(bob, _ *apptest.Stranger, _ apptest.Object) { bob.Host.Failing(410) },
		"another's author": func(bob, carl *apptest.Stranger, note apptest.Object) {
			note["attributedTo"] = carl.URI
			bob.Host.Serve(note["id"].(string), note)
		},
		"another id": func(bob, _ *apptest.Stranger, note apptest.Object) {
			other := apptest.Object{}
			for k, v := range note {
				other[k] = v
			}
			other["id"] = "https://c.test/notes/1"
			bob.Host.Serve(note["id"].(string), other)
		},
		"much too large": func(bob, _ *apptest.Stranger, note apptest.Object) {
			note["content"] = string(make([]byte, 2<<20))
			bob.Host.Serve(note["id"].(string), note)
		},
		"elsewhere": func(bob, _ *apptest.Stranger, note apptest.Object) {
			bob.Host.Handle("/users/bob/notes/1", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://c.test/notes/1", http.StatusFound)
			})
		},
		"for nobody": func(bob, _ *apptest.Stranger, note apptest.Object) {
			note["to"], note["cc"] = []string{"https://b.test/users/bob/followers"}, nil
			bob.Host.Serve(note["id"].(string), note)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			alice, bob, carl := w.Server("a.test").Account("alice"), w.Stranger("bob@b.test"), w.Stranger("carl@c.test")
			note := bob.Note("hello")
			carl.Host.Serve("/notes/1", note)
			serve(bob, carl, note)
			status, body := alice.Call(http.MethodGet, "/api/v2/search", "q", "https://b.test/users/bob/notes/1", "resolve", "true")
			if status >= 500 {
				t.Errorf("the search is answered with %d %s", status, body)
			}
			if st := alice.Status("https://b.test/users/bob/notes/1"); st != nil {
				t.Errorf("alice sees %v", st.Entity)
			}
		})
	}
}
