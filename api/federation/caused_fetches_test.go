package federation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/ap/policy"
	"kinglet/internal/apptest"
)

// serve is a page with a document.
func serve(doc any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		_ = json.NewEncoder(w).Encode(doc)
	}
}

// replies has an actor answer n posts of a victim that are not known here, in
// messages to alice's own inbox.
func (s *scene) replies(by *apptest.Stranger, victim *apptest.Host, n int) {
	s.T.Helper()
	for i := range n {
		reply := note(by, fmt.Sprint(i), "hello")
		reply["inReplyTo"] = fmt.Sprintf("https://%s/notes/%s%d", victim.Name, by.Name, i)
		if rec := s.post("192.0.2.1", by, s.inbox, activity(by, "Create", fmt.Sprint(i), reply)); rec.Code != 202 {
			s.T.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
}

// Messages of one account, of one host, and to one victim cause a bounded
// number of GETs; one whom somebody here follows may cause more.
func TestSignedMessagesCauseFewFetches(t *testing.T) {
	t.Parallel()
	t.Run("one account", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_ACCOUNT=7/10m")
		victim := s.Host("victim.test")
		s.replies(s.Stranger("mallory@evil.test"), victim, 30)
		s.Run()
		if n := gets(victim, ""); n != 7 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("many accounts of one host", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_SENDER=9/10m")
		victim := s.Host("victim.test")
		for i := range 10 {
			s.replies(s.Stranger(fmt.Sprintf("m%d@evil.test", i)), victim, 3)
		}
		s.Run()
		if n := gets(victim, ""); n != 9 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("many hosts to one victim", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_HOST=11/5m")
		victim := s.Host("victim.test")
		for i := range 6 {
			s.replies(s.Stranger(fmt.Sprintf("m%d@evil%d.test", i, i)), victim, 5)
		}
		s.Run()
		if n := gets(victim, ""); n != 11 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("subdomains of one domain", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_SENDER=9/10m")
		victim, mallory := s.Host("victim.test"), s.Stranger("mallory@evil.test")
		for i := range 10 {
			by := mallory.As(fmt.Sprintf("m%d@sub%d.evil.test", i, i))
			by.Publish()
			s.replies(by, victim, 3)
		}
		s.Run()
		if n := gets(victim, ""); n != 9 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("many hosts to subdomains of one victim", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_HOST=11/5m")
		n := 0
		for i := range 6 {
			mallory := s.Stranger(fmt.Sprintf("m%d@evil%d.test", i, i))
			for j := range 5 {
				by := mallory.As(fmt.Sprintf("m%d-%d@evil%d.test", i, j, i))
				by.Publish()
				s.replies(by, s.Host(fmt.Sprintf("v%d-%d.victim.test", i, j)), 1)
			}
		}
		s.Run()
		for i := range 6 {
			for j := range 5 {
				n += gets(s.Host(fmt.Sprintf("v%d-%d.victim.test", i, j)), "")
			}
		}
		if n != 11 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("one who is followed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_ACCOUNT=2/10m")
		victim, bob := s.Host("victim.test"), s.Stranger("bob@b.test")
		bob.FollowedBy(s.alice)
		s.Advance(15 * time.Minute) // what the profile took is forgotten
		s.replies(bob, victim, 30)
		s.Run()
		if n := gets(victim, ""); n != 20 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("mentions and threads", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_ACCOUNT=7/10m")
		victim, mallory := s.Host("victim.test"), s.Stranger("mallory@evil.test")
		for i := range 50 {
			reply := note(mallory, fmt.Sprint(i), "hello")
			reply["inReplyTo"] = fmt.Sprintf("https://victim.test/parents/%d", i)
			var tags []object
			for j := range 8 {
				tags = append(tags, object{"type": "Mention", "href": fmt.Sprintf("https://victim.test/users/u%d-%d", i, j)})
			}
			reply["tag"] = tags
			if rec := s.post("192.0.2.1", mallory, s.inbox, activity(mallory, "Create", fmt.Sprint(i), reply)); rec.Code != 202 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		s.Run()
		if n := gets(victim, ""); n != 7 {
			t.Errorf("%d GETs", n)
		}
	})
	t.Run("the parents that a thread leads to", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, "KINGLET_FEDERATION_FETCHES_PER_ACCOUNT=7/10m")
		author, mallory := s.Stranger("author@victim.test"), s.Stranger("mallory@evil.test")
		for i := range 30 {
			author.Note("hello", "id", author.URI+fmt.Sprint("/notes/", i), "inReplyTo", author.URI+fmt.Sprint("/notes/", i+1))
		}
		reply := note(mallory, "1", "hello")
		reply["inReplyTo"] = author.URI + "/notes/0"
		if rec := s.post("192.0.2.1", mallory, s.inbox, activity(mallory, "Create", "1", reply)); rec.Code != 202 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		s.Run()
		if n := gets(author.Host, ""); n == 0 || n > 7 {
			t.Errorf("%d GETs", n)
		}
	})
}

// What a policy rejects, is gone or is not to be believed ends the job that
// fetched it; what is down has it tried again.
func TestThreadJobEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		left   int64
		parent func(author *apptest.Stranger) http.HandlerFunc
	}{
		{"rejected by a policy", 0, func(author *apptest.Stranger) http.HandlerFunc {
			return serve(author.Note("spam", "id", author.URI+"/notes/parent"))
		}},
		{"with more mentions than one may have", 0, func(author *apptest.Stranger) http.HandlerFunc {
			var tags []object
			for i := range 501 {
				tags = append(tags, object{"type": "Mention", "href": fmt.Sprint("https://other.test/users/", i)})
			}
			return serve(author.Note("hello", "id", author.URI+"/notes/parent", "tag", tags))
		}},
		{"no status", 0, func(author *apptest.Stranger) http.HandlerFunc {
			return serve(object{"@context": "https://www.w3.org/ns/activitystreams", "id": author.URI + "/notes/parent", "type": "Tombstone"})
		}},
		{"gone", 0, func(*apptest.Stranger) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }
		}},
		{"a page", 0, func(*apptest.Stranger) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
		}},
		{"down", 1, func(*apptest.Stranger) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := apptest.NewWorld(t)
			w.Policy = policy.New(policy.Policy{Name: "no spam", Message: func(_ context.Context, m *policy.Message) policy.Verdict {
				return policy.Verdict{Refused: strings.Contains(fmt.Sprint(m.Object.Document), "spam")}
			}})
			s := sceneIn(w)
			mallory, author := s.Stranger("mallory@evil.test"), s.Stranger("author@b.test")
			author.Host.Handle("/users/author/notes/parent", c.parent(author))
			reply := note(mallory, "1", "hello")
			reply["inReplyTo"] = author.URI + "/notes/parent"
			if rec := s.post("192.0.2.1", mallory, s.inbox, activity(mallory, "Create", "1", reply)); rec.Code != 202 || s.here.Jobs("thread") != 1 {
				t.Fatalf("%d %s, %d jobs", rec.Code, rec.Body, s.here.Jobs("thread"))
			}
			s.Run()
			if gets(author.Host, "/users/author/notes/parent") == 0 {
				t.Error("the parent is not asked for")
			}
			if n := s.here.Jobs("thread"); n != c.left {
				t.Errorf("%d jobs are left", n)
			}
			if s.knows(author.URI + "/notes/parent") {
				t.Error("the parent is here")
			}
		})
	}
}
