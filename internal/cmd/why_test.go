package cmd_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"kinglet/ap"
	"kinglet/internal/apptest"
	"kinglet/internal/cmd"
)

// whyOf is what `kinglet why` says.
func whyOf(t *testing.T, s *apptest.Server, target string) string {
	t.Helper()
	s.Service.WriteFederationLog(t.Context())
	story, err := s.Service.Why(t.Context(), target)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var out strings.Builder
	if err := cmd.PrintStory(&out, story); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func answerWith(h *apptest.Host, status int) {
	h.Handle("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// A post of another server: what came of it, what it is here, and in whose home.
func TestWhyOfAPostThatCame(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example")
	alice, ben, wren, robin := s.Account("alice"), s.Account("ben"), w.Stranger("wren@birds.example"), w.Stranger("robin@trees.example")
	wren.FollowedBy(alice)
	wren.FollowedBy(ben)
	robin.FollowedBy(alice)
	first := robin.Note("A nest.", "url", "https://trees.example/@robin/7")
	robin.Send(s, robin.Activity("Create", first))
	note := wren.Note("Which tree?", "inReplyTo", first["id"])
	create := wren.Activity("Create", note)
	wren.Send(s, create)
	wren.Send(s, create)
	w.Clock.Advance(time.Second)
	robin.Send(s, robin.Activity("Update", note))
	robin.Send(s, robin.Activity("Like", note["id"]))
	w.Run()
	golden(t, "why_reply.txt", whyOf(t, s, note["id"].(string)))
	if got := whyOf(t, s, "https://trees.example/@robin/7"); !strings.Contains(got, "in the home feed of @alice") || !strings.Contains(got, first["id"].(string)) {
		t.Errorf("by its page:\n%s", got)
	}
	wren.Send(s, wren.Activity("Delete", note["id"]))
	w.Run()
	golden(t, "why_deleted.txt", whyOf(t, s, note["id"].(string)))
}

// A post of this server: who took it, who is tried again and who was given up.
func TestWhyOfAPostThatWentOut(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example")
	alice := s.Account("alice")
	for name, status := range map[string]int{"wren@birds.example": 202, "robin@trees.example": 503, "owl@wood.example": 403} {
		who := w.Stranger(name)
		who.Follow(alice)
		answerWith(who.Host, status)
	}
	w.Run()
	post := alice.Post("A kinglet is a bird.")
	w.Run()
	w.Clock.Advance(time.Second)
	alice.Edit(post, "A kinglet is a small bird.")
	w.Run()
	id := alice.Resolve(post.URI).ID
	got := strings.ReplaceAll(whyOf(t, s, id), id, "ID")
	golden(t, "why_sent.txt", uuids.ReplaceAllString(got, "UUID"))
	if again := strings.ReplaceAll(whyOf(t, s, post.URI), id, "ID"); again != got {
		t.Errorf("by its address it is another:\n%s", again)
	}
}

// What is refused, ignored, was never heard of, and what is no address.
func TestWhyOfWhatIsNotHere(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("own.example")
	alice, wren, eve := s.Account("alice"), w.Stranger("wren@birds.example"), w.Stranger("eve@evil.example")
	wren.FollowedBy(alice)
	forged := wren.Note("forged")
	create := eve.Activity("Create", forged)
	eve.Send(s, create)
	ignored := eve.Note("to nobody here")
	eve.Send(s, eve.Activity("Create", ignored))
	escape := eve.Activity("Create", eve.Note("x"), "id", "https://evil.example/\u202e1", "type", "Cre\u001b[2Jate")
	eve.Send(s, escape)
	w.Run()
	for _, c := range []struct{ target, says string }{
		{forged["id"].(string), "It came, and was refused."},
		{create["id"].(string), "It came, and was refused."},
		{ignored["id"].(string), "It came, and was not kept: nobody here wants it."},
		{"https://birds.example/never", "It is not here: this server never received it."},
		{"https://birds.example/never", "followed here of birds.example: @wren@birds.example"},
		{"https://far.example/never", "nobody here follows anybody of far.example"},
		{"@nobody@far.example", "The account nobody@far.example is not known here."},
		{"@wren@birds.example", "followed here by @alice"},
		{wren.URI, "The account @wren@birds.example."},
		{eve.URI, "nobody here follows it"},
		{"@alice", "The account @alice."},
		{"https://own.example/objects/nothing", "There never was such a post"},
		{"a word", `error: "a word" is neither`},
		{"12", "error: "},
	} {
		got := whyOf(t, s, c.target)
		if !strings.Contains(got, c.says) {
			t.Errorf("%s: it does not say %q:\n%s", c.target, c.says, got)
		}
		if strings.ContainsAny(got, "\x1b\u202e\r") {
			t.Errorf("%s: it says what a terminal obeys: %q", c.target, got)
		}
	}
}

// What another brings is told as what its author sends: that it waits for its
// origin, and why it was not taken.
func TestWhyOfWhatOthersBring(t *testing.T) {
	for _, c := range []struct {
		name    string
		subject func(w *apptest.World, s *apptest.Server) (by *apptest.Stranger, inReplyTo any)
	}{
		{"forwarded", func(w *apptest.World, s *apptest.Server) (*apptest.Stranger, any) {
			carl := w.Stranger("carl@birds.example")
			carl.FollowedBy(s.Account("alice"))
			first := carl.Note("A nest.")
			carl.Send(s, carl.Activity("Create", first))
			return carl, first["id"]
		}},
		{"by a relay", func(w *apptest.World, s *apptest.Server) (*apptest.Stranger, any) {
			relay := w.Stranger("relay@relay.example")
			relay.Document["type"] = "Application"
			relay.Publish()
			r, err := s.Service.AddRelay(t.Context(), ap.RelayRequest{URL: relay.URI})
			if err != nil {
				t.Fatal(err)
			}
			w.Run()
			relay.Send(s, relay.Activity("Accept", r.FollowURI))
			return relay, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			s := w.Server("own.example")
			by, first := c.subject(w, s)
			dora := w.Stranger("dora@d.example")
			note := dora.Note("me too", "inReplyTo", first)
			id := note["id"].(string)
			answerAt := func(status int) {
				dora.Host.Handle(strings.TrimPrefix(id, "https://d.example"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			}
			answerAt(http.StatusServiceUnavailable)
			if code := by.Send(s, dora.Activity("Create", note)); code != http.StatusAccepted {
				t.Fatal(code)
			}
			w.Run()
			got := whyOf(t, s, id)
			if !strings.Contains(got, "It came, and waits until something is fetched.") || !strings.Contains(got, "waiting  "+by.Host.Name) || !strings.Contains(got, "waiting  d.example") || !strings.Contains(got, "503") {
				t.Errorf("it waits:\n%s", got)
			}
			answerAt(http.StatusForbidden)
			w.Advance(10 * time.Minute)
			if got := whyOf(t, s, id); !strings.Contains(got, "It came, and was") || !strings.Contains(got, "403") {
				t.Errorf("it was refused:\n%s", got)
			}
		})
	}
}
