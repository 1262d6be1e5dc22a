package activity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// quoteRequest is what Mastodon 4.5 sends for a quote of its own.
func quoteRequest(who *apptest.Stranger, quoted string, instrument any, more ...any) object {
	return who.Activity("QuoteRequest", quoted, append([]any{
		"@context", []any{"https://www.w3.org/ns/activitystreams", object{"QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest"}},
		"id", who.URI + "/quote_requests/" + fmt.Sprint(len(quoted)), "instrument", instrument,
	}, more...)...)
}

// last is the newest of a type that somebody received.
func (s *scene) last(who *apptest.Stranger, typ string) object {
	s.Helper()
	list := who.Received()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i]["type"] == typ {
			return list[i]
		}
	}
	s.Fatalf("%s received no %s but %v", who.Name, typ, who.ReceivedTypes())
	return nil
}

// document asks for a document here as a stranger without a signature.
func (s *scene) document(uri string) (status int, doc object) {
	s.Helper()
	r, err := http.NewRequest(http.MethodGet, uri, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Accept", "application/activity+json")
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "192.0.2.9:5000"
	w := s.here.Do(r)
	_ = json.Unmarshal(w.Body.Bytes(), &doc)
	return w.Code, doc
}

func (s *scene) quoteRequests(who *apptest.Account) []object {
	s.Helper()
	return who.List("/api/v1/interaction_requests")
}

// A quote of a post from here gets what the post's policy says.
func TestQuoteRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy     string
		visibility string
		given      func(s *scene)
		by         func(s *scene) *apptest.Stranger
		want       string // the answer; "" for none
		state      string // of the quote for carol
	}{
		"everyone may":                 {policy: "public", want: "Accept", state: "accepted"},
		"by default everyone may":      {want: "Accept", state: "accepted"},
		"followers may":                {policy: "followers", want: "Accept", state: "accepted"},
		"who does not follow may not":  {policy: "followers", by: byMallory, want: "Reject", state: "rejected"},
		"nobody may":                   {policy: "nobody", want: "Reject", state: "rejected"},
		"what is for followers":        {policy: "public", visibility: "private", want: "Reject", state: "rejected"},
		"unlisted":                     {visibility: "unlisted", want: "Accept", state: "accepted"},
		"who may not see it":           {visibility: "private", by: byMallory, want: "", state: "rejected"},
		"who is blocked":               {given: func(s *scene) { s.alice.Relate("block", s.mallory.URI) }, by: byMallory, want: "Reject", state: "rejected"},
		"who is muted may":             {given: func(s *scene) { s.alice.Relate("mute", s.mallory.URI) }, by: byMallory, want: "Accept", state: "accepted"},
		"who is not known here before": {by: byMallory, want: "Accept", state: "accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			by := s.bob
			if c.by != nil {
				by = c.by(s)
			}
			by.FollowedBy(s.carol) // who sees what by posts
			if c.given != nil {
				c.given(s)
			}
			var params []string
			if c.policy != "" {
				params = append(params, "quote_approval_policy", c.policy)
			}
			if c.visibility != "" {
				params = append(params, "visibility", c.visibility)
			}
			post := s.alice.Post("mine", params...)
			s.world.Run()
			quote := by.Note("look", "quote", post.URI)
			s.sends(http.StatusAccepted, by, by.Activity("Create", quote))
			by.Host.Forget()
			request := s.sends(http.StatusAccepted, by, quoteRequest(by, post.URI, quote))
			if got := strings.Join(by.ReceivedTypes(), " "); got != c.want {
				t.Fatalf("it is answered with %q, not %q", got, c.want)
			}
			if st := s.carol.Status(quote["id"].(string)); st != nil {
				q, _ := st.Entity["quote"].(object)
				if q == nil || q["state"] != c.state {
					t.Errorf("the quote is %v, not %s", q, c.state)
				}
			} else {
				t.Error("carol does not see the quote")
			}
			if c.want == "" {
				return
			}
			answer := s.last(by, c.want)
			about, _ := answer["object"].(object)
			if about["id"] != request["id"] || about["type"] != "QuoteRequest" || about["actor"] != by.URI || about["object"] != post.URI || about["instrument"] != quote["id"] {
				t.Errorf("the answer is about %v", about)
			}
			if c.want == "Reject" {
				if answer["result"] != nil {
					t.Errorf("a Reject has a result: %v", answer)
				}
				return
			}
			status, stamp := s.document(answer["result"].(string))
			if status != http.StatusOK || stamp["id"] != answer["result"] || stamp["type"] != "QuoteAuthorization" || stamp["attributedTo"] != s.alice.URI ||
				stamp["interactingObject"] != quote["id"] || stamp["interactionTarget"] != post.URI {
				t.Errorf("the stamp is %d %v", status, stamp)
			}
			// Asked again, the same is said again.
			s.sends(http.StatusAccepted, by, request)
			if again := s.last(by, "Accept"); again["result"] != answer["result"] || again["id"] != answer["id"] {
				t.Errorf("asked again it is answered with %v, not %v", again, answer)
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE type = 'QuoteAuthorization'`); n != 1 {
				t.Errorf("there are %d stamps", n)
			}
		})
	}
}

// A request is believed only for a quote of its actor's that its origin says is
// one.
func TestFalseQuoteRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by   func(s *scene) *apptest.Stranger
		send func(s *scene, post *apptest.Status) (instrument any, more []any)
		want int
	}{
		"a neighbour's quote": {by: byEve, want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			return s.knows(s.bob.Note("look", "quote", post.URI))["id"], nil
		}},
		"a neighbour's that says it is one's own": {by: byEve, want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			note := s.knows(s.bob.Note("look", "quote", post.URI))
			return object{"id": note["id"], "type": "Note", "attributedTo": s.eve.URI, "quote": post.URI}, nil
		}},
		"a neighbour's that is not known here": {by: byEve, send: func(s *scene, post *apptest.Status) (any, []any) {
			note := s.bob.Note("look", "quote", post.URI)
			return object{"id": note["id"], "type": "Note", "attributedTo": s.eve.URI, "quote": post.URI}, nil
		}},
		"of another host": {by: byMallory, want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			return s.bob.Note("look", "quote", post.URI), nil
		}},
		"what quotes something else": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			note := s.knows(s.bob.Note("look", "quote", s.alice.Post("another").URI))
			return object{"id": note["id"], "type": "Note", "attributedTo": s.bob.URI, "quote": post.URI}, nil
		}},
		"what quotes nothing": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			return s.knows(s.bob.Note("look"))["id"], nil
		}},
		"an id of ours": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) { return post.URI, nil }},
		"no instrument": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) { return nil, nil }},
		"two instruments": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			return []any{s.knows(s.bob.Note("look", "quote", post.URI))["id"], s.bob.Note("this")["id"]}, nil
		}},
		"no id": {want: 403, send: func(s *scene, post *apptest.Status) (any, []any) {
			return s.knows(s.bob.Note("look", "quote", post.URI))["id"], []any{"id", nil}
		}},
		"of a post that is not there": {send: func(s *scene, post *apptest.Status) (any, []any) {
			return s.knows(s.bob.Note("look", "quote", post.URI))["id"], []any{"object", post.URI + "0"}
		}},
		"of another's post": {send: func(s *scene, post *apptest.Status) (any, []any) {
			other := s.knows(s.bob.Note("original"))
			return s.knows(s.bob.Note("look", "quote", other["id"]))["id"], []any{"object", other["id"]}
		}},
		"of what was deleted": {send: func(s *scene, post *apptest.Status) (any, []any) {
			note := s.knows(s.bob.Note("look", "quote", post.URI))
			s.alice.Delete(post)
			s.world.Run()
			return note["id"], nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			by := s.bob
			if c.by != nil {
				by = c.by(s)
			}
			post := s.alice.Post("mine")
			instrument, more := c.send(s, post)
			s.world.Run()
			s.bob.Host.Forget()
			want := c.want
			if want == 0 {
				want = http.StatusAccepted
			}
			s.sends(want, by, quoteRequest(by, post.URI, instrument, more...))
			if got := by.ReceivedTypes(); len(got) != 0 {
				t.Errorf("it is answered with %v", got)
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE type = 'QuoteAuthorization'`) + s.here.Count(`SELECT COUNT(*) FROM interactions`); n != 0 {
				t.Errorf("%d rows were written", n)
			}
		})
	}
}

// Whoever is quoted takes it back, and it stays so.
func TestQuoteIsRevoked(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.bob.FollowedBy(s.carol)
	s.mallory.Follow(s.alice)
	post := s.alice.Post("mine")
	quote := s.knows(s.bob.Note("look", "quote", post.URI))
	request := s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, post.URI, quote["id"]))
	stamp := s.last(s.bob, "Accept")["result"].(string)
	s.notified("quote @bob@b.test")
	if list := s.alice.List("/api/v1/statuses/" + post.ID + "/quotes"); len(list) != 1 || list[0]["uri"] != quote["id"] {
		t.Errorf("the quotes are %v", list)
	}
	id := s.carol.Status(quote["id"].(string)).ID
	revoke := "/api/v1/statuses/" + post.ID + "/quotes/" + id + "/revoke"
	if status, _ := s.carol.Call(http.MethodPost, revoke); status != http.StatusNotFound {
		t.Errorf("carol takes alice's back: %d", status)
	}
	s.bob.Host.Forget()
	s.mallory.Host.Forget()
	s.alice.Do(http.MethodPost, revoke)
	s.world.Run()
	s.quotes(s.carol, quote["id"], "revoked")
	if list := s.alice.List("/api/v1/statuses/" + post.ID + "/quotes"); len(list) != 0 {
		t.Errorf("the quotes are %v", list)
	}
	for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
		if o, _ := s.last(who, "Delete")["object"].(object); o["id"] != stamp || o["type"] != "QuoteAuthorization" || o["interactingObject"] != quote["id"] || o["interactionTarget"] != post.URI {
			t.Errorf("%s is told of %v", who.Name, o)
		}
	}
	if status, doc := s.document(stamp); status != http.StatusGone || doc["type"] != "Tombstone" || doc["formerType"] != "QuoteAuthorization" {
		t.Errorf("the stamp is %d %v", status, doc)
	}
	// Asking again, saying that there is a stamp, quoting it again: all in vain.
	s.bob.Host.Forget()
	s.sends(http.StatusAccepted, s.bob, request)
	s.last(s.bob, "Reject")
	for _, said := range []any{stamp, post.URI} {
		quote["quoteAuthorization"], quote["updated"] = said, s.world.Now().Format("2006-01-02T15:04:05Z")
		s.world.Advance(2e9)
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", quote))
		s.quotes(s.carol, quote["id"], "revoked")
	}
	for _, quoted := range []any{s.alice.Post("another").URI, post.URI} { // it quotes something else, and this again
		quote["quote"], quote["updated"] = quoted, s.world.Now().Format("2006-01-02T15:04:05Z")
		s.world.Advance(2e9)
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", quote))
	}
	s.quotes(s.carol, quote["id"], "revoked")
	// A quote that nobody asked for is taken back as well.
	legacy := s.knows(s.bob.Note("look here", "_misskey_quote", post.URI))
	s.quotes(s.carol, legacy["id"], "accepted")
	s.alice.Do(http.MethodPost, "/api/v1/statuses/"+post.ID+"/quotes/"+s.carol.Status(legacy["id"].(string)).ID+"/revoke")
	s.world.Run()
	s.quotes(s.carol, legacy["id"], "revoked")
	s.bob.Host.Forget()
	s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, post.URI, legacy["id"], "id", s.bob.URI+"/late"))
	s.last(s.bob, "Reject")

	// What is deleted takes its stamps with it.
	other := s.knows(s.bob.Note("look", "quote", s.alice.Post("another").URI))
	s.sends(http.StatusAccepted, s.bob, quoteRequest(s.bob, other["quote"].(string), other["id"], "id", s.bob.URI+"/third"))
	stamp = s.last(s.bob, "Accept")["result"].(string)
	s.alice.Delete(s.alice.Status(other["quote"].(string)))
	s.world.Run()
	if status, _ := s.document(stamp); status != http.StatusGone && status != http.StatusNotFound {
		t.Errorf("the stamp of what was deleted is %d", status)
	}
	if n := s.here.Count(`SELECT COUNT(*) FROM interactions i WHERE i.target_id NOT IN (SELECT id FROM objects WHERE deleted_at = 0)`); n != 0 {
		t.Errorf("%d interactions are left", n)
	}
}
