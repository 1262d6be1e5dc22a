package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// Who was refused, or whose quote was taken back, gets no other answer by asking
// for something else under the same id.
func TestInteractionsAreApart(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(s *scene, quote object, other string){
		"a Like of the same id": func(s *scene, quote object, other string) {
			s.sends(http.StatusAccepted, s.bob, s.bob.Activity("LikeRequest", other, "instrument", s.bob.Activity("Like", other, "id", quote["id"])))
		},
		"a quote of another for a while": func(s *scene, quote object, other string) {
			was := quote["quote"]
			for _, quoted := range []any{other, was} {
				s.world.Advance(2e9)
				quote["quote"], quote["updated"] = quoted, s.world.Now().Format("2006-01-02T15:04:05Z")
				s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", quote))
				if quoted == other {
					s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, other, quote["id"], "id", s.bob.URI+"/second"))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.bob.FollowedBy(s.carol)
			post, other := s.alice.Post("mine"), s.alice.Post("another")
			quote := s.knows(s.bob.Note("look", "quote", post.URI))
			s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, post.URI, quote["id"]))
			stamp := s.last(s.bob, "Accept")["result"].(string)
			// It can be revoked whatever else has its id.
			again(s, quote, other.URI)
			s.alice.Do(http.MethodPost, "/api/v1/statuses/"+post.ID+"/quotes/"+s.carol.Status(quote["id"].(string)).ID+"/revoke")
			s.world.Run()
			s.quotes(s.carol, quote["id"], "revoked")
			if status, _ := s.document(stamp); status != http.StatusGone {
				t.Errorf("the stamp is %d", status)
			}
			again(s, quote, other.URI)
			s.bob.Host.Forget()
			s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, post.URI, quote["id"], "id", s.bob.URI+"/third"))
			if got := strings.Join(s.bob.ReceivedTypes(), " "); got != "Reject" {
				t.Errorf("asked again it is answered with %s", got)
			}
			s.quotes(s.carol, quote["id"], "revoked")
		})
	}
}

// Who is blocked and asks again is told No; what was authorized stays as it was,
// and can still be taken back and deleted.
func TestBlockedAskAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.mallory.FollowedBy(s.carol)
	post := s.alice.Post("mine")
	quote := s.mallory.Note("look", "quote", post.URI)
	s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", quote))
	request := s.sends(http.StatusAccepted, s.mallory, quoteRequest(s.mallory, post.URI, quote["id"]))
	stamp := s.last(s.mallory, "Accept")["result"].(string)
	s.alice.Relate("block", s.mallory.URI)
	s.mallory.Host.Forget()
	s.sends(http.StatusAccepted, s.mallory, request)
	s.last(s.mallory, "Reject")
	s.quotes(s.carol, quote["id"], "accepted")
	s.alice.Delete(post)
	s.world.Run()
	if status, _ := s.document(stamp); status == http.StatusOK {
		t.Error("the stamp outlives the post")
	}
}

// What somebody takes back does not wait any more, and its authorization goes.
func TestInteractionsAreTakenBack(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"waits", "accepted"} {
		for _, kind := range []string{"favourite", "reblog", "reply"} {
			t.Run(kind+" "+way, func(t *testing.T) {
				s := newScene(t)
				post := s.alice.Post("mine", "interaction_policy[can_"+kind+"][manual_approval][]", "public")
				s.world.Run()
				var does, undoes object
				switch kind {
				case "reply":
					note := s.mallory.Note("an answer", "inReplyTo", post.URI, "cc", s.alice.URI)
					does, undoes = s.mallory.Activity("Create", note), s.mallory.Activity("Delete", note["id"])
				case "favourite":
					does = s.mallory.Activity("Like", post.URI, "to", s.alice.URI)
					undoes = s.mallory.Activity("Undo", does)
				default:
					does = s.mallory.Activity("Announce", post.URI, "to", s.mallory.URI+"/followers", "cc", s.alice.URI)
					undoes = s.mallory.Activity("Undo", does)
				}
				s.sends(http.StatusAccepted, s.mallory, does)
				if way == "accepted" {
					s.alice.Do(http.MethodPost, "/api/v1/interaction_requests/"+s.quoteRequests(s.alice)[0]["id"].(string)+"/authorize")
					s.world.Run()
					s.sends(http.StatusAccepted, s.mallory, does)
				}
				s.sends(http.StatusAccepted, s.mallory, undoes)
				if n := s.here.Count(`SELECT COUNT(*) FROM interactions`) + s.here.Count(`SELECT COUNT(*) FROM objects WHERE type LIKE '%Authorization'`); n != 0 {
					t.Errorf("%d rows are left", n)
				}
			})
		}
	}
}

// One host does not fill what waits for an account.
func TestRequestsOfOneHost(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("mine", "interaction_policy[can_reply][manual_approval][]", "public")
	for range 60 {
		s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", s.mallory.Note("an answer", "inReplyTo", post.URI)))
	}
	if n := s.here.Count(`SELECT COUNT(*) FROM interactions`); n != 50 {
		t.Errorf("%d of one host wait", n)
	}
	other := s.world.Stranger("mallory@more.evil.test")
	s.sends(http.StatusAccepted, other, other.Activity("Create", other.Note("an answer", "inReplyTo", post.URI)))
	if n := s.here.Count(`SELECT COUNT(*) FROM interactions`); n != 50 {
		t.Errorf("%d of its subdomains too wait", n)
	}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", s.bob.Note("an answer", "inReplyTo", post.URI)))
	if n := s.here.Count(`SELECT COUNT(*) FROM interactions`); n != 51 {
		t.Errorf("%d wait, and not that of another host", n)
	}
}

// Many ids of one thing make no rows each.
func TestInteractionsUnderManyIDs(t *testing.T) {
	t.Parallel()
	for group, want := range map[string]string{"following": "0 interactions, 1 answers", "followers": "1 interactions, 1 answers"} {
		t.Run(group, func(t *testing.T) {
			s := newScene(t)
			s.mallory.Follow(s.alice)
			post := s.alice.Post("mine", "interaction_policy[can_favourite][automatic_approval][]", group)
			for n := range 5 {
				s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Like", post.URI, "id", fmt.Sprintf("https://evil.test/like/%d", n)))
			}
			s.world.Run()
			got := fmt.Sprintf("%d interactions, %d answers", s.here.Count(`SELECT COUNT(*) FROM interactions`),
				s.here.Count(`SELECT COUNT(*) FROM objects WHERE type IN ('Accept', 'Reject') AND object_uri LIKE '%like%' AND deleted_at = 0`))
			if got != want {
				t.Errorf("there are %s, not %s", got, want)
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE type = 'LikeAuthorization'`); n > 1 {
				t.Errorf("there are %d authorizations", n)
			}
		})
	}
}

// Who may not see a post is not told of it by an answer to it.
func TestAnswerToWhatIsNotSeen(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("for followers", "visibility", "private", "interaction_policy[can_reply][automatic_approval][]", "following")
	s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", s.mallory.Note("an answer", "inReplyTo", post.URI, "cc", s.alice.URI, "tag", []object{apptest.Mention(s.alice)})))
	s.world.Run()
	if got := s.mallory.ReceivedTypes(); len(got) != 0 {
		t.Errorf("mallory receives %v", got)
	}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", s.bob.Note("an answer", "inReplyTo", post.URI, "cc", s.alice.URI)))
	s.world.Run()
	s.count(post.URI, "replies", 1)
}

// An answer to one is not replaced by that to a neighbour who names the same id, nor
// by one about something else of that id.
func TestAnswersAreApart(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("mine")
	quote := s.knows(s.bob.Note("look", "quote", post.URI))
	s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, post.URI, quote["id"]))
	accept := s.last(s.bob, "Accept")["id"]
	for _, who := range []*apptest.Stranger{s.eve, s.bob} {
		s.sends(http.StatusAccepted, who, who.Activity("LikeRequest", post.URI, "instrument", who.Activity("Like", post.URI, "id", quote["id"])))
	}
	s.world.Run()
	if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE uri = $1`, accept); n != 1 {
		t.Error("the Accept of the quote is dropped")
	}
	if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE type = 'Accept' AND object_uri LIKE '%notes%'`); n != 3 {
		t.Errorf("there are %d answers", n)
	}
}
