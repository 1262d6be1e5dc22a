package activity_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// What waits for an author's approval goes to that author alone. Once it is
// accepted all get it, with what the author has given for it, as GoToSocial's
// servers read it; what the author takes back is sent without.
func TestApprovals(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct{ part, key, typ string }{
		"reply":     {"canReply", "replyAuthorization", "Create"},
		"reblog":    {"canAnnounce", "announceAuthorization", "Announce"},
		"favourite": {"canLike", "likeAuthorization", "Like"},
	} {
		for _, version := range []string{"0.20 or before", "after 0.20"} {
			t.Run(kind+" "+version, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				s.mallory.Follow(s.alice)
				note := s.knows(s.bob.Note("asked", "interactionPolicy", object{c.part: onRequest(s.bob.URI)}))
				id := s.alice.Status(note["id"].(string)).ID
				s.mallory.Host.Forget()
				does := s.does(kind, id)
				if got := s.mallory.ReceivedTypes(); len(got) != 0 {
					t.Errorf("before it is accepted mallory receives %v", got)
				}
				done := does["id"].(string)
				if kind == "reply" {
					done = does["object"].(object)["id"].(string)
				}
				if _, doc := s.document(done); doc["approvedBy"] != nil || doc[c.key] != nil {
					t.Errorf("before it is accepted its document is %v", doc)
				}
				// GoToSocial's, of what it was not asked for by a request. It sends it to
				// its followers, too.
				accept := s.bob.Activity("Accept", done, "id", s.bob.URI+"/accepts/1", "target", note["id"], "to", s.alice.URI, "cc", []string{apptest.Public, s.bob.URI + "/followers"})
				stamp := accept["id"].(string)
				if version == "after 0.20" {
					stamp = s.bob.URI + "/authorizations/1"
					accept["result"] = stamp
				}
				s.sends(http.StatusForbidden, s.eve, s.eve.Activity("Accept", done, "target", note["id"], "result", s.eve.URI+"/authorizations/1"))
				s.sends(http.StatusForbidden, s.bob, object{"@context": accept["@context"], "type": "Accept", "id": s.bob.URI + "/accepts/2", "actor": s.bob.URI, "object": done, "result": "https://evil.test/1"})
				s.sends(http.StatusAccepted, s.bob, accept)
				check := func(doc object, stamp any) {
					t.Helper()
					authorization := stamp
					if version != "after 0.20" {
						authorization = nil
					}
					if doc["approvedBy"] != stamp || doc[c.key] != authorization {
						t.Errorf("%v is not approved by %v", doc, stamp)
					}
				}
				_, doc := s.document(done)
				if kind == "favourite" { // it is for bob alone
					if doc != nil && doc["type"] == "Like" {
						t.Error("a stranger reads a Like")
					}
					check(s.fetched(s.bob, done), stamp)
					if len(s.mallory.ReceivedTypes()) != 0 {
						t.Errorf("mallory receives %v", s.mallory.ReceivedTypes())
					}
					return
				}
				check(doc, stamp)
				for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
					sent := s.last(who, c.typ)
					if kind == "reply" {
						sent = sent["object"].(object)
					}
					if sent["id"] != done {
						t.Errorf("%s receives %v", who.Name, sent)
					}
					check(sent, stamp)
				}
				s.sends(http.StatusAccepted, s.bob, accept)
				if n := len(s.mallory.ReceivedTypes()); n != 1 {
					t.Errorf("mallory receives %v", s.mallory.ReceivedTypes())
				}
				// Another on bob's host takes back nothing.
				s.sends(http.StatusAccepted, s.eve, s.eve.Activity("Delete", stamp))
				_, doc = s.document(done)
				check(doc, stamp)
				s.mallory.Host.Forget()
				s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Delete", stamp))
				if kind == "reblog" {
					if undone := s.last(s.mallory, "Undo")["object"].(object); undone["id"] != done {
						t.Errorf("mallory receives the Undo of %v", undone)
					}
					return
				}
				if update := s.last(s.mallory, "Update")["object"].(object); update["id"] != done || update["approvedBy"] != nil || update[c.key] != nil {
					t.Errorf("after it is taken back mallory receives %v", update)
				}
			})
		}
	}
}

// does has alice answer, boost or like a status, and is what bob receives.
func (s *scene) does(kind, id string) object {
	s.Helper()
	s.bob.Host.Forget()
	typ := map[string]string{"reply": "Create", "reblog": "Announce", "favourite": "Like"}[kind]
	if kind == "reply" {
		s.alice.Post("an answer", "in_reply_to_id", id)
	} else {
		s.alice.Do(http.MethodPost, "/api/v1/statuses/"+id+"/"+kind)
	}
	s.world.Run()
	return s.last(s.bob, typ)
}

// fetched is a document here as somebody gets it by a signature.
func (s *scene) fetched(who *apptest.Stranger, uri string) (doc object) {
	s.Helper()
	if err := json.Unmarshal(who.Get(s.here, uri).Body.Bytes(), &doc); err != nil {
		s.Error(err)
	}
	return doc
}

// What an author refuses that nobody else has is deleted, as GoToSocial does. What
// needed no approval the author can't have deleted.
func TestRejections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     string
		policy   func(s *scene) object
		accepted bool
		want     string // what mallory, who follows alice, has received in the end
		gone     bool
	}{
		"an answer":                 {"reply", byRequest, false, "", true},
		"a boost":                   {"reblog", byRequest, false, "", true},
		"an accepted answer":        {"reply", byRequest, true, "Create Update", false},
		"an accepted boost":         {"reblog", byRequest, true, "Announce Undo", true},
		"an answer by name":         {"reply", byName, false, "Create", false},
		"an answer for all":         {"reply", func(*scene) object { return open() }, false, "Create", false},
		"a boost of what was named": {"reblog", byName, false, "Announce Undo", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.mallory.Follow(s.alice)
			policy := c.policy(s)
			note := s.knows(s.bob.Note("asked", "interactionPolicy", object{"canReply": policy, "canAnnounce": policy}))
			s.mallory.Host.Forget()
			does := s.does(c.kind, s.alice.Status(note["id"].(string)).ID)
			done := does["id"].(string)
			if c.kind == "reply" {
				done = does["object"].(object)["id"].(string)
			}
			if c.accepted {
				s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Accept", done, "target", note["id"]))
			}
			s.eve.SendTo(s.here, s.here.Config.SharedInboxURI(), s.eve.Activity("Reject", done, "target", note["id"]))
			s.world.Run()
			if status, _ := s.document(done); status != http.StatusOK {
				t.Fatalf("a neighbour's Reject deletes it: %d", status)
			}
			s.bob.SendTo(s.here, s.here.Config.SharedInboxURI(), s.bob.Activity("Reject", done, "target", note["id"]))
			s.world.Run()
			if got := strings.Join(s.mallory.ReceivedTypes(), " "); got != c.want {
				t.Errorf("mallory receives %q, not %q", got, c.want)
			}
			status, _ := s.document(done)
			if gone := status == http.StatusGone; gone != c.gone || !gone && status != http.StatusOK {
				t.Errorf("its address answers %d", status)
			}
			if c.kind == "reblog" {
				s.count(note["id"], "reblogs", 0)
			}
		})
	}
}

func byRequest(s *scene) object { return onRequest(s.bob.URI) }
func byName(s *scene) object {
	return object{"automaticApproval": []string{s.bob.URI, s.alice.URI}, "manualApproval": []string{apptest.Public}}
}

// An edit of what waits goes to the author alone, and what is accepted later is the
// newest text.
func TestHeldIsEdited(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.alice)
	note := s.knows(s.bob.Note("asked", "interactionPolicy", object{"canReply": onRequest(s.bob.URI)}))
	s.mallory.Host.Forget()
	reply := s.does("reply", s.alice.Status(note["id"].(string)).ID)["object"].(object)["id"].(string)
	s.alice.Do(http.MethodPut, "/api/v1/statuses/"+s.alice.Status(reply).ID, "status", "another answer")
	s.world.Run()
	if got := s.bob.ReceivedTypes(); !slices.Equal(got, []string{"Create", "Update"}) || len(s.mallory.ReceivedTypes()) != 0 {
		t.Errorf("bob receives %v, mallory %v", got, s.mallory.ReceivedTypes())
	}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Accept", reply, "target", note["id"]))
	if got := s.last(s.mallory, "Create")["object"].(object)["content"].(string); !strings.Contains(got, "another answer") {
		t.Errorf("mallory receives %s", got)
	}
}

// Two of us: an answer comes in once it is approved.
func TestApprovedBetweenUs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	there := s.world.Server("c.test")
	dora := there.Account("dora")
	post := dora.Post("mine", "interaction_policy[can_reply][manual_approval][]", "public", "interaction_policy[can_reblog][manual_approval][]", "public")
	s.world.Run()
	id := s.alice.Resolve(post.URI).ID
	answer := s.alice.Post("an answer", "in_reply_to_id", id)
	s.alice.Do(http.MethodPost, "/api/v1/statuses/"+id+"/reblog")
	s.world.Run()
	count := func(of string, want int) {
		t.Helper()
		if got := dora.Status(post.URI).Count(of); got != want {
			t.Errorf("dora's post has %d %s, not %d", got, of, want)
		}
	}
	count("replies", 0)
	count("reblogs", 0)
	waiting := dora.List("/api/v1/interaction_requests")
	if len(waiting) != 2 {
		t.Fatalf("%v wait", waiting)
	}
	for _, r := range waiting {
		dora.Do(http.MethodPost, "/api/v1/interaction_requests/"+r["id"].(string)+"/authorize")
	}
	s.world.Run()
	count("replies", 1)
	count("reblogs", 1)
	_, doc := s.document(answer.URI)
	if doc["replyAuthorization"] == nil || doc["replyAuthorization"] != doc["approvedBy"] {
		t.Errorf("the answer is %v", doc)
	}
}

// GoToSocial drops an answer by somebody whom its author does not follow, and that
// does not mention the author: it is asked for nothing, and all get it.
func TestAnswerThatIsNotAsked(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.Follow(s.alice)
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Undo", s.bob.Activity("Follow", s.alice.URI)))
	note := s.knows(s.bob.Note("asked", "interactionPolicy", object{"canReply": onRequest(s.bob.URI)}))
	id := s.alice.Status(note["id"].(string)).ID
	for text, want := range map[string]int{"an answer": 1, "@bob@b.test an answer": 0} {
		s.mallory.Host.Forget()
		s.alice.Post(text, "in_reply_to_id", id)
		s.world.Run()
		if got := s.mallory.ReceivedTypes(); len(got) != want {
			t.Errorf("%s: mallory receives %v", text, got)
		}
	}
}
