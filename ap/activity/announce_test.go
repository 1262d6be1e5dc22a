package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

func TestAnnounce(t *testing.T) {
	t.Parallel()
	var uri string
	var boost object
	post := func(params ...string) func(s *scene) {
		return func(s *scene) { uri = s.alice.Post("hello", params...).URI; s.world.Run() }
	}
	by := func(who func(s *scene) *apptest.Stranger, pairs ...any) func(s *scene) object {
		return func(s *scene) object {
			boost = who(s).Activity("Announce", uri, append([]any{"to", []string{apptest.Public}}, pairs...)...)
			return boost
		}
	}
	byBob := by(func(s *scene) *apptest.Stranger { return s.bob })
	elsewhere := func(pairs ...any) func(s *scene) {
		return func(s *scene) {
			uri = s.mallory.Note("from afar", append([]any{"id", "https://evil.test/notes/far"}, pairs...)...)["id"].(string)
		}
	}
	try(t, []rule{
		{name: "of a post here", given: post(), send: byBob, then: func(s *scene) {
			s.notified("reblog @bob@b.test")
			s.count(uri, "reblogs", 1)
		}},
		{name: "of a post here, by a stranger", by: byMallory, given: post(), send: by(byMallory),
			then: func(s *scene) { s.count(uri, "reblogs", 1); s.hasNot(boost["id"]) }},
		{name: "of what is fetched for it", given: elsewhere(), send: byBob, then: func(s *scene) { s.has(uri) }},
		{name: "of what is fetched for it, forged inside", given: elsewhere(), send: func(s *scene) object {
			return s.bob.Activity("Announce", object{"id": uri, "type": "Note", "attributedTo": s.mallory.URI, "content": "forged", "to": []string{apptest.Public}})
		}, then: func(s *scene) {
			if st := s.alice.Status(uri); st == nil || !strings.Contains(st.Text(), "from afar") {
				t.Errorf("alice sees %v", st)
			}
		}},
		{name: "of a page, whose document has another id", given: func(s *scene) {
			elsewhere()(s)
			s.mallory.Host.Serve("/@mallory/far", s.mallory.Note("from afar", "id", uri, "url", "https://evil.test/@mallory/far"))
		}, send: func(s *scene) object {
			boost = s.bob.Activity("Announce", "https://evil.test/@mallory/far", "to", []string{apptest.Public})
			return boost
		}, then: func(s *scene) {
			s.has(boost["id"])
			s.count(uri, "reblogs", 1)
			s.sends(202, s.bob, boost)
			if n := len(s.mallory.Host.Asked(http.MethodGet, "/@mallory/far")); n != 1 {
				t.Errorf("the page was asked for %d times", n)
			}
			s.sends(202, s.mallory, s.mallory.Activity("Undo", object{"type": "Announce", "actor": s.mallory.URI, "object": boost["object"]}))
			s.count(uri, "reblogs", 1)
			s.sends(202, s.bob, s.bob.Activity("Undo", object{"type": "Announce", "actor": s.bob.URI, "object": boost["object"]}))
			s.count(uri, "reblogs", 0)
		}},
		{name: "of a page, whose document is not public", nothing: true, given: func(s *scene) {
			elsewhere("to", []string{"https://evil.test/users/mallory/followers"}, "cc", nil)(s)
			s.mallory.Host.Serve("/@mallory/far", s.mallory.Note("from afar", "id", uri, "to", []string{"https://evil.test/users/mallory/followers"}, "cc", nil))
		}, send: func(s *scene) object {
			return s.bob.Activity("Announce", "https://evil.test/@mallory/far", "to", []string{apptest.Public})
		}},
		{name: "of a page, whose document has an id of another's that denies it", nothing: true, given: func(s *scene) {
			uri = "https://b.test/notes/nothing"
			s.mallory.Host.Serve("/@mallory/far", s.mallory.Note("forged", "id", uri, "attributedTo", s.bob.URI))
		}, send: func(s *scene) object {
			return s.bob.Activity("Announce", "https://evil.test/@mallory/far", "to", []string{apptest.Public})
		}, then: func(s *scene) { s.hasNot(uri) }},
		{name: "of what nobody here wants", by: byEve, nothing: true, given: elsewhere(), send: by(byEve), then: func(s *scene) {
			if len(s.mallory.Host.Asked(http.MethodGet, "/notes/far")) != 0 {
				t.Error("it was fetched")
			}
		}},
		{name: "of what is not public elsewhere", given: elsewhere("to", []string{"https://evil.test/users/mallory/followers"}, "cc", nil), send: byBob,
			nothing: true},
		{name: "of what is not there", nothing: true, given: func(*scene) { uri = "https://evil.test/notes/nothing" }, send: byBob},
		{name: "of a post for followers, by one", want: 403, given: post("visibility", "private"), send: byBob},
		{name: "of a post for followers, by another", by: byMallory, nothing: true, given: post("visibility", "private"), send: by(byMallory)},
		{name: "of one's own post for followers", given: func(s *scene) {
			uri = s.knows(s.bob.Note("hello", "to", []string{s.bob.URI + "/followers"}, "cc", nil))["id"].(string)
		}, send: byBob, then: func(s *scene) {
			if s.carol.Status(boost["id"].(string)) != nil {
				t.Error("carol sees the boost")
			}
		}},
		{name: "twice, with another id", nothing: true, given: func(s *scene) { post()(s); s.sends(202, s.bob, byBob(s)) }, send: byBob,
			then: func(s *scene) { s.count(uri, "reblogs", 1) }},
		{name: "of a boost", nothing: true, given: func(s *scene) {
			post()(s)
			uri = s.sends(202, s.bob, byBob(s))["id"].(string)
		}, send: byBob},
		{name: "late: the post was deleted", nothing: true, given: func(s *scene) {
			st := s.alice.Post("hello")
			uri = st.URI
			s.alice.Delete(st)
			s.world.Run()
		}, send: byBob},
		{name: "by somebody blocked", by: byMallory, nothing: true,
			given: func(s *scene) { post()(s); s.alice.Relate("block", "@mallory@evil.test") }, send: by(byMallory)},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { post()(s); s.suspend(s.bob) }, send: byBob},
		{name: "another's, which its origin does not have", by: byMallory, nothing: true, given: post(), send: byBob},
		{name: "forged: an id of another host", by: byMallory, want: 403, given: post(), send: by(byMallory, "id", "https://b.test/boosts/1")},
	})
}

// A boost goes to the followers of who boosts and to the author; what is not
// public can't be boosted by another.
func TestAnnounceHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	note := s.knows(s.bob.Note("hello"))
	s.mallory.Follow(s.carol)
	for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
		who.Host.Forget()
	}
	st := s.carol.Resolve(note["id"].(string))
	s.carol.Act("reblog", st)
	s.carol.Act("reblog", st)
	s.world.Run()
	for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
		if got := who.Received(); len(got) != 1 || got[0]["type"] != "Announce" || got[0]["object"] != note["id"] {
			t.Errorf("%s receives %v", who.Name, got)
		}
	}
	s.count(note["id"], "reblogs", 1)
	s.carol.Act("unreblog", st)
	s.world.Run()
	s.count(note["id"], "reblogs", 0)
	for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
		got := who.Received()
		if len(got) != 2 || got[1]["type"] != "Undo" {
			t.Fatalf("%s receives %v", who.Name, got)
		}
		// What is embedded is what was sent, and its Undo is for the same.
		undone, _ := got[1]["object"].(map[string]any)
		for _, key := range []string{"id", "object", "published", "to", "cc"} {
			if want := fmt.Sprint(got[0][key]); fmt.Sprint(undone[key]) != want || (key == "to" || key == "cc") && fmt.Sprint(got[1][key]) != want {
				t.Errorf("%s of the Announce was %s; it is undone with %v, embedded %v", key, want, got[1][key], undone[key])
			}
		}
	}
	private := s.knows(s.bob.Note("psst", "to", []string{s.bob.URI + "/followers"}, "cc", nil))
	if status, _ := s.alice.Call(http.MethodPost, "/api/v1/statuses/"+s.alice.Status(private["id"].(string)).ID+"/reblog"); status/100 != 4 {
		t.Errorf("to boost what is for followers is answered with %d", status)
	}
}
