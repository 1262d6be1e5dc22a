package activity_test

import "testing"

func TestLike(t *testing.T) {
	t.Parallel()
	var uri string
	post := func(params ...string) func(s *scene) {
		return func(s *scene) { uri = s.alice.Post("hello", params...).URI; s.world.Run() }
	}
	byBob := func(s *scene) object { return s.bob.Activity("Like", uri) }
	byStranger := func(s *scene) object { return s.mallory.Activity("Like", uri) }
	try(t, []rule{
		{name: "of a post here", given: post(), send: byBob, then: func(s *scene) {
			s.notified("favourite @bob@b.test")
			s.count(uri, "favourites", 1)
		}},
		{name: "by a stranger", by: byMallory, given: post(), send: byStranger, then: func(s *scene) { s.notified("favourite @mallory@evil.test") }},
		{name: "without an id", given: post(), send: func(s *scene) object { return s.bob.Activity("Like", uri, "id", nil) },
			then: func(s *scene) { s.notNotified("favourite @bob@b.test") }, want: 403},
		{name: "with the post in it", given: post(), send: func(s *scene) object {
			return s.bob.Activity("Like", object{"id": uri, "type": "Note", "content": "forged"})
		}, then: func(s *scene) { s.count(uri, "favourites", 1) }},
		{name: "twice, with another id", nothing: true, given: func(s *scene) { post()(s); s.sends(202, s.bob, byBob(s)) }, send: byBob,
			then: func(s *scene) { s.count(uri, "favourites", 1) }},
		{name: "of a post for followers, by one", given: post("visibility", "private"), send: byBob,
			then: func(s *scene) { s.notified("favourite @bob@b.test") }},
		{name: "of a post for followers, by another", by: byMallory, nothing: true, given: post("visibility", "private"), send: byStranger},
		{name: "of a direct message to another", nothing: true, given: post("visibility", "direct"), send: byBob},
		{name: "of a remote post that is known here", given: func(s *scene) { uri = s.knows(s.bob.Note("hello"))["id"].(string) }, by: byMallory,
			send: byStranger, then: func(s *scene) { s.count(uri, "favourites", 1) }},
		{name: "of what is not known", nothing: true, given: func(*scene) { uri = "https://c.test/notes/1" }, send: byBob},
		{name: "of what was deleted", nothing: true, given: func(s *scene) {
			st := s.alice.Post("hello")
			uri = st.URI
			s.alice.Delete(st)
			s.world.Run()
		}, send: byBob},
		{name: "by somebody blocked", by: byMallory, nothing: true,
			given: func(s *scene) { post()(s); s.alice.Relate("block", "@mallory@evil.test") }, send: byStranger},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { post()(s); s.suspend(s.bob) }, send: byBob},
		{name: "forged: another's", by: byMallory, want: 403, given: post(), send: byBob},
		{name: "forged: an id of another host", by: byMallory, want: 403, given: post(),
			send: func(s *scene) object { return s.mallory.Activity("Like", uri, "id", "https://b.test/likes/1") }},
	})
}

// A favourite goes to the author of the post and to nobody else.
func TestLikeHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.alice)
	s.mallory.Host.Forget()
	note := s.knows(s.bob.Note("hello"))
	st := s.alice.Status(note["id"].(string))
	s.bob.Host.Forget()
	s.alice.Act("favourite", st)
	s.alice.Act("favourite", st)
	s.world.Run()
	got := s.bob.Received()
	if len(got) != 1 || got[0]["type"] != "Like" || got[0]["object"] != note["id"] || len(s.mallory.Received()) != 0 {
		t.Fatalf("bob receives %v, mallory %v", got, s.mallory.Received())
	}
	s.alice.Act("unfavourite", st)
	s.world.Run()
	if got := s.bob.ReceivedTypes(); len(got) != 2 || got[1] != "Undo" {
		t.Errorf("bob receives %v", got)
	}
	s.count(note["id"], "favourites", 0)
}
