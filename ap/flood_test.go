package ap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
	"kinglet/store/engine"
)

// arrival is one request of a flood, and what has to come of it.
type arrival struct {
	name    string
	request func() *http.Request
	taken   bool // answered with 202
	left    string
	gone    bool // whether left has to be missing in the end
}

// A small flood of what servers send: what is acknowledged is there, once,
// whatever came how often and at once; what is invalid is not. The benchmark
// makes the large one (go run ./internal/bench -flood 20000).
func TestFlood(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	alice := here.Account("alice")
	post := alice.Post("Hello")
	const hosts = 12
	var list []arrival
	dice := rand.New(rand.NewPCG(1, 2))
	mentions := 0
	for i := range hosts {
		bob := w.Stranger(fmt.Sprintf("bob@b%d.test", i))
		if i%2 == 0 {
			bob.FollowedBy(alice)
		}
		add := func(name string, doc object, left string, gone bool) {
			body, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			request := func() *http.Request { return bob.Request("POST", here.Config.SharedInboxURI(), body) }
			for range 1 + dice.IntN(3) { // a third of all, and more, are repeated
				list = append(list, arrival{name, request, true, left, gone})
			}
		}
		refused := func(name string, doc object, left string, change func(r *http.Request, body []byte) *http.Request) {
			body, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, arrival{name, func() *http.Request {
				return change(bob.Request("POST", here.Config.SharedInboxURI(), body), body)
			}, false, left, true})
		}
		for range 4 {
			mention := bob.To(alice, "look")
			mentions++
			add("a mention", bob.Activity("Create", mention), id(mention), false)
			reply := bob.Note("yes", "inReplyTo", post.URI)
			add("an answer", bob.Activity("Create", reply), id(reply), false)
		}
		note := bob.Note("nobody asked for this")
		add("a note", bob.Activity("Create", note), id(note), i%2 != 0)
		boost := bob.Activity("Announce", post.URI, "to", []string{apptest.Public})
		add("a boost", boost, id(boost), false)
		add("a like", bob.Activity("Like", post.URI), "", false)
		stranger := fmt.Sprintf("https://b%d.test/users/gone", i)
		add("the Delete of a stranger", bob.As(fmt.Sprintf("gone@b%d.test", i)).Activity("Delete", stranger), stranger, true)
		forged := bob.Note("forged")
		refused("another body", bob.Activity("Create", forged), id(forged), func(r *http.Request, body []byte) *http.Request {
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("forged"), []byte("FORGED"), 1)))
			return r
		})
		spoofed := bob.Note("spoofed", "id", fmt.Sprintf("https://b%d.test/notes/%d", (i+1)%hosts, i))
		refused("another host's id", bob.Activity("Create", spoofed), id(spoofed), func(r *http.Request, _ []byte) *http.Request { return r })
		unsigned := bob.Note("unsigned")
		refused("no signature", bob.Activity("Create", unsigned), id(unsigned), func(r *http.Request, _ []byte) *http.Request {
			r.Header.Del("Signature")
			return r
		})
	}
	// A part of them are sent before, one at a time; then all in any order and at
	// once, as when their servers were not answered.
	dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	w.Run()
	var group sync.WaitGroup
	requests := make(chan int)
	for range 8 {
		group.Go(func() {
			for i := range requests {
				a := list[i]
				rec := httptest.NewRecorder()
				here.Handler.ServeHTTP(rec, a.request())
				if taken := rec.Code == http.StatusAccepted; taken != a.taken {
					t.Errorf("%s is answered with %d %s", a.name, rec.Code, rec.Body)
				}
			}
		})
	}
	for i := range list {
		requests <- i
	}
	close(requests)
	group.Wait()
	w.Run()
	here.Restart()
	left := map[string]bool{}
	for _, a := range list {
		if a.left != "" {
			left[a.left] = a.gone
		}
	}
	here.View(func(tx *store.Tx) error {
		for uri, gone := range left {
			known, err := tx.KnownURIs(uri)
			if err != nil {
				return err
			}
			if known[uri] == gone {
				t.Errorf("%s is here: %v", uri, known[uri])
			}
		}
		return nil
	})
	st := alice.Status(post.URI)
	if likes, boosts, replies := st.Count("favourites"), st.Count("reblogs"), st.Count("replies"); likes != hosts || boosts != hosts || replies != 4*hosts {
		t.Errorf("%d likes, %d boosts, %d answers, of %d hosts", likes, boosts, replies, hosts)
	}
	notified := here.Count(`SELECT COUNT(*) FROM notifications WHERE type = 'mention'`)
	if want := int64(mentions); notified != want {
		t.Errorf("%d notifications of %d mentions", notified, want)
	}
	if n := here.Jobs("ingest") + here.Jobs("thread"); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}

// What was taken already costs no more than its signature, however often it
// comes: no transaction, nothing decoded, nothing fetched. That is so for these
// bytes, of this signer, in this inbox.
func TestRepeatedActivities(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	alice, carol := here.Account("alice"), here.Account("carol")
	bob, mallory := w.Stranger("bob@b.test"), w.Stranger("mallory@b.test")
	bob.FollowedBy(alice)
	w.Advance(time.Minute)
	send := func(by *apptest.Stranger, inbox string, doc object) (status int, statements []string) {
		t.Helper()
		body, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		r := by.Request("POST", inbox, body)
		r = r.WithContext(engine.WithTrace(r.Context(), func(query string, _ []any) { statements = append(statements, strings.Join(strings.Fields(query), " ")) }))
		return here.Do(r).Code, statements
	}
	shared := here.Config.SharedInboxURI()
	reads := func(name string, inbox string, doc object, most int) {
		t.Helper()
		bob.Host.Forget()
		status, statements := send(bob, inbox, doc)
		if status != http.StatusAccepted || len(statements) > most {
			t.Errorf("%s is answered with %d, and takes %d statements:\n%s", name, status, len(statements), strings.Join(statements, "\n"))
		}
		w.Run()
		if n := len(bob.Host.Asked("GET", "")); n > 0 {
			t.Errorf("%s causes %d GETs", name, n)
		}
	}
	note := bob.Note("hello", "inReplyTo", "https://b.test/users/bob/notes/missing")
	create := bob.Activity("Create", note)
	if status, _ := send(bob, shared, create); status != http.StatusAccepted {
		t.Fatal(status)
	}
	w.Run()
	for range 3 {
		reads("the Create again", shared, create, 1)
	}
	// Another signer's, and another inbox's, are others.
	if status, _ := send(mallory, shared, mallory.Activity("Like", alice.Post("hello").URI)); status != http.StatusAccepted {
		t.Fatal(status) // its key is known from now on
	}
	if _, statements := send(mallory, shared, create); len(statements) < 3 {
		t.Errorf("brought by another it is not looked at: %v", statements)
	}
	if _, statements := send(bob, here.Config.InboxURI("carol"), create); len(statements) < 3 {
		t.Errorf("in another inbox it is not looked at: %v", statements)
	}
	remove := bob.Activity("Delete", note["id"])
	if status, _ := send(bob, shared, remove); status != http.StatusAccepted || alice.Status(id(note)) != nil {
		t.Fatalf("%d, %v", status, alice.Status(id(note)))
	}
	reads("the Delete again", shared, remove, 1)
	reads("the Create after its Delete", shared, create, 1)
	if alice.Status(id(note)) != nil {
		t.Error("the note is here again")
	}
	// What nobody wanted may be wanted later.
	unwanted := mallory.Activity("Create", mallory.Note("hello"))
	if status, _ := send(mallory, shared, unwanted); status != http.StatusAccepted {
		t.Fatal(status)
	}
	mallory.FollowedBy(carol)
	w.Run()
	if send(mallory, shared, unwanted); carol.Status(id(unwanted["object"].(object))) == nil {
		t.Error("what is wanted now was dropped as repeated")
	}
	// What can be taken back may come again.
	follow := mallory.Activity("Follow", alice.URI)
	send(mallory, shared, follow)
	send(mallory, shared, mallory.Activity("Undo", follow))
	w.Advance(time.Minute)
	send(mallory, shared, follow)
	if n := alice.Do("GET", "/api/v1/accounts/verify_credentials")["followers_count"]; n != 1.0 {
		t.Errorf("%v followers", n)
	}
	// What is forgotten changes nothing.
	here.Restart()
	if status, _ := send(bob, shared, create); status != http.StatusAccepted || alice.Status(id(note)) != nil {
		t.Errorf("after a restart it is answered with %d, %v", status, alice.Status(id(note)))
	}
}
