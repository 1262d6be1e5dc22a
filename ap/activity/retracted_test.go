package activity_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// What is taken back before it comes does nothing when it comes.
func TestTakenBackBeforeItCame(t *testing.T) {
	t.Parallel()
	var late object
	var uri string
	post := func(s *scene) { uri = s.alice.Post("hello").URI; s.world.Run() }
	// first has the Undo or Delete of late arrive first.
	first := func(make func(s *scene) object, back func(s *scene) object) func(s *scene) {
		return func(s *scene) {
			post(s)
			late = make(s)
			s.sends(202, s.bob, back(s))
		}
	}
	undo := func(s *scene) object { return s.bob.Activity("Undo", late) }
	undoID := func(s *scene) object { return s.bob.Activity("Undo", late["id"]) }
	create := func(s *scene) object { return s.bob.Activity("Create", s.bob.Note("hello")) }
	remove := func(s *scene) object { return s.bob.Activity("Delete", late["object"].(object)["id"]) }
	tombstone := func(s *scene) object {
		return s.bob.Activity("Delete", object{"id": late["object"].(object)["id"], "type": "Tombstone"})
	}
	like := func(s *scene) object { return s.bob.Activity("Like", uri) }
	react := func(s *scene) object { return s.bob.Activity("EmojiReact", uri, "content", "🔥") }
	boost := func(s *scene) object { return s.bob.Activity("Announce", uri, "to", []string{apptest.Public}) }
	block := func(s *scene) object { return s.bob.Activity("Block", s.alice.URI) }
	follow := func(s *scene) object { return s.bob.Activity("Follow", s.carol.URI) }
	send := func(*scene) object { return late }
	try(t, []rule{
		{name: "a Create", nothing: true, given: first(create, remove), send: send},
		{name: "a Create, as a Tombstone", nothing: true, given: first(create, tombstone), send: send},
		{name: "a Create, by its own id", nothing: true, given: first(create, undoID), send: send},
		{name: "a Create, by a Delete that came twice", nothing: true, given: func(s *scene) {
			first(create, remove)(s)
			s.sends(202, s.bob, remove(s))
		}, send: send},
		{name: "a Create that comes as an Update", nothing: true, given: first(create, remove), send: func(s *scene) object {
			return s.bob.Activity("Update", late["object"])
		}},
		{name: "a Create days later", nothing: true, given: func(s *scene) {
			first(create, remove)(s)
			s.world.Clock.Advance(48 * time.Hour)
		}, send: send},
		{name: "a Like", nothing: true, given: first(like, undo), send: send},
		{name: "a Like, by id", nothing: true, given: first(like, undoID), send: send},
		{name: "an EmojiReact", nothing: true, given: first(react, undo), send: send},
		{name: "an Announce", nothing: true, given: first(boost, undo), send: send},
		{name: "an Announce, by id", nothing: true, given: first(boost, undoID), send: send},
		{name: "a Block", nothing: true, given: first(block, undo), send: send},
		{name: "a Follow", nothing: true, given: first(follow, undo), send: send},
		{name: "an Announce that waits to be fetched", nothing: true, given: func(s *scene) {
			uri = s.mallory.Note("from afar")["id"].(string)
			late = boost(s)
			if status := s.bob.Send(s.here, late); status != 202 {
				s.Fatal(status)
			}
			s.sends(202, s.bob, undo(s)) // and then what waits is done
		}, send: send},

		{name: "a Follow with an id that is used again an hour later", given: func(s *scene) {
			first(follow, undo)(s)
			s.world.Clock.Advance(2 * time.Hour)
		}, send: send, then: func(s *scene) {
			if n := len(s.carol.List("/api/v1/accounts/" + s.carol.ID.String() + "/followers")); n != 1 {
				t.Errorf("carol has %d followers", n)
			}
		}},
		{name: "another of the kind is not", given: first(like, func(s *scene) object {
			return s.bob.Activity("Undo", object{"id": s.bob.URI + "/another", "type": "Like", "actor": s.bob.URI, "object": uri})
		}), send: send, then: func(s *scene) { s.count(uri, "favourites", 1) }},
		{name: "forged: by a neighbour", given: func(s *scene) {
			post(s)
			late = create(s)
			id := late["object"].(object)["id"]
			s.sends(202, s.eve, s.eve.Activity("Follow", s.carol.URI)) // she is known here
			s.sends(202, s.eve, s.eve.Activity("Delete", id))
			s.sends(202, s.eve, s.eve.Activity("Undo", id))
			s.sends(202, s.eve, s.eve.Activity("Undo", late["id"]))
		}, send: send, then: func(s *scene) { s.has(late["object"].(object)["id"]) }},
		{name: "forged: by a stranger", given: func(s *scene) {
			post(s)
			late = create(s)
			s.sends(202, s.mallory, s.mallory.Activity("Follow", s.carol.URI))
			s.sends(202, s.mallory, s.mallory.Activity("Delete", late["object"].(object)["id"]))
			s.sends(403, s.mallory, s.mallory.Activity("Undo", late["id"]))
			s.sends(403, s.mallory, s.mallory.Activity("Undo", late))
		}, send: send, then: func(s *scene) { s.has(late["object"].(object)["id"]) }},
	})
}

// What strangers take back that never was here fills no disk: they share a
// number of rows, and nobody's takes that of somebody who is followed.
func TestTakenBackByStrangers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	rows := func() int64 { return s.here.Count(`SELECT COUNT(*) FROM retracted`) }
	late := s.bob.Note("hello")
	s.sends(202, s.bob, s.bob.Activity("Delete", late["id"]))

	s.mallory.Host.Forget()
	for i := range 20 {
		s.sends(202, s.mallory, s.mallory.Activity("Delete", fmt.Sprint(s.mallory.URI, "/notes/x", i)))
	}
	if n := len(s.mallory.Host.Asked(http.MethodGet, "")); n != 0 || rows() != 1 {
		t.Errorf("Deletes of an unknown account cost %d fetches and %d rows", n, rows()-1)
	}
	for _, who := range []*apptest.Stranger{s.eve, s.mallory} {
		s.sends(202, who, who.Activity("Follow", s.carol.URI))
		for i := range 200 {
			if i == 100 {
				s.world.Clock.Advance(time.Minute)
			}
			if status := who.Send(s.here, who.Activity("Delete", fmt.Sprint(who.URI, "/notes/", i))); status != 202 {
				t.Fatal(status)
			}
			if status := who.Send(s.here, who.Activity("Undo", fmt.Sprint(who.URI, "/likes/", i))); status != 202 {
				t.Fatal(status)
			}
		}
	}
	if n := rows(); n < 50 || n > 1+2*64 {
		t.Errorf("%d rows are kept", n)
	}
	s.sends(202, s.bob, s.bob.Activity("Create", late))
	s.hasNot(late["id"])
	s.world.Clock.Advance(80 * time.Hour)
	if err := s.here.Service.Store.CleanUp(t.Context(), keepAll(s)); err != nil {
		t.Fatal(err)
	}
	if n := rows(); n != 0 {
		t.Errorf("%d rows are kept for ever", n)
	}
}
