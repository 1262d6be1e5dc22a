package activity_test

import (
	"net/http"
	"testing"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	var note object
	known := func(pairs ...any) func(s *scene) {
		return func(s *scene) { note = s.knows(s.bob.Note("hello", pairs...)) }
	}
	byBob := func(s *scene) object { return s.bob.Activity("Delete", note["id"]) }
	gone := func(s *scene) {
		t.Helper()
		s.hasNot(note["id"])
		if s.alice.Status(note["id"].(string)) != nil {
			t.Error("alice still sees it")
		}
	}
	try(t, []rule{
		{name: "of a post", given: known(), send: byBob, then: gone},
		{name: "of a post, as a Tombstone", given: known(), send: func(s *scene) object {
			return s.bob.Activity("Delete", object{"id": note["id"], "type": "Tombstone"})
		}, then: gone},
		{name: "of a post that is answered, favourited and boosted here", given: func(s *scene) {
			known()(s)
			st := s.alice.Status(note["id"].(string))
			s.alice.Reply(st, "@bob@b.test re")
			s.alice.Act("favourite", st)
			s.carol.Act("reblog", st)
		}, send: byBob, then: func(s *scene) {
			gone(s)
			if len(s.alice.Home()) != 1 {
				t.Error("alice's answer does not stand")
			}
		}},
		{name: "of what is not known", nothing: true, send: func(s *scene) object { return s.bob.Activity("Delete", "https://b.test/notes/nothing") }},
		{name: "of what was deleted already", nothing: true, given: func(s *scene) { known()(s); s.sends(202, s.bob, byBob(s)) }, send: byBob},
		{name: "without an object", nothing: true, send: func(s *scene) object { return s.bob.Activity("Delete", nil) }},
		{name: "by somebody suspended, who takes back", given: func(s *scene) { known()(s); s.suspend(s.bob) }, send: byBob, then: gone},

		{name: "forged: another's post", by: byMallory, want: 403, given: known(),
			send: func(s *scene) object { return s.mallory.Activity("Delete", note["id"]) }},
		{name: "forged: a neighbour's post", by: byEve, want: 403, given: known(),
			send: func(s *scene) object { return s.eve.Activity("Delete", note["id"]) }},
		{name: "forged: another's post that one may not see", by: byMallory, nothing: true,
			given: known("to", []string{"https://b.test/users/bob/followers"}, "cc", nil),
			send:  func(s *scene) object { return s.mallory.Activity("Delete", note["id"]) }},
		{name: "forged: a post of ours", want: 403, given: func(s *scene) { note = object{"id": s.alice.Post("hello").URI} }, send: byBob},
		{name: "forged: another actor", by: byMallory, nothing: true, send: func(s *scene) object { return s.mallory.Activity("Delete", s.bob.URI) }},
		{name: "forged: an actor of ours", nothing: true, send: func(s *scene) object { return s.bob.Activity("Delete", s.alice.URI) }},

		{name: "of the actor", given: known(), send: func(s *scene) object { return s.bob.Activity("Delete", s.bob.URI) }, then: func(s *scene) {
			gone(s)
			if list := s.alice.List("/api/v1/accounts/" + s.alice.ID.String() + "/followers"); len(list) != 0 {
				t.Errorf("alice is followed by %v", list)
			}
			if id := s.alice.Find(s.bob.URI); id != "" {
				t.Error("bob is found")
			}
			s.bob.Host.Forget()
			s.alice.Post("is anybody there?")
			s.world.Run()
			if got := s.bob.Received(); len(got) != 0 {
				t.Errorf("bob receives %v", got)
			}
		}},
	})
}

// A Delete here goes to whom the post went and to who has it, and the post is
// a Tombstone from then on; what waited to be delivered of it is not.
func TestDeleteHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	st := s.alice.Post("hello")
	s.world.Run()
	s.sends(202, s.mallory, s.mallory.Activity("Like", st.URI))
	s.bob.Host.Forget()
	s.alice.Delete(st)
	s.world.Run()
	for _, who := range []struct {
		name string
		got  []string
	}{{"bob, who follows,", s.bob.ReceivedTypes()}, {"mallory, who favourited it,", s.mallory.ReceivedTypes()}} {
		if len(who.got) != 1 || who.got[0] != "Delete" {
			t.Errorf("%s receives %v", who.name, who.got)
		}
	}
	if w := s.mallory.Get(s.here, st.URI); w.Code != http.StatusGone {
		t.Errorf("the document is answered with %d %s", w.Code, w.Body)
	}

	s.bob.Host.Forget()
	s.bob.Host.Down()
	late := s.alice.Post("late")
	s.world.Run()
	s.alice.Delete(late)
	s.bob.Host.Up()
	s.world.Advance(weekOfRetries)
	for _, typ := range s.bob.ReceivedTypes() {
		if typ != "Delete" {
			t.Errorf("bob receives a %s of what was deleted", typ)
		}
	}
}
