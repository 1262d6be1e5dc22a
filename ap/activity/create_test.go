package activity_test

import (
	"testing"

	"kinglet/internal/apptest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	var note object
	// of makes the case of a Create of a note, which is written when the scene is there.
	create := func(write func(s *scene) object) func(s *scene) object {
		return func(s *scene) object {
			note = write(s)
			return s.bob.Activity("Create", note)
		}
	}
	byMalloryOf := func(write func(s *scene) object) func(s *scene) object {
		return func(s *scene) object {
			note = write(s)
			return s.mallory.Activity("Create", note)
		}
	}
	public := create(func(s *scene) object { return s.bob.Note("hello") })
	try(t, []rule{
		{name: "of somebody who is followed", send: public, then: func(s *scene) { s.has(note["id"]) }},
		{name: "with a mention, of a stranger", by: byMallory,
			send: byMalloryOf(func(s *scene) object { return s.mallory.To(s.alice, "hello") }),
			then: func(s *scene) { s.notified("mention @mallory@evil.test"); s.hasNot(note["id"]) }},
		{name: "of a stranger, for nobody here", by: byMallory, nothing: true,
			send: byMalloryOf(func(s *scene) object { return s.mallory.Note("hello") })},
		{name: "an answer of a stranger to a post here", by: byMallory,
			send: byMalloryOf(func(s *scene) object { return s.mallory.Note("re", "inReplyTo", s.alice.Post("hello").URI) }),
			then: func(s *scene) { s.count(note["inReplyTo"], "replies", 1) }},
		{name: "for followers", send: create(func(s *scene) object { return s.bob.Note("hello", "to", []string{s.bob.URI + "/followers"}, "cc", nil) }),
			then: func(s *scene) {
				s.has(note["id"])
				if s.carol.Status(note["id"].(string)) != nil {
					t.Error("carol, who does not follow, sees it")
				}
			}},
		{name: "a direct message", send: create(func(s *scene) object { return s.bob.To(s.alice, "psst") }),
			then: func(s *scene) {
				s.notified("mention @bob@b.test")
				if s.carol.Status(note["id"].(string)) != nil {
					t.Error("carol sees it")
				}
			}},
		{name: "by id", send: func(s *scene) object {
			note = s.bob.Note("hello")
			return s.bob.Activity("Create", note["id"], "to", note["to"])
		}, then: func(s *scene) { s.has(note["id"]) }},
		{name: "by id, of a stranger, for nobody here", by: byMallory, nothing: true, send: func(s *scene) object {
			return s.mallory.Activity("Create", s.mallory.Note("hello")["id"], "to", []string{apptest.Public})
		}, then: func(s *scene) {
			if n := len(s.mallory.Host.Asked("GET", "/users/mallory/notes/1")); n != 0 {
				t.Errorf("it was fetched %d times", n)
			}
		}},
		{name: "by id, of another's post", by: byMallory, want: 403, send: func(s *scene) object {
			return s.mallory.Activity("Create", s.bob.Note("hello")["id"], "to", []string{s.alice.URI})
		}},
		{name: "without an object", want: 403, send: func(s *scene) object { return s.bob.Activity("Create", nil) }},
		{name: "of something that is not a status", nothing: true, send: create(func(s *scene) object { return s.bob.Note("hello", "type", "Collection") })},
		{name: "of something without a title or a text", nothing: true, send: create(func(s *scene) object { return s.bob.Note("", "type", "Flight", "content", nil) })},
		{name: "from the future", send: create(func(s *scene) object { return s.bob.Note("hello", "published", "2126-01-01T00:00:00Z") }),
			then: func(s *scene) {
				s.has(note["id"])
				if later := s.alice.Post("later"); s.alice.Home()[0].URI != later.URI {
					t.Error("it stays on top of the timeline")
				}
			}},

		{name: "forged: another's author", by: byMallory, want: 403,
			send: byMalloryOf(func(s *scene) object { return s.mallory.To(s.alice, "hello", "attributedTo", s.bob.URI) })},
		{name: "forged: a neighbour's author", by: byEve, want: 403,
			send: func(s *scene) object {
				return s.eve.Activity("Create", s.eve.To(s.alice, "hello", "attributedTo", s.bob.URI))
			}},
		{name: "another's activity, which is fetched", by: byMallory, send: public, then: func(s *scene) { s.has(note["id"]) }},
		{name: "forged: an id of another host", by: byMallory, want: 403,
			send: byMalloryOf(func(s *scene) object { return s.mallory.To(s.alice, "hello", "id", "https://b.test/notes/1") })},
		{name: "forged: an id of ours", want: 403,
			send: create(func(s *scene) object { return s.bob.To(s.alice, "hello", "id", "https://a.test/objects/1") })},
		{name: "forged: no author", want: 403, send: create(func(s *scene) object { return s.bob.Note("hello", "attributedTo", nil) })},

		{name: "twice, with another id of the activity", given: func(s *scene) { note = s.knows(s.bob.Note("hello")) }, nothing: true,
			send: func(s *scene) object { return s.bob.Activity("Create", note) }},
		{name: "of a known id, with another text", given: func(s *scene) { note = s.knows(s.bob.Note("hello")) }, nothing: true,
			send: func(s *scene) object { return s.bob.Activity("Create", s.bob.Note("other", "id", note["id"])) }},
		{name: "late: it was deleted already", nothing: true,
			given: func(s *scene) {
				note = s.knows(s.bob.Note("hello"))
				s.sends(202, s.bob, s.bob.Activity("Delete", note["id"]))
			},
			send: func(s *scene) object { return s.bob.Activity("Create", note) },
			then: func(s *scene) { s.hasNot(note["id"]) }},
		{name: "out of order: the answer comes before what it answers",
			given: func(s *scene) {
				first := s.bob.Note("first")
				note = s.knows(s.bob.Note("second", "inReplyTo", first["id"]))
			},
			send: func(s *scene) object { return s.bob.Activity("Create", s.bob.Note("third", "inReplyTo", note["id"])) },
			then: func(s *scene) {
				s.count(note["id"], "replies", 1)
				s.count(note["inReplyTo"], "replies", 1)
			}},

		{name: "by somebody blocked, with a mention", by: byMallory, nothing: true,
			given: func(s *scene) { s.alice.Relate("block", "@mallory@evil.test") },
			send:  byMalloryOf(func(s *scene) object { return s.mallory.To(s.alice, "hello") })},
		{name: "by somebody who is muted", given: func(s *scene) { s.alice.Relate("mute", "@bob@b.test") }, send: public,
			then: func(s *scene) { s.hasNot(note["id"]) }},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { s.suspend(s.bob) }, send: public},
		{name: "by somebody who is gone", want: 403,
			given: func(s *scene) { s.sends(202, s.bob, s.bob.Activity("Delete", s.bob.URI)) }, send: public},
	})
}

// What a local account publishes is delivered to its recipients, once each.
func TestCreateHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.carol)
	for _, c := range []struct {
		name         string
		write        func() *apptest.Status
		bob, mallory int // how many Creates each gets
	}{
		{"public", func() *apptest.Status { return s.alice.Post("hello") }, 1, 0},
		{"for followers", func() *apptest.Status { return s.alice.Post("hello", "visibility", "private") }, 1, 0},
		{"with a mention of a stranger", func() *apptest.Status { return s.alice.Post("@mallory@evil.test hello") }, 1, 1},
		{"direct", func() *apptest.Status { return s.alice.Post("@mallory@evil.test hello", "visibility", "direct") }, 0, 1},
		{"to nobody elsewhere", func() *apptest.Status { return s.alice.Post("@carol hello", "visibility", "direct") }, 0, 0},
		{"another's followers", func() *apptest.Status { return s.carol.Post("hello") }, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.bob.Host.Forget()
			s.mallory.Host.Forget()
			st := c.write()
			s.world.Run()
			for who, want := range map[*apptest.Stranger]int{s.bob: c.bob, s.mallory: c.mallory} {
				got := who.Received()
				if len(got) != want {
					t.Fatalf("%s receives %d activities, not %d: %v", who.Name, len(got), want, got)
				}
				if want > 0 && (got[0]["type"] != "Create" || got[0]["object"].(object)["id"] != st.URI) {
					t.Errorf("%s receives %v", who.Name, got[0])
				}
			}
		})
	}
}
