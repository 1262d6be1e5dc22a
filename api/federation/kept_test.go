package federation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/internal/config"
	"kinglet/store"
)

// Messages that wait until what they need is fetched are few for each host,
// and small.
func TestWaitingMessagesAreBounded(t *testing.T) {
	w, evil := newWorld(t, func(c *config.Config) { c.Federation.WaitingPerHost = 3 }), newHost(t)
	a, b := evil.actor(t, "a"), evil.actor(t, "b")
	post := func(by *signer, i int) int {
		create := large(by.activity("Create", fmt.Sprint(i), by.uri+fmt.Sprint("/notes/", i)))
		create["to"] = append(create["to"].([]string), "https://"+domain+"/users/alice")
		return w.post("192.0.2.1", by, inbox, create).Code
	}
	for i, by := range []*signer{a, b, a} {
		if code := post(by, i); code != 202 {
			t.Fatal(code)
		}
	}
	if code := post(b, 4); code != 503 {
		t.Errorf("the fourth of a host is answered %d", code)
	}
	if n := w.jobs("ingest"); n != 3 {
		t.Errorf("%d jobs", n)
	}
	friend := newHost(t)
	if code := post(friend.actor(t, "c"), 5); code != 202 {
		t.Errorf("another host is answered %d", code)
	}
	var sizes []int
	if err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		jobs, _, err := tx.ClaimJobs(store.Claim{Node: "test", Kinds: []string{"ingest"}, Room: func(string, bool) int { return 100 }, Most: 100, Lease: time.Minute})
		for _, j := range jobs {
			sizes = append(sizes, len(j.Args))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, n := range sizes {
		if n > 2000 {
			t.Errorf("a waiting message has %d bytes", n)
		}
	}
}

// A Follow that comes again and again leaves one small answer and one
// delivery of it, whatever ids it has, also when it is refused.
func TestRepeatedFollows(t *testing.T) {
	for _, c := range []struct {
		name, typ string
		id        func(i int) string
		answers   int
	}{
		{"the same", "Accept", func(int) string { return "1" }, 1},
		{"others", "Accept", func(i int) string { return fmt.Sprint(i) }, 1},
		{"of one who is blocked", "Reject", func(i int) string { return fmt.Sprint(i) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, h := newWorld(t), newHost(t)
			bob := h.actor(t, "bob")
			if rec := w.post("192.0.2.1", bob, inbox, bob.activity("Like", "x", "https://nowhere.test/1")); rec.Code != 202 {
				t.Fatal(rec.Code)
			}
			if c.typ == "Reject" {
				w.block(bob)
			}
			last := ""
			for i := range 20 {
				doc := large(w.follow(bob, c.id(i)))
				last = doc["id"].(string)
				if rec := w.post("192.0.2.1", bob, inbox, doc); rec.Code != 202 {
					t.Fatalf("%d %s", rec.Code, rec.Body)
				}
			}
			if n := w.jobs("deliver"); n != 1 {
				t.Errorf("%d deliveries wait", n)
			}
			doc := view(w, func(tx *store.Tx) (json.RawMessage, error) {
				alice, err := tx.AccountByHandle("alice", "")
				if err != nil {
					return nil, err
				}
				o, err := tx.ActivityOn(alice.ID, c.typ, bob.uri)
				if err != nil {
					return nil, err
				}
				return tx.ObjectDocument(o.ID)
			})
			var answer struct{ Object map[string]any }
			if err := json.Unmarshal(doc, &answer); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"id": last, "type": "Follow", "actor": bob.uri, "object": "https://" + domain + "/users/alice"}
			if fmt.Sprint(answer.Object) != fmt.Sprint(want) || len(doc) > 2000 {
				t.Errorf("the answer has %d bytes and is to %v", len(doc), answer.Object)
			}
			// Only it is left.
			dropped := 0
			_ = w.store.Update(t.Context(), func(tx *store.Tx) error {
				for {
					alice, err := tx.AccountByHandle("alice", "")
					if err != nil {
						return err
					}
					o, err := tx.ActivityOn(alice.ID, c.typ, bob.uri)
					if err != nil {
						return err
					}
					if err := tx.DropActivity(o.ID, "none"); err != nil {
						return err
					}
					dropped++
				}
			})
			if dropped != c.answers {
				t.Errorf("%d answers are kept", dropped)
			}
		})
	}
}

func (w *world) block(s *signer) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), func(tx *store.Tx) error {
		alice, err := tx.AccountByHandle("alice", "")
		if err != nil {
			return err
		}
		other, err := tx.AccountByURI(s.uri)
		if err != nil {
			return err
		}
		_, err = tx.PutBlock(alice.ID, other.ID, "https://"+domain+"/activities/b")
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

// Of a boost its ids and addressees are kept, and nothing else that a stranger
// wrote into it.
func TestStrangersDocumentsAreKeptSmall(t *testing.T) {
	w, h := newWorld(t), newHost(t)
	bob := h.signer(t, "bob")
	h.handle("/users/bob", serve(large(bob.document())))
	alice := view(w, func(tx *store.Tx) (*store.Account, error) { return tx.AccountByHandle("alice", "") })
	path := publicPost(w, alice.ID)
	boost := large(bob.activity("Announce", "1", object{"id": "https://" + domain + path, "type": "Note", "content": strings.Repeat("y", 100<<10)}))
	if rec := w.post("192.0.2.1", bob, inbox, boost); rec.Code != 202 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	size := view(w, func(tx *store.Tx) (int, error) {
		o, err := tx.ObjectByURI(boost["id"].(string))
		if err != nil {
			return 0, err
		}
		doc, err := tx.ObjectDocument(o.ID)
		if o.Visibility != store.Public {
			t.Errorf("its visibility is %v", o.Visibility)
		}
		return len(doc), err
	})
	if size > 1000 {
		t.Errorf("the boost is kept with %d bytes", size)
	}
}
