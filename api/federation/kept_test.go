package federation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// Messages that wait until what they need is fetched are few for each host,
// and small.
func TestWaitingMessagesAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "KINGLET_FEDERATION_WAITING_PER_HOST=3")
	a, b := s.Stranger("a@evil.test"), s.Stranger("b@evil.test")
	post := func(by *apptest.Stranger, i int) int {
		create := large(activity(by, "Create", fmt.Sprint(i), by.URI+fmt.Sprint("/notes/", i)))
		create["to"] = append(create["to"].([]string), s.alice.URI)
		return s.post("192.0.2.1", by, s.inbox, create).Code
	}
	for i, by := range []*apptest.Stranger{a, b, a} {
		if code := post(by, i); code != 202 {
			t.Fatal(code)
		}
	}
	if code := post(b, 4); code != 503 {
		t.Errorf("the fourth of a host is answered %d", code)
	}
	if n := s.here.Jobs("ingest"); n != 3 {
		t.Errorf("%d jobs", n)
	}
	if code := post(s.Stranger("c@b.test"), 5); code != 202 {
		t.Errorf("another host is answered %d", code)
	}
	var sizes []int
	s.here.Update(func(tx *store.Tx) error {
		for {
			jobs, _, err := tx.ClaimJobs(store.Claim{Node: "test", Kinds: []string{"ingest"}, Room: func(string, bool, int) int { return 100 }, Most: 100, Lease: time.Minute})
			for _, j := range jobs {
				sizes = append(sizes, len(j.Args))
			}
			if err != nil || len(jobs) == 0 {
				return err
			}
		}
	})
	if len(sizes) != 4 {
		t.Errorf("%d messages wait", len(sizes))
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
	t.Parallel()
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
			t.Parallel()
			s := newScene(t)
			bob := s.Stranger("bob@b.test")
			if rec := s.post("192.0.2.1", bob, s.inbox, activity(bob, "Like", "x", "https://nowhere.test/1")); rec.Code != 202 {
				t.Fatal(rec.Code)
			}
			if c.typ == "Reject" {
				s.block(bob)
			}
			last := ""
			for i := range 20 {
				doc := large(s.follow(bob, c.id(i)))
				last = doc["id"].(string)
				if rec := s.post("192.0.2.1", bob, s.inbox, doc); rec.Code != 202 {
					t.Fatalf("%d %s", rec.Code, rec.Body)
				}
			}
			if n := s.here.Jobs("deliver"); n != 1 {
				t.Errorf("%d deliveries wait", n)
			}
			var doc json.RawMessage
			s.here.View(func(tx *store.Tx) error {
				o, err := tx.ActivityOn(s.alice.ID, c.typ, bob.URI)
				if err != nil {
					return err
				}
				doc, err = s.here.Service.Document(tx, o)
				return err
			})
			var answer struct{ Object map[string]any }
			if err := json.Unmarshal(doc, &answer); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"id": last, "type": "Follow", "actor": bob.URI, "object": s.alice.URI}
			if fmt.Sprint(answer.Object) != fmt.Sprint(want) || len(doc) > 2000 {
				t.Errorf("the answer has %d bytes and is to %v", len(doc), answer.Object)
			}
			// Only it is left.
			dropped := 0
			_ = s.here.Store.Update(t.Context(), func(tx *store.Tx) error {
				for {
					o, err := tx.ActivityOn(s.alice.ID, c.typ, bob.URI)
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

func (s *scene) block(by *apptest.Stranger) {
	s.T.Helper()
	id := s.account(by.URI).ID
	s.here.Update(func(tx *store.Tx) error {
		_, err := tx.PutBlock(s.alice.ID, id, "https://a.test/activities/b")
		return err
	})
}

// Of a boost its ids and addressees are kept, and nothing else that a stranger
// wrote into it.
func TestStrangersDocumentsAreKeptSmall(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	bob := s.Stranger("bob@b.test")
	bob.Host.Serve(bob.URI, large(bob.Document))
	post := s.posted(store.Public)
	boost := large(activity(bob, "Announce", "1", object{"id": post.URI, "type": "Note", "content": strings.Repeat("y", 100<<10)}))
	if rec := s.post("192.0.2.1", bob, s.inbox, boost); rec.Code != 202 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	s.here.View(func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(boost["id"].(string))
		if err != nil {
			return err
		}
		doc, err := s.here.Service.Document(tx, o)
		if o.Visibility != store.Public {
			t.Errorf("its visibility is %v", o.Visibility)
		}
		if len(doc) > 1000 {
			t.Errorf("the boost is kept with %d bytes", len(doc))
		}
		return err
	})
}
