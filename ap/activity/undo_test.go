package activity_test

import "testing"

func TestUndo(t *testing.T) {
	t.Parallel()
	var done object
	var uri string
	post := func(s *scene) { uri = s.alice.Post("hello").URI; s.world.Run() }
	did := func(make func(s *scene) object) func(s *scene) {
		return func(s *scene) {
			post(s)
			done = make(s)
			s.sends(202, s.bob, done)
		}
	}
	like := did(func(s *scene) object { return s.bob.Activity("Like", uri) })
	boost := did(func(s *scene) object { return s.bob.Activity("Announce", uri, "to", []string{"as:Public"}) })
	block := did(func(s *scene) object { return s.bob.Activity("Block", s.alice.URI) })
	undo := func(s *scene) object { return s.bob.Activity("Undo", done) }
	undoID := func(s *scene) object { return s.bob.Activity("Undo", done["id"]) }
	// undoUnnamed has no id of what it takes back, as some servers send it.
	undoUnnamed := func(s *scene) object {
		return s.bob.Activity("Undo", object{"type": done["type"], "actor": done["actor"], "object": done["object"]})
	}
	// undoOther has another id than what it takes back, as Misskey sends it.
	undoOther := func(s *scene) object {
		other := object{"id": s.bob.URI + "/other"}
		for k, v := range done {
			if k != "id" && k != "@context" {
				other[k] = v
			}
		}
		return s.bob.Activity("Undo", other)
	}
	react := did(func(s *scene) object { return s.bob.Activity("EmojiReact", uri, "content", "🔥") })
	unreacted := func(s *scene) {
		t.Helper()
		if n := s.here.Count(`SELECT COUNT(*) FROM reactions`) + s.here.Count(`SELECT COUNT(*) FROM objects WHERE reactions <> ''`); n != 0 {
			t.Errorf("%d reactions are left", n)
		}
	}
	unliked := func(s *scene) {
		t.Helper()
		s.count(uri, "favourites", 0)
		s.notNotified("favourite @bob@b.test")
	}
	unboosted := func(s *scene) {
		t.Helper()
		s.count(uri, "reblogs", 0)
		s.notNotified("reblog @bob@b.test")
	}
	unblocked := func(s *scene) {
		t.Helper()
		if r := s.alice.Relationship(s.bob.URI); r["blocked_by"] != false || r["following"] != false {
			t.Errorf("the relationship is %v", r)
		}
	}
	followed := func(want bool) func(s *scene) {
		return func(s *scene) {
			t.Helper()
			if n := len(s.alice.List("/api/v1/accounts/" + s.alice.ID.String() + "/followers")); n == 1 != want {
				t.Errorf("alice has %d followers", n)
			}
		}
	}
	follow := func(s *scene) {
		done = object{"type": "Follow", "id": s.bob.URI + "/activities/2", "actor": s.bob.URI, "object": s.alice.URI}
	}
	try(t, []rule{
		{name: "of a Like", given: like, send: undo, then: unliked},
		{name: "of a Like, by id", given: like, send: undoID, then: unliked},
		{name: "of a Like, without its id", given: like, send: undoUnnamed, then: unliked},
		{name: "of an Announce", given: boost, send: undo, then: unboosted},
		{name: "of an Announce, by id", given: boost, send: undoID, then: unboosted},
		{name: "of an Announce, without its id", given: boost, send: undoUnnamed, then: unboosted},
		{name: "of a Block", given: block, send: undo, then: unblocked},
		{name: "of a Block, by id", given: block, send: undoID, then: unblocked},
		{name: "of a Block, without its id", given: block, send: undoUnnamed, then: unblocked},
		{name: "of a Follow", given: follow, send: undo, then: followed(false)},
		{name: "of a Follow, by id", given: follow, send: undoID, then: followed(false)},
		{name: "of a Follow, without its id", given: follow, send: undoUnnamed, then: followed(false)},
		{name: "of an EmojiReact", given: react, send: undo, then: unreacted},
		{name: "of an EmojiReact, by id", given: react, send: undoID, then: unreacted},
		{name: "of an EmojiReact, without its id", given: react, send: func(s *scene) object {
			return s.bob.Activity("Undo", object{"type": done["type"], "actor": done["actor"], "object": done["object"], "content": done["content"]})
		}, then: unreacted},
		{name: "of a Like, with another id", given: like, send: undoOther, then: unliked},
		{name: "of an Announce, with another id", given: boost, send: undoOther, then: unboosted},
		{name: "of an Announce, by the page of the post", given: boost, send: func(s *scene) object {
			page := s.alice.Status(uri).Entity["url"]
			return s.bob.Activity("Undo", object{"type": "Announce", "actor": s.bob.URI, "object": page})
		}, then: unboosted},
		{name: "of an Announce, with the id of the post", given: boost, send: func(s *scene) object {
			note := s.knows(s.bob.Note("hello"))
			return s.bob.Activity("Undo", object{"id": note["id"], "type": "Announce", "actor": s.bob.URI, "object": uri})
		}, then: unboosted},
		{name: "of an EmojiReact, with another id", given: react, send: undoOther, then: unreacted},
		{name: "of a Block, with another id", given: block, send: undoOther, then: unblocked},
		{name: "of a Follow, with another id", given: follow, send: undoOther, then: followed(false)},
		{name: "of a Like by a neighbour, by type and object", by: byEve, nothing: true, given: like, send: func(s *scene) object {
			return s.eve.Activity("Undo", object{"type": "Like", "actor": s.eve.URI, "object": uri})
		}},
		{name: "of an Accept", by: byMallory, given: func(s *scene) {
			done = s.mallory.Activity("Accept", asked(s))
			s.sends(202, s.mallory, done)
			s.follows(true)
		}, send: func(s *scene) object { return s.mallory.Activity("Undo", done) }, then: func(s *scene) { s.follows(false) }},
		{name: "of a Like, by an id that a neighbour took for its Follow", given: func(s *scene) {
			like(s)
			s.sends(202, s.eve, object{"type": "Follow", "id": done["id"], "actor": s.eve.URI, "object": s.carol.URI})
		}, send: undoID, then: unliked},
		{name: "by somebody suspended, who takes back", given: func(s *scene) { like(s); s.suspend(s.bob) }, send: undo,
			then: func(s *scene) { s.count(uri, "favourites", 0) }},
		{name: "late: it was taken back already", nothing: true, given: func(s *scene) { like(s); s.sends(202, s.bob, undo(s)) }, send: undoID},
		{name: "of what was not done", nothing: true, given: post,
			send: func(s *scene) object {
				return s.bob.Activity("Undo", object{"id": "https://b.test/x", "type": "Like", "actor": s.bob.URI, "object": uri})
			}},
		{name: "of what is not known", nothing: true, send: func(s *scene) object {
			return s.bob.Activity("Undo", object{"id": "https://b.test/x", "type": "Like", "actor": s.bob.URI, "object": "https://c.test/1"})
		}},
		{name: "of what can't be taken back", nothing: true, given: post, send: func(s *scene) object {
			return s.bob.Activity("Undo", object{"id": "https://b.test/x", "type": "Move", "actor": s.bob.URI, "object": uri})
		}},
		{name: "without an object", want: 403, send: func(s *scene) object { return s.bob.Activity("Undo", nil) }},
		{name: "forged: another's", by: byMallory, want: 403, given: like, send: func(s *scene) object { return s.mallory.Activity("Undo", done) }},
		{name: "forged: another's, by id", by: byMallory, want: 403, given: like, send: func(s *scene) object { return s.mallory.Activity("Undo", done["id"]) }},
		{name: "forged: a neighbour's Like, by id", by: byEve, nothing: true, given: like, send: func(s *scene) object { return s.eve.Activity("Undo", done["id"]) }},
		{name: "forged: a neighbour's Follow, by id", by: byEve, want: 403, given: follow, send: func(s *scene) object { return s.eve.Activity("Undo", done["id"]) },
			then: followed(true)},
		{name: "forged: a neighbour's Announce, by id", by: byEve, want: 403, given: boost, send: func(s *scene) object { return s.eve.Activity("Undo", done["id"]) }},
		{name: "forged: an Accept of another's", by: byMallory, want: 403, given: func(*scene) {}, send: func(s *scene) object {
			return s.mallory.Activity("Undo", s.bob.Activity("Accept", "https://a.test/x"))
		}},
	})
}
