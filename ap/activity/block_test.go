package activity_test

import (
	"net/http"
	"testing"
)

func TestBlock(t *testing.T) {
	t.Parallel()
	var note object
	known := func(s *scene) { note = s.knows(s.bob.Note("hello")) }
	ofAlice := func(s *scene) object { return s.bob.Activity("Block", s.alice.URI) }
	try(t, []rule{
		{name: "of somebody who follows", given: known, send: ofAlice, then: func(s *scene) {
			s.hasNot(note["id"])
			if s.alice.Status(note["id"].(string)) != nil {
				t.Error("alice still sees it")
			}
			r := s.alice.Relationship(s.bob.URI)
			if r["following"] != false || r["followed_by"] != false || r["blocked_by"] != true {
				t.Errorf("alice's relationship is %v", r)
			}
			if s.carol.Status(note["id"].(string)) == nil {
				t.Error("carol, whom bob does not block, does not see it")
			}
			if status, _ := s.alice.Call(http.MethodPost, "/api/v1/accounts/"+s.carol.Find(s.bob.URI)+"/follow"); status != http.StatusForbidden {
				t.Errorf("alice's follow is answered with %d", status)
			}
		}},
		{name: "late: it was taken back already, which is not kept", given: func(s *scene) {
			s.sends(202, s.bob, s.bob.Activity("Undo", object{"type": "Block", "actor": s.bob.URI, "object": s.alice.URI}))
		}, send: ofAlice, then: func(s *scene) {
			if r := s.alice.Relationship(s.bob.URI); r["blocked_by"] != true {
				t.Errorf("alice's relationship is %v", r)
			}
		}},
		{name: "of somebody elsewhere", nothing: true, send: func(s *scene) object { return s.bob.Activity("Block", s.mallory.URI) }},
		{name: "of nobody", nothing: true, send: func(s *scene) object { return s.bob.Activity("Block", "https://a.test/users/nobody") }},
		{name: "of oneself", want: 403, send: func(s *scene) object { return s.bob.Activity("Block", s.bob.URI) }},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { s.suspend(s.bob) }, send: ofAlice},
		{name: "forged: another's", by: byMallory, want: 403, send: ofAlice},
		{name: "forged: an id of another host", want: 403, send: func(s *scene) object {
			return s.bob.Activity("Block", s.alice.URI, "id", "https://evil.test/blocks/1")
		}},
	})
}

// A block here works in both directions and at once, and the other server is notified
// that follows end there too.
func TestBlockHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	note := s.knows(s.bob.Note("hello"))
	s.bob.Host.Forget()
	s.alice.Relate("block", "@bob@b.test")
	s.hasNot(note["id"])
	s.world.Run()
	got := map[string]bool{}
	for _, typ := range s.bob.ReceivedTypes() {
		got[typ] = true
	}
	if !got["Block"] || !got["Reject"] || !got["Undo"] {
		t.Errorf("bob receives %v", s.bob.ReceivedTypes())
	}
	s.bob.Host.Forget()
	s.alice.Post("to followers")
	s.world.Run()
	if n := len(s.bob.Received()); n != 0 {
		t.Errorf("bob receives %d activities", n)
	}
	private := s.alice.Post("hello", "visibility", "private")
	if w := s.bob.Get(s.here, private.URI); w.Code != http.StatusNotFound {
		t.Errorf("bob, whom alice blocks, is answered with %d", w.Code)
	}
	s.alice.Relate("unblock", "@bob@b.test")
	s.world.Run()
	if got := s.bob.ReceivedTypes(); len(got) != 1 || got[0] != "Undo" {
		t.Errorf("bob receives %v", got)
	}
	if r := s.alice.Relationship("@bob@b.test"); r["following"] != false || r["blocking"] != false {
		t.Errorf("the relationship is %v", r)
	}
}
