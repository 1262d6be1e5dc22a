package activity_test

import (
	"net/http"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// weekOfRetries is longer than anything is tried again.
const weekOfRetries = 8 * 24 * time.Hour

// lock has an account here answer follows itself.
func lock(who *apptest.Account) {
	who.Do("PATCH", "/api/v1/accounts/update_credentials", "locked", "true")
	who.Server.World.Run()
}

func TestFollow(t *testing.T) {
	t.Parallel()
	answer := func(s *scene, who *apptest.Stranger) string {
		got := who.ReceivedTypes()
		if len(got) == 0 {
			return ""
		}
		return got[len(got)-1]
	}
	toAlice := func(s *scene) object { return s.mallory.Activity("Follow", s.alice.URI) }
	try(t, []rule{
		{name: "of an open account", by: byMallory, send: toAlice, then: func(s *scene) {
			s.notified("follow @mallory@evil.test")
			if answer(s, s.mallory) != "Accept" {
				t.Errorf("mallory receives %v", s.mallory.ReceivedTypes())
			}
		}},
		{name: "again, since our answer was lost", send: func(s *scene) object {
			s.bob.Host.Forget()
			return s.bob.Activity("Follow", s.alice.URI)
		}, nothing: true, then: func(s *scene) {
			if answer(s, s.bob) != "Accept" {
				t.Errorf("bob receives %v", s.bob.ReceivedTypes())
			}
		}},
		{name: "of a locked account", by: byMallory, given: func(s *scene) { lock(s.alice) }, send: toAlice, then: func(s *scene) {
			s.notified("follow_request @mallory@evil.test")
			if answer(s, s.mallory) != "" {
				t.Errorf("mallory receives %v", s.mallory.ReceivedTypes())
			}
		}},
		{name: "by somebody blocked", by: byMallory, nothing: true, given: func(s *scene) { s.alice.Relate("block", "@mallory@evil.test") },
			send: toAlice, then: func(s *scene) {
				if answer(s, s.mallory) != "Reject" {
					t.Errorf("mallory receives %v", s.mallory.ReceivedTypes())
				}
			}},
		{name: "by somebody suspended", by: byMallory, want: 403, given: func(s *scene) { s.suspend(s.mallory) }, send: toAlice},
		{name: "of somebody elsewhere", by: byMallory, nothing: true, send: func(s *scene) object { return s.mallory.Activity("Follow", s.bob.URI) }},
		{name: "of nobody", by: byMallory, nothing: true, send: func(s *scene) object { return s.mallory.Activity("Follow", "https://a.test/users/nobody") }},
		{name: "of oneself", by: byMallory, nothing: true, send: func(s *scene) object { return s.mallory.Activity("Follow", s.mallory.URI) }},
		{name: "forged: an id of another host", by: byMallory, want: 403,
			send: func(s *scene) object {
				return s.mallory.Activity("Follow", s.alice.URI, "id", "https://b.test/follows/1")
			}},
		{name: "forged: an id of ours", by: byMallory, want: 403,
			send: func(s *scene) object {
				return s.mallory.Activity("Follow", s.alice.URI, "id", "https://a.test/follows/1")
			}},
		{name: "forged: another's", by: byMallory, want: 403, send: func(s *scene) object { return s.eve.Activity("Follow", s.alice.URI) }},
	})
}

// asked has alice ask to follow mallory, and gives the Follow that is delivered.
func asked(s *scene) object {
	s.Helper()
	s.alice.Follow("@mallory@evil.test")
	s.world.Run()
	got := s.mallory.Received()
	if len(got) != 1 || got[0]["type"] != "Follow" || got[0]["object"] != s.mallory.URI {
		s.Fatalf("mallory receives %v", got)
	}
	return got[0]
}

func (s *scene) follows(want bool) {
	s.Helper()
	if r := s.alice.Relationship("@mallory@evil.test"); r["following"] != want {
		s.Errorf("alice follows mallory: %v", r["following"])
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	var follow object
	given := func(s *scene) { follow = asked(s) }
	yes := func(s *scene) { s.follows(true) }
	no := func(s *scene) { s.follows(false) }
	try(t, []rule{
		{name: "with the Follow in it", by: byMallory, given: given, send: func(s *scene) object { return s.mallory.Activity("Accept", follow) }, then: yes},
		{name: "by the Follow's id", by: byMallory, given: given, send: func(s *scene) object { return s.mallory.Activity("Accept", follow["id"]) }, then: yes},
		{name: "without an id of its own", by: byMallory, given: given,
			send: func(s *scene) object { return s.mallory.Activity("Accept", follow, "id", nil) }, then: yes},
		{name: "of a Follow with another id", by: byMallory, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Accept", object{"id": "https://evil.test/x", "type": "Follow", "actor": s.alice.URI, "object": s.mallory.URI})
		}, then: yes},
		{name: "of a Follow without its id", by: byMallory, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Accept", object{"type": "Follow", "actor": s.alice.URI, "object": s.mallory.URI})
		}, then: yes},
		{name: "of a Follow that has another type", by: byMallory, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Accept", object{"id": follow["id"], "type": "Object"})
		}, then: yes},
		{name: "of what was not asked", by: byMallory, nothing: true, send: func(s *scene) object {
			return s.mallory.Activity("Accept", object{"id": "https://a.test/x", "type": "Follow", "actor": s.alice.URI, "object": s.mallory.URI})
		}, then: no},
		{name: "late: the request was taken back", by: byMallory, nothing: true, given: func(s *scene) {
			given(s)
			s.alice.Relate("unfollow", "@mallory@evil.test")
			s.world.Run()
		}, send: func(s *scene) object { return s.mallory.Activity("Accept", follow) }, then: no},
		{name: "late: it was rejected already", by: byMallory, nothing: true, given: func(s *scene) {
			given(s)
			s.sends(202, s.mallory, s.mallory.Activity("Reject", follow))
		}, send: func(s *scene) object { return s.mallory.Activity("Accept", follow) }, then: no},
		{name: "forged: by another than was asked", by: byEve, want: 403, given: given,
			send: func(s *scene) object { return s.eve.Activity("Accept", follow) }, then: no},
		{name: "by somebody suspended", by: byMallory, want: 403, given: func(s *scene) { given(s); s.suspend(s.mallory) },
			send: func(s *scene) object { return s.mallory.Activity("Accept", follow) }},
	})
}

func TestReject(t *testing.T) {
	t.Parallel()
	var follow object
	given := func(s *scene) { follow = asked(s) }
	accepted := func(s *scene) {
		given(s)
		s.sends(202, s.mallory, s.mallory.Activity("Accept", follow))
		s.sends(202, s.mallory, s.mallory.Activity("Create", s.mallory.Note("hello")))
		if !s.alice.HasInHome("https://evil.test/users/mallory/notes/2") {
			s.Fatal("mallory's post is not in alice's home")
		}
	}
	no := func(s *scene) {
		s.follows(false)
		s.hasNot("https://evil.test/users/mallory/notes/2")
		if r := s.alice.Relationship("@mallory@evil.test"); r["requested"] != false {
			s.Error("the request stands")
		}
	}
	try(t, []rule{
		{name: "of a request", by: byMallory, given: given, send: func(s *scene) object { return s.mallory.Activity("Reject", follow) }, then: no},
		{name: "of a request, by its id", by: byMallory, given: given, send: func(s *scene) object { return s.mallory.Activity("Reject", follow["id"]) }, then: no},
		{name: "of a request, without its id", by: byMallory, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Reject", object{"type": "Follow", "actor": s.alice.URI, "object": s.mallory.URI})
		}, then: no},
		{name: "of a follow that was accepted", by: byMallory, given: accepted, send: func(s *scene) object { return s.mallory.Activity("Reject", follow) }, then: no},
		{name: "of what was not asked", by: byMallory, nothing: true, send: func(s *scene) object { return s.mallory.Activity("Reject", "https://a.test/x") }},
		{name: "forged: by another than was asked", by: byEve, want: 403, given: accepted,
			send: func(s *scene) object { return s.eve.Activity("Reject", follow) }, then: func(s *scene) { s.follows(true) }},
	})
}

// A locked account's answers go to who asked, and it can end what it allowed.
func TestAnswersHere(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{"authorize": "Accept", "reject": "Reject"} {
		t.Run(want, func(t *testing.T) {
			s := newScene(t)
			lock(s.alice)
			s.mallory.Follow(s.alice)
			s.alice.Do(http.MethodPost, "/api/v1/follow_requests/"+s.alice.Find(s.mallory.URI)+"/"+action)
			s.world.Run()
			got := s.mallory.Received()
			if len(got) != 1 || got[0]["type"] != want || got[0]["object"].(object)["actor"] != s.mallory.URI {
				t.Fatalf("mallory receives %v", got)
			}
			s.mallory.Host.Forget()
			s.alice.Post("for followers", "visibility", "private")
			s.world.Run()
			if n := len(s.mallory.Received()); n != map[string]int{"Accept": 1, "Reject": 0}[want] {
				t.Errorf("mallory receives %d posts for followers", n)
			}
			if want == "Reject" {
				return
			}
			s.alice.Relate("remove_from_followers", "@mallory@evil.test")
			s.mallory.Host.Forget()
			s.world.Run()
			if got := s.mallory.ReceivedTypes(); len(got) != 1 || got[0] != "Reject" {
				t.Errorf("mallory receives %v", got)
			}
		})
	}
}

// A follow and its end are delivered to the target; a second request is the first.
func TestFollowHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	follow := asked(s)
	s.alice.Follow("@mallory@evil.test")
	s.world.Run()
	if n := len(s.mallory.Received()); n != 1 {
		t.Errorf("mallory receives %d activities", n)
	}
	s.alice.Relate("unfollow", "@mallory@evil.test")
	s.world.Run()
	got := s.mallory.Received()
	if len(got) != 2 || got[1]["type"] != "Undo" || got[1]["object"].(object)["id"] != follow["id"] {
		t.Errorf("mallory receives %v", got)
	}
	s.carol.Relate("block", s.alice.Handle)
	if status, _ := s.alice.Call(http.MethodPost, "/api/v1/accounts/"+s.carol.ID.String()+"/follow"); status != http.StatusForbidden {
		t.Errorf("to follow who blocks is answered with %d", status)
	}
}
