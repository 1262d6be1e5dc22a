package activity_test

import (
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// open and closed are parts of a policy as GoToSocial 0.20 sends them, onRequest
// one as 0.19 did.
func open() object { return object{"automaticApproval": apptest.Public, "always": apptest.Public} }
func closed(author string) object {
	return object{"automaticApproval": author, "always": author, "manualApproval": []string{}, "approvalRequired": []string{}}
}
func onRequest(author string) object {
	return object{"always": []string{author}, "approvalRequired": []string{apptest.Public}}
}

// What an author elsewhere does not allow is not done here; what the author wants
// to decide about is, and ends when the author refuses it.
func TestPoliciesOfOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, part := range []struct{ name, method, path, of string }{
		{"canLike", http.MethodPost, "/favourite", "favourites"}, {"canAnnounce", http.MethodPost, "/reblog", "reblogs"}, {"canReply", "", "", "replies"},
	} {
		policy := object{"canLike": open(), "canAnnounce": open(), "canReply": open()}
		do := func(note object) int {
			t.Helper()
			id := s.alice.Status(note["id"].(string)).ID
			if part.path == "" {
				status, _ := s.alice.Call(http.MethodPost, "/api/v1/statuses", "status", "an answer", "in_reply_to_id", id)
				return status
			}
			status, _ := s.alice.Call(part.method, "/api/v1/statuses/"+id+part.path)
			return status
		}
		policy[part.name] = closed(s.bob.URI)
		note := s.knows(s.bob.Note("closed", "interactionPolicy", policy))
		s.bob.Host.Forget()
		if status := do(note); status != http.StatusForbidden {
			t.Errorf("%s: it is answered with %d", part.name, status)
		}
		s.world.Run()
		if got := s.bob.ReceivedTypes(); len(got) != 0 {
			t.Errorf("%s: bob receives %v", part.name, got)
		}
		policy[part.name] = open()
		if status := do(s.knows(s.bob.Note("open", "interactionPolicy", policy))); status != http.StatusOK {
			t.Errorf("%s: what is open is answered with %d", part.name, status)
		}
		policy[part.name] = onRequest(s.bob.URI)
		note = s.knows(s.bob.Note("asked", "interactionPolicy", policy))
		if status := do(note); status != http.StatusOK {
			t.Errorf("%s: what is asked for is answered with %d", part.name, status)
		}
		s.world.Run()
		// GoToSocial accepts what came without a request by an Accept that is itself
		// the authorization.
		did := s.last(s.bob, map[string]string{"canLike": "Like", "canAnnounce": "Announce", "canReply": "Create"}[part.name])
		if reply, ok := did["object"].(object); ok {
			did = reply
		}
		s.sends(http.StatusForbidden, s.eve, s.eve.Activity("Accept", did["id"], "target", note["id"]))
		s.sends(http.StatusForbidden, s.bob, s.bob.Activity("Accept", did["id"], "target", note["id"], "result", "https://evil.test/1"))
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Accept", did["id"], "target", note["id"]))
		s.world.Run()
		if part.name != "canLike" {
			continue
		}
		s.count(note["id"], "favourites", 1)
		like := s.last(s.bob, "Like")
		// A neighbour refuses nothing.
		s.sends(http.StatusForbidden, s.eve, s.eve.Activity("Reject", like["id"]))
		s.count(note["id"], "favourites", 1)
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Reject", like["id"], "target", note["id"]))
		s.count(note["id"], "favourites", 0)
	}
	mentions := s.knows(s.bob.Note("hello", "interactionPolicy", object{"canReply": closed(s.bob.URI)}, "tag", []object{apptest.Mention(s.alice)}))
	if status, body := s.alice.Call(http.MethodPost, "/api/v1/statuses", "status", "an answer", "in_reply_to_id", s.alice.Status(mentions["id"].(string)).ID); status != http.StatusOK {
		t.Errorf("who is mentioned may not answer: %d %s", status, body)
	}
}

// What somebody elsewhere does with a post from here waits for its author, if the
// policy says so: with a request or without one, as GoToSocial does it.
func TestInteractionRequests(t *testing.T) {
	t.Parallel()
	activities := map[string]func(s *scene, post *apptest.Status) (does, request object){
		"favourite": func(s *scene, post *apptest.Status) (object, object) {
			like := s.mallory.Activity("Like", post.URI, "to", s.alice.URI)
			return like, s.mallory.Activity("LikeRequest", post.URI, "to", s.alice.URI, "instrument", like)
		},
		"reblog": func(s *scene, post *apptest.Status) (object, object) {
			boost := s.mallory.Activity("Announce", post.URI, "to", s.mallory.URI+"/followers", "cc", s.alice.URI)
			return boost, s.mallory.Activity("AnnounceRequest", post.URI, "to", s.alice.URI, "instrument", boost)
		},
		"reply": func(s *scene, post *apptest.Status) (object, object) {
			note := s.mallory.Note("an answer", "inReplyTo", post.URI, "cc", s.alice.URI)
			return s.mallory.Activity("Create", note), s.mallory.Activity("ReplyRequest", post.URI, "to", s.alice.URI, "instrument", note)
		},
	}
	counters := map[string]string{"favourite": "favourites", "reblog": "reblogs", "reply": "replies"}
	for kind, make := range activities {
		for _, way := range []string{"asked", "not asked", "sent once", "rejected", "nobody may"} {
			t.Run(kind+" "+way, func(t *testing.T) {
				s := newScene(t)
				list := "[manual_approval][]"
				value := "public"
				if way == "nobody may" {
					list, value = "[automatic_approval][]", "author"
				}
				post := s.alice.Post("mine", "interaction_policy[can_"+kind+"]"+list, value)
				s.world.Run()
				does, request := make(s, post)
				first := does
				if way == "asked" {
					first = request
				}
				s.sends(http.StatusAccepted, s.mallory, first)
				s.count(post.URI, counters[kind], 0)
				waiting := s.quoteRequests(s.alice)
				if way == "nobody may" {
					if len(waiting) != 0 || strings.Join(s.mallory.ReceivedTypes(), " ") != "Reject" {
						t.Errorf("%v wait, and mallory receives %v", waiting, s.mallory.ReceivedTypes())
					}
					return
				}
				if len(waiting) != 1 || waiting[0]["type"] != kind || len(s.quoteRequests(s.carol)) != 0 {
					t.Fatalf("%v wait", waiting)
				}
				if way == "sent once" { // as Mastodon does, which knows no policies
					done := does
					if kind == "reply" {
						done = does["object"].(object)
					}
					s.mallory.Host.Serve(done["id"].(string), done)
				} else {
					s.sends(http.StatusAccepted, s.mallory, first) // again
				}
				path := "/api/v1/interaction_requests/" + waiting[0]["id"].(string)
				if status, _ := s.carol.Call(http.MethodPost, path+"/authorize"); status != http.StatusNotFound {
					t.Errorf("carol decides for alice: %d", status)
				}
				if way == "rejected" {
					s.alice.Do(http.MethodPost, path+"/reject")
					s.world.Run()
					if reject := s.last(s.mallory, "Reject"); reject["target"] != post.URI {
						t.Errorf("the Reject is %v", reject)
					}
					s.sends(http.StatusAccepted, s.mallory, does)
					s.count(post.URI, counters[kind], 0)
					return
				}
				s.alice.Do(http.MethodPost, path+"/authorize")
				s.world.Run()
				if way == "sent once" {
					s.count(post.URI, counters[kind], 1)
					return
				}
				accept := s.last(s.mallory, "Accept")
				status, stamp := s.document(accept["result"].(string))
				typ := map[string]string{"favourite": "LikeAuthorization", "reblog": "AnnounceAuthorization", "reply": "ReplyAuthorization"}[kind]
				done := does["id"]
				if kind == "reply" {
					done = does["object"].(object)["id"]
				}
				if status != http.StatusOK || stamp["type"] != typ || stamp["attributedTo"] != s.alice.URI || stamp["interactingObject"] != done || stamp["interactionTarget"] != post.URI {
					t.Errorf("the authorization is %d %v", status, stamp)
				}
				about := accept["object"]
				if o, ok := about.(object); ok {
					about = o["id"]
				}
				if want := map[string]any{"asked": request["id"], "not asked": done}[way]; about != want {
					t.Errorf("the Accept is about %v, not %v", about, want)
				}
				s.sends(http.StatusAccepted, s.mallory, does) // with what it has now
				s.count(post.URI, counters[kind], 1)
				if len(s.quoteRequests(s.alice)) != 0 {
					t.Error("it still waits")
				}
			})
		}
	}
}

// A request says what it asks for, by its own actor.
func TestFalseInteractionRequests(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("mine", "interaction_policy[can_favourite][manual_approval][]", "public", "interaction_policy[can_reply][manual_approval][]", "public")
	other := s.alice.Post("another")
	like := func(pairs ...any) object { return s.bob.Activity("Like", post.URI, pairs...) }
	for name, instrument := range map[string]any{
		"an id":           like()["id"],
		"a neighbour's":   like("actor", s.eve.URI),
		"of another post": like("object", other.URI),
		"of another type": like("type", "Announce"),
		"of another host": like("id", "https://evil.test/1"),
		"of ours":         like("id", post.URI+"/like"),
		"without an id":   like("id", nil),
	} {
		if got := s.bob.Send(s.here, s.bob.Activity("LikeRequest", post.URI, "instrument", instrument)); got != http.StatusForbidden {
			t.Errorf("%s: it is answered with %d", name, got)
		}
	}
	note := s.bob.Note("an answer", "inReplyTo", other.URI)
	if got := s.bob.Send(s.here, s.bob.Activity("ReplyRequest", post.URI, "instrument", note)); got != http.StatusForbidden {
		t.Errorf("an answer to another post is answered with %d", got)
	}
	// An answer does not come in by an Update either.
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", s.bob.Note("an answer", "inReplyTo", post.URI)))
	s.count(post.URI, "replies", 0)
}
