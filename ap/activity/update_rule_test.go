package activity_test

import (
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	var note object
	known := func(pairs ...any) func(s *scene) {
		return func(s *scene) { note = s.knows(s.bob.Note("before", pairs...)) }
	}
	// edited is the note with another text, written minutes later.
	edited := func(s *scene, pairs ...any) object {
		pairs = append([]any{"id", note["id"], "published", note["published"], "updated", s.world.Now().Add(5 * time.Minute).Format(time.RFC3339)}, pairs...)
		return s.bob.Note("after", pairs...)
	}
	text := func(s *scene, want string) {
		t.Helper()
		if st := s.alice.Status(note["id"].(string)); st == nil || !strings.Contains(st.Text(), want) {
			t.Errorf("alice sees %v, not %q", st, want)
		}
	}
	try(t, []rule{
		{name: "of a known post", given: known(), send: func(s *scene) object { return s.bob.Activity("Update", edited(s)) },
			then: func(s *scene) { text(s, "after") }},
		{name: "by id", given: known(), send: func(s *scene) object {
			edited(s)
			return s.bob.Activity("Update", note["id"])
		}, then: func(s *scene) { text(s, "after") }},
		{name: "of a known post, without a time", given: known(),
			send: func(s *scene) object { return s.bob.Activity("Update", edited(s, "updated", nil)) }, then: func(s *scene) { text(s, "after") }},
		{name: "late: older than what is here", nothing: true, given: func(s *scene) {
			known()(s)
			s.sends(202, s.bob, s.bob.Activity("Update", edited(s)))
		}, send: func(s *scene) object {
			return s.bob.Activity("Update", s.bob.Note("between", "id", note["id"], "updated", s.world.Now().Add(time.Minute).Format(time.RFC3339)))
		}, then: func(s *scene) { text(s, "after") }},
		{name: "late: it was deleted already", nothing: true, given: func(s *scene) {
			known()(s)
			s.sends(202, s.bob, s.bob.Activity("Delete", note["id"]))
		}, send: func(s *scene) object { return s.bob.Activity("Update", edited(s)) }},
		{name: "out of order: before its Create", send: func(s *scene) object {
			note = s.bob.Note("before")
			return s.bob.Activity("Update", edited(s))
		}, then: func(s *scene) {
			s.has(note["id"])
			s.sends(202, s.bob, s.bob.Activity("Create", s.bob.Note("before", "id", note["id"])))
			text(s, "after")
		}},
		{name: "of a stranger's post that nobody wants", by: byMallory, nothing: true,
			send: func(s *scene) object { return s.mallory.Activity("Update", s.mallory.Note("hello")) }},
		{name: "of a boost, which has no text", nothing: true, given: func(s *scene) {
			boost := s.bob.Activity("Announce", s.alice.Post("mine").URI, "to", []string{apptest.Public})
			note = s.sends(202, s.bob, boost)
		}, send: func(s *scene) object {
			return s.bob.Activity("Update", edited(s, "tag", []any{apptest.Mention(s.alice)}))
		}},
		{name: "widens nothing", given: known("to", []string{"https://b.test/users/bob/followers"}, "cc", nil),
			send: func(s *scene) object { return s.bob.Activity("Update", edited(s)) },
			then: func(s *scene) {
				text(s, "after")
				if s.carol.Status(note["id"].(string)) != nil {
					t.Error("carol sees what was for followers")
				}
			}},
		{name: "with a mention that was not there", given: known(), send: func(s *scene) object {
			return s.bob.Activity("Update", edited(s, "tag", []object{apptest.Mention(s.alice)}, "cc", []string{s.alice.URI}))
		}, then: func(s *scene) { s.notified("mention @bob@b.test") }},
		{name: "of what somebody here boosted", given: func(s *scene) {
			known()(s)
			s.alice.Act("reblog", s.alice.Status(note["id"].(string)))
		}, send: func(s *scene) object { return s.bob.Activity("Update", edited(s)) }, then: func(s *scene) { s.notified("update @bob@b.test") }},

		{name: "forged: another's post", by: byMallory, want: 403, given: known(),
			send: func(s *scene) object { return s.mallory.Activity("Update", edited(s)) }},
		{name: "forged: another's post, as one's own", by: byMallory, want: 403, given: known(),
			send: func(s *scene) object { return s.mallory.Activity("Update", edited(s, "attributedTo", s.mallory.URI)) }},
		{name: "forged: a neighbour's post, as one's own", by: byEve, want: 403, given: known(),
			send: func(s *scene) object { return s.eve.Activity("Update", edited(s, "attributedTo", s.eve.URI)) }},
		{name: "forged: a neighbour's post that one may not see, by id", by: byEve, nothing: true,
			given: known("to", []string{"https://b.test/users/bob/followers"}, "cc", nil),
			send:  func(s *scene) object { return s.eve.Activity("Update", note["id"]) }},
		{name: "forged: a post of ours", want: 403, send: func(s *scene) object {
			return s.bob.Activity("Update", s.bob.Note("after", "id", s.alice.Post("hello").URI))
		}},
		{name: "without an object", want: 403, send: func(s *scene) object { return s.bob.Activity("Update", nil) }},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { known()(s); s.suspend(s.bob) },
			send: func(s *scene) object { return s.bob.Activity("Update", edited(s)) }},

		{name: "of the actor", send: func(s *scene) object {
			s.bob.Document["name"] = "Robert"
			s.bob.Publish()
			return s.bob.Activity("Update", s.bob.Document, "id", "https://b.test/activities/update")
		}, then: func(s *scene) {
			if name := s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(s.bob.URI))["display_name"]; name != "Robert" {
				t.Errorf("bob is called %v", name)
			}
		}},
		{name: "of the actor, by id", send: func(s *scene) object {
			s.bob.Document["name"] = "Robert"
			s.bob.Publish()
			return s.bob.Activity("Update", s.bob.URI)
		}, then: func(s *scene) {
			if name := s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(s.bob.URI))["display_name"]; name != "Robert" {
				t.Errorf("bob is called %v", name)
			}
		}},
		{name: "forged: another actor", by: byMallory, want: 403,
			send: func(s *scene) object { return s.mallory.Activity("Update", s.bob.Document) }},
		{name: "forged: a neighbour", by: byEve, want: 403,
			send: func(s *scene) object { return s.eve.Activity("Update", s.bob.Document) }},
	})
}

// A local edit is delivered where the post was, and the fetched document is the new one.
func TestUpdateHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	st := s.alice.Post("before")
	s.world.Run()
	s.world.Advance(time.Minute)
	s.bob.Host.Forget()
	s.alice.Edit(st, "after")
	s.world.Run()
	got := s.bob.Received()
	if len(got) != 1 || got[0]["type"] != "Update" || !strings.Contains(got[0]["object"].(object)["content"].(string), "after") {
		t.Errorf("bob receives %v", got)
	}
	if doc := s.mallory.Get(s.here, st.URI).Body.String(); !strings.Contains(doc, "after") || strings.Contains(doc, "before") {
		t.Errorf("the document is %s", doc)
	}
	s.bob.Host.Forget()
	s.alice.Do("PATCH", "/api/v1/accounts/update_credentials", "display_name", "Alice")
	s.world.Run()
	if got := s.bob.Received(); len(got) != 1 || got[0]["type"] != "Update" || got[0]["object"].(object)["name"] != "Alice" {
		t.Errorf("bob receives %v", got)
	}
}
