package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// ballot is a poll of alice's, and what people see of it.
type ballot struct {
	*scene
	post *apptest.Status
}

func (b *ballot) vote(by *apptest.Stranger, name any, more ...any) object {
	pairs := append([]any{"content", nil, "name", name, "inReplyTo", b.post.URI, "to", b.alice.URI, "cc", nil, "published", nil}, more...)
	return by.Note("", pairs...)
}

// tallies are the votes of the options and the voters, as alice sees them.
func (b *ballot) tallies() string {
	p := b.alice.Status(b.post.URI).Entity["poll"].(map[string]any)
	var out []string
	for _, o := range p["options"].([]any) {
		out = append(out, fmt.Sprint(o.(map[string]any)["votes_count"]))
	}
	return strings.Join(out, " ") + fmt.Sprint(" of ", p["voters_count"])
}

// Votes as other servers send them, and as nobody may. None of them is ever a
// status, and each counts once however often it comes.
func TestVotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		params []string // of the post
		by     func(s *scene) *apptest.Stranger
		send   func(b *ballot, by *apptest.Stranger) any // the object of the Create, or of what type says
		typ    string
		given  func(b *ballot)
		want   int
		counts string
	}{
		{name: "Mastodon's", send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 1 of 1"},
		{
			name: "Pleroma's, whose content is empty and which is addressed in cc",
			send: func(b *ballot, by *apptest.Stranger) any {
				return b.vote(by, "No", "content", "", "to", []string{}, "cc", []string{b.alice.URI})
			}, counts: "0 1 of 1",
		},
		{
			name: "snac's, whose content is an empty line",
			send: func(b *ballot, by *apptest.Stranger) any {
				return b.vote(by, "No", "content", "<br>", "summary", "", "sourceContent", "", "tag", []string{}, "cc", []string{})
			}, counts: "0 1 of 1",
		},
		{
			name: "GoToSocial's, several at once", params: []string{"poll[multiple]", "true"},
			send: func(b *ballot, by *apptest.Stranger) any { return []object{b.vote(by, "Yes"), b.vote(by, "No")} }, counts: "1 1 of 1",
		},
		{
			name: "several at once in a poll of one choice",
			send: func(b *ballot, by *apptest.Stranger) any { return []object{b.vote(by, "Yes"), b.vote(by, "No")} }, counts: "0 0 of 0",
		},
		{
			name: "the same several times", params: []string{"poll[multiple]", "true"},
			send: func(b *ballot, by *apptest.Stranger) any {
				return []object{b.vote(by, "No"), b.vote(by, "No"), b.vote(by, "No")}
			}, counts: "0 1 of 1",
		},
		{
			name: "another's among one's own", params: []string{"poll[multiple]", "true"}, want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any { return []object{b.vote(by, "Yes"), b.vote(b.eve, "No")} }, counts: "0 0 of 0",
		},
		{
			name: "a post among the votes", params: []string{"poll[multiple]", "true"}, want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any { return []object{b.vote(by, "Yes"), by.Note("No")} }, counts: "0 0 of 0",
		},
		{name: "one of another server", by: byMallory, send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "Yes") }, counts: "1 0 of 1"},
		{
			name: "in the name of another of the same host", by: byEve, want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(b.bob, "Yes") }, counts: "0 0 of 0",
		},
		{
			name: "with an id of another host", by: byMallory, want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any {
				return b.vote(by, "Yes", "id", "https://b.test/users/bob#votes/1")
			}, counts: "0 0 of 0",
		},
		{
			name: "of nobody", want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "Yes", "attributedTo", nil) }, counts: "0 0 of 0",
		},
		{
			name: "with an id of ours", want: http.StatusForbidden,
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "Yes", "id", "https://a.test/objects/1") }, counts: "0 0 of 0",
		},
		{name: "for what is not there", send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "Maybe") }, counts: "0 0 of 0"},
		{name: "in lower case", send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "no") }, counts: "0 0 of 0"},
		{
			name: "once more for another", given: func(b *ballot) { b.sends(202, b.bob, b.bob.Activity("Create", b.vote(b.bob, "Yes"))) },
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "1 0 of 1",
		},
		{
			name: "once more for another of several", params: []string{"poll[multiple]", "true"},
			given: func(b *ballot) { b.sends(202, b.bob, b.bob.Activity("Create", b.vote(b.bob, "Yes"))) },
			send:  func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "1 1 of 1",
		},
		{
			name: "too late", given: func(b *ballot) { b.world.Advance(time.Hour) },
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 0 of 0",
		},
		{
			name: "of one who may not see it", params: []string{"visibility", "private"}, by: byEve,
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 0 of 0",
		},
		{
			name: "of a follower", params: []string{"visibility", "private"},
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 1 of 1",
		},
		{
			name: "of one who is blocked", given: func(b *ballot) { b.alice.Relate("block", b.bob.URI); b.world.Run() },
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 0 of 0",
		},
		{name: "as an Update", typ: "Update", send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No") }, counts: "0 0 of 0"},
		{
			name: "with a text, which is a reply",
			send: func(b *ballot, by *apptest.Stranger) any { return b.vote(by, "No", "content", "<p>No!</p>") }, counts: "0 0 of 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			post := s.alice.Post("Tea?", append([]string{"poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600"}, c.params...)...)
			b := &ballot{s, post}
			if c.given != nil {
				c.given(b)
			}
			by, typ, want := s.bob, "Create", http.StatusAccepted
			if c.by != nil {
				by = c.by(s)
			}
			if c.typ != "" {
				typ = c.typ
			}
			if c.want != 0 {
				want = c.want
			}
			about := c.send(b, by)
			vote := by.Activity(typ, about, "to", []string{s.alice.URI})
			replies := strings.Contains(c.name, "reply")
			for range 2 {
				s.sends(want, by, vote)
				if got := b.tallies(); got != c.counts {
					t.Errorf("the tallies are %s, not %s", got, c.counts)
				}
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE is_status AND NOT local`); n != 0 && !replies {
				t.Errorf("%d posts came of it", n)
			}
			if n := s.countNotifications("mention @bob@b.test"); n != 0 && !replies {
				t.Error("alice is notified of it")
			}
		})
	}
}

// A vote is in nobody's page when its address is given either, and a vote in the
// poll of another is not ours to count.
func TestVotesAreNoPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := &ballot{s, s.alice.Post("Tea?", "poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600")}
	vote := b.vote(s.bob, "No")
	var found map[string][]object
	s.alice.Into(&found, http.MethodGet, "/api/v2/search", "q", vote["id"].(string), "resolve", "true", "type", "statuses")
	if len(found["statuses"]) != 0 || b.tallies() != "0 0 of 0" {
		t.Errorf("%v is found, the tallies are %s", found, b.tallies())
	}
	question := s.bob.Note("Coffee?", "type", "Question", "oneOf", []object{{"type": "Note", "name": "Yes"}, {"type": "Note", "name": "No"}})
	s.knows(question)
	s.sends(http.StatusAccepted, s.eve, s.eve.Activity("Create", s.eve.Note("", "content", nil, "name", "Yes", "inReplyTo", question["id"], "to", s.alice.URI)))
	s.sends(http.StatusAccepted, s.eve, s.eve.Activity("Create", s.eve.Note("", "content", nil, "name", "Yes", "inReplyTo", "https://c.test/unknown", "to", s.alice.URI)))
	if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE is_status AND NOT local`); n != 1 {
		t.Errorf("%d posts are known", n)
	}
}

// What we send of a vote is one Create for each choice, to the author alone, in
// the exact words of the poll; what its server says of it comes as an Update, or
// is asked for, no more than now and then.
func TestVoteIsSent(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	option := func(name string, votes any) object {
		return object{"type": "Note", "name": name, "replies": object{"type": "Collection", "totalItems": votes}}
	}
	ends := s.world.Now().Add(time.Hour).Format(time.RFC3339)
	question := s.bob.Note("Tea?", "type", "Question", "anyOf", []object{option("Yes,  please", "4"), option("<b>No</b>", -3), option("", 1), option("Later", 1)}, "votersCount", "5", "endTime", ends)
	s.knows(question)
	id := question["id"].(string)
	shown := func() string {
		p := s.alice.Status(id).Entity["poll"].(map[string]any)
		return fmt.Sprint(p["options"], p["voters_count"], p["own_votes"])
	}
	if got, want := shown(), "[map[title:Yes, please votes_count:4] map[title:<b>No</b> votes_count:0] map[title:Later votes_count:1]] 5 []"; got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
	before := len(s.bob.Received())
	status := s.alice.Status(id).ID
	s.alice.Do(http.MethodPost, "/api/v1/polls/"+status+"/votes", "choices[]", "0", "choices[]", "1")
	s.world.Run()
	got := s.bob.Received()[before:]
	names := map[any]bool{}
	for _, create := range got {
		note := create["object"].(object)
		names[note["name"]] = true
		if create["type"] != "Create" || note["type"] != "Note" || note["inReplyTo"] != id || note["attributedTo"] != s.alice.URI || note["content"] != nil ||
			fmt.Sprint(create["to"], note["to"], create["cc"]) != fmt.Sprintf("[%s] [%[1]s] <nil>", s.bob.URI) {
			t.Errorf("it is %v", create)
		}
	}
	if len(got) != 2 || !names["Yes,  please"] || !names["<b>No</b>"] {
		t.Errorf("the names are %v", names)
	}
	if got, want := shown(), "[map[title:Yes, please votes_count:5] map[title:<b>No</b> votes_count:1] map[title:Later votes_count:1]] 6 [0 1]"; got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
	asked := func() int { return len(s.bob.Host.Asked(http.MethodGet, strings.TrimPrefix(id, "https://b.test"))) }
	for range 3 {
		s.alice.Do(http.MethodGet, "/api/v1/polls/"+status)
		s.world.Run()
	}
	if n := asked(); n != 0 {
		t.Errorf("a new poll is asked for %d times", n)
	}
	question["anyOf"] = []object{option("Yes,  please", 9), option("<b>No</b>", 2), option("Later", 2)}
	question["votersCount"] = 10
	s.bob.Host.Serve(id, question)
	s.world.Advance(5 * time.Minute)
	for range 3 {
		s.alice.Do(http.MethodGet, "/api/v1/polls/"+status)
		s.world.Run()
	}
	if n := asked(); n != 1 {
		t.Errorf("it is asked for %d times", n)
	}
	if got, want := shown(), "[map[title:Yes, please votes_count:9] map[title:<b>No</b> votes_count:2] map[title:Later votes_count:2]] 10 [0 1]"; got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
	question["votersCount"] = 11
	s.world.Advance(2 * time.Hour)
	s.notified("poll @bob@b.test")
	if n := asked(); n != 2 {
		t.Errorf("at its end it was asked for %d times", n)
	}
	// Another choice is another poll: what was voted for is void.
	question["anyOf"] = []object{option("Yes", 1), option("<b>No</b>", 2)}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", question))
	if got, want := shown(), "[map[title:Yes votes_count:1] map[title:<b>No</b> votes_count:2]] 11 []"; got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
	if s.alice.Status(id).Entity["edited_at"] == nil {
		t.Error("that is no edit, though it does not say when it was made")
	}
}

// Who follows no more gets no later version of a private poll, though it voted;
// who voted in a public one does without following.
func TestTalliesOfAPrivatePoll(t *testing.T) {
	t.Parallel()
	for visibility, want := range map[string]int{"private": 0, "public": 1} {
		t.Run(visibility, func(t *testing.T) {
			s := newScene(t)
			b := &ballot{s, s.alice.Post("Tea?", "poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600", "visibility", visibility)}
			s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", b.vote(s.bob, "No")))
			s.alice.Relate("remove_from_followers", s.bob.URI)
			s.world.Run()
			before := len(s.bob.Received())
			s.world.Advance(10 * time.Minute)
			got := s.bob.Received()[before:]
			if len(got) != want {
				t.Fatalf("bob received %v", got)
			}
			if want == 0 {
				return
			}
			question := got[0]["object"].(object)
			if got[0]["type"] != "Update" || question["type"] != "Question" || question["votersCount"] != 1.0 || question["updated"] != nil ||
				!strings.Contains(fmt.Sprint(question["oneOf"]), "map[name:No replies:map[totalItems:1 type:Collection] type:Note]") {
				t.Errorf("it is %v", got[0])
			}
		})
	}
}

// Whom the author blocks gets no later version, though it voted or favourited
// before.
func TestTalliesToWhoIsBlocked(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := &ballot{s, s.alice.Post("Tea?", "poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600")}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", b.vote(s.bob, "No")))
	s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", b.vote(s.mallory, "No")))
	s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Like", b.post.URI))
	s.alice.Relate("block", s.mallory.URI)
	s.world.Run()
	bob, mallory := len(s.bob.Received()), len(s.mallory.Received())
	s.alice.Edit(b.post, "Green tea?", "poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600")
	s.world.Advance(2 * time.Hour)
	if len(s.bob.Received()) == bob {
		t.Error("bob, who voted, gets no results")
	}
	if got := s.mallory.Received()[mallory:]; len(got) > 0 {
		t.Errorf("mallory, who is blocked, received %v", got)
	}
}

// However many hosts voted, few are written to while the poll runs, and all at
// its end.
func TestTalliesToManyHosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := &ballot{s, s.alice.Post("Tea?", "poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600")}
	const hosts = 210
	s.here.Update(func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(b.post.URI)
		for i := range hosts {
			if err != nil {
				return err
			}
			uri := fmt.Sprintf("https://h%d.test/users/u", i)
			a := &store.Account{URI: uri, Username: "u", Domain: fmt.Sprintf("h%d.test", i), Type: "Person", Inbox: uri + "/inbox"}
			if err = tx.PutAccount(a); err == nil {
				err = tx.PutVotes(a.ID, o.ID, []int{0})
			}
		}
		return err
	})
	written := map[string]int{}
	s.world.Everywhere(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			written[r.Host]++
		}
		w.WriteHeader(http.StatusAccepted)
	})
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", b.vote(s.bob, "No")))
	s.world.Advance(10 * time.Minute)
	if n := len(written); n < 190 || n > 200 {
		t.Errorf("the results so far are sent to %d hosts", n)
	}
	s.world.Advance(time.Hour)
	if n := len(written); n != hosts {
		t.Errorf("the last results are sent to %d hosts", n)
	}
}
