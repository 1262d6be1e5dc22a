package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// quote is what a status that somebody here looks at quotes: its state, and what
// is shown of it.
func (s *scene) quote(who *apptest.Account, uri any) (state string, shown object) {
	s.Helper()
	st := who.Status(uri.(string))
	if st == nil {
		s.Fatalf("%s does not see %s", who.Name, uri)
	}
	q, _ := st.Entity["quote"].(object)
	if q == nil {
		return "", nil
	}
	shown, _ = q["quoted_status"].(object)
	return q["state"].(string), shown
}

// quotes checks the state of a quote, and that only an accepted one is shown.
func (s *scene) quotes(who *apptest.Account, uri any, want string) {
	s.Helper()
	state, shown := s.quote(who, uri)
	if state != want || (shown != nil) != (want == "accepted" || want == "muted_account") {
		s.Errorf("for %s the quote of %s is %q and shows %v; want %q", who.Name, uri, state, shown, want)
	}
}

func TestQuotesAreRead(t *testing.T) {
	t.Parallel()
	const ld = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
	link := func(href any, more ...any) object {
		o := object{"type": "Link", "mediaType": ld, "href": href, "name": "RE: it"}
		for i := 0; i+1 < len(more); i += 2 {
			o[more[i].(string)] = more[i+1]
		}
		return o
	}
	for name, c := range map[string]struct {
		pairs func(uri any) []any
		want  string // the state; "" for no quote
	}{
		"quote":                 {func(uri any) []any { return []any{"quote", uri} }, "accepted"},
		"_misskey_quote":        {func(uri any) []any { return []any{"_misskey_quote", uri, "quoteUrl", "https://c.test/other"} }, "accepted"},
		"quoteUrl":              {func(uri any) []any { return []any{"quoteUrl", uri} }, "accepted"},
		"quoteUri":              {func(uri any) []any { return []any{"quoteUri", uri, "tag", []object{link("https://c.test/other")}} }, "accepted"},
		"the first is believed": {func(uri any) []any { return []any{"quote", uri, "_misskey_quote", "https://c.test/other"} }, "accepted"},
		"a link":                {func(uri any) []any { return []any{"tag", []object{link(uri)}} }, "accepted"},
		"a link by its relation": {func(uri any) []any {
			return []any{"tag", link(uri, "name", "x", "rel", "https://misskey-hub.net/ns#_misskey_quote")}
		}, "accepted"},
		"a link to an object":   {func(uri any) []any { return []any{"tag", []object{link(uri, "rel", "related")}} }, ""},
		"a link to a page":      {func(uri any) []any { return []any{"tag", []object{link(uri, "mediaType", "text/html")}} }, ""},
		"embedded":              {func(uri any) []any { return []any{"quote", object{"id": uri, "type": "Note", "content": "forged"}} }, "accepted"},
		"embedded as deleted":   {func(any) []any { return []any{"quote", object{"id": "https://c.test/gone", "type": "Tombstone"}} }, "deleted"},
		"a text":                {func(any) []any { return []any{"quote", "Call me Ishmael."} }, ""},
		"a quotation of a book": {func(uri any) []any { return []any{"type", "Quotation", "quote", uri} }, ""},
		"nothing there":         {func(any) []any { return []any{"quote", "https://c.test/nothing"} }, "pending"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.world.Host("c.test")
			quoted := s.mallory.Note("the original")
			note := s.knows(s.bob.Note("hello", c.pairs(quoted["id"])...))
			state, shown := s.quote(s.alice, note["id"])
			if state != c.want {
				t.Fatalf("the state is %q, not %q", state, c.want)
			}
			if want := c.want == "accepted"; want != (shown != nil) || want && (shown["uri"] != quoted["id"] || shown["content"] != "<p>the original</p>") {
				t.Errorf("what is shown is %v", shown)
			}
			if text := s.alice.Status(note["id"].(string)).Text(); (c.want == "pending") != strings.Contains(text, `RE: <a href="https://c.test/nothing"`) {
				t.Errorf("the text is %s", text)
			}
		})
	}
}

// What stands for a quote where quotes are not known is not shown beside it.
func TestQuoteLinkIsTakenOut(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	quoted := s.knows(s.bob.Note("the original", "url", "https://b.test/@bob/1"))
	a := func(href any) string { return fmt.Sprintf(`<a href="%s">it</a>`, href) }
	for html, want := range map[string]string{
		`<p class="quote-inline">RE: ` + a(quoted["id"]) + `</p><p>hello</p>`:                            `<p>hello</p>`,
		`<p>hello<span class="quote-inline"><br><br>RE: <span>` + a(quoted["id"]) + `</span></span></p>`: `<p>hello</p>`,
		`<p>hello<br><br>RE: ` + a(quoted["id"]) + `</p>`:                                                `<p>hello</p>`,
		`<p>hello</p><p>RE: ` + a(quoted["id"]) + `</p>`:                                                 `<p>hello</p>`,
	} {
		note := s.knows(s.bob.Note("", "content", html, "quoteUrl", quoted["id"]))
		if got := s.alice.Status(note["id"].(string)).Text(); got != want {
			t.Errorf("%s becomes %s, not %s", html, got, want)
		}
		s.quotes(s.alice, note["id"], "accepted")
	}
	kept := s.knows(s.bob.Note("", "content", `<p>hello</p><p>RE: `+a(quoted["id"])+`</p>`))
	if got := s.alice.Status(kept["id"].(string)).Text(); !strings.Contains(got, "RE: ") {
		t.Errorf("without a quote the link is gone: %s", got)
	}
}

// What is quoted is fetched from its origin, once, and only for what is wanted.
func TestQuotedIsFetched(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	asked := func(path string) int { return len(s.mallory.Host.Asked(http.MethodGet, path)) }
	quoted := s.mallory.Note("the original")
	one, two := s.bob.Note("one", "quote", quoted["id"]), s.bob.Note("two", "quoteUrl", quoted["id"])
	for _, note := range []object{one, two} {
		if got := s.bob.Send(s.here, s.bob.Activity("Create", note)); got != http.StatusAccepted {
			t.Fatal(got)
		}
		s.quotes(s.alice, note["id"], "pending")
	}
	s.world.Run()
	s.quotes(s.alice, one["id"], "accepted")
	s.quotes(s.carol, two["id"], "accepted")
	if n := asked("/users/mallory/notes/1"); n != 1 {
		t.Errorf("it was fetched %d times", n)
	}

	// By the address of its page.
	other := s.mallory.Note("another", "url", "https://evil.test/@mallory/2")
	s.mallory.Host.Serve("https://evil.test/@mallory/2", other)
	by := s.knows(s.bob.Note("by its page", "quoteUrl", "https://evil.test/@mallory/2"))
	if _, shown := s.quote(s.alice, by["id"]); shown == nil || shown["uri"] != other["id"] {
		t.Errorf("by its page it shows %v", shown)
	}

	// For nobody here.
	s.mallory.Host.Forget()
	unwanted := s.mallory.Note("third")
	s.sends(http.StatusAccepted, s.eve, s.eve.Activity("Create", s.eve.Note("hello", "quote", unwanted["id"])))
	if n := asked(""); n != 0 {
		t.Errorf("a post that nobody wants had us ask %d times", n)
	}

	// What says that it is another's.
	s.mallory.Host.Serve("https://evil.test/forged", object{"@context": "https://www.w3.org/ns/activitystreams", "id": "https://b.test/users/eve/notes/99", "type": "Note",
		"attributedTo": s.eve.URI, "content": "forged", "to": []string{apptest.Public}})
	forged := s.knows(s.bob.Note("forged", "quote", "https://evil.test/forged"))
	s.quotes(s.alice, forged["id"], "pending")

	// What comes later by itself.
	s.mallory.Host.Down()
	late := s.mallory.Note("late")
	first := s.knows(s.bob.Note("before it", "quote", late["id"]))
	s.quotes(s.alice, first["id"], "pending")
	s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", s.mallory.Note("late", "id", late["id"], "to", []string{apptest.Public, s.alice.URI}, "tag", []object{apptest.Mention(s.alice)})))
	s.quotes(s.alice, first["id"], "accepted")
}

// A chain of quotes, and two that quote each other, cost a few requests.
func TestQuotesEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	uri := func(i int) string { return fmt.Sprintf("https://evil.test/users/mallory/notes/q%d", i) }
	for i := range 20 {
		s.mallory.Note(fmt.Sprint(i), "id", uri(i), "quote", uri(i+1))
	}
	s.mallory.Note("self", "id", uri(30), "quote", uri(31))
	s.mallory.Note("self", "id", uri(31), "quote", uri(30))
	s.mallory.Host.Forget()
	note := s.knows(s.bob.Note("hello", "quote", uri(0)))
	_, shown := s.quote(s.alice, note["id"])
	nested, _ := shown["quote"].(object)
	if nested["state"] != "accepted" || nested["quoted_status_id"] == nil || nested["quoted_status"] != nil {
		t.Errorf("within the quote is %v", nested)
	}
	for i, want := range []int{1, 1, 0} {
		if n := len(s.mallory.Host.Asked(http.MethodGet, "/users/mallory/notes/"+uri(i)[len("https://evil.test/users/mallory/notes/"):])); n != want {
			t.Errorf("the %dth was asked for %d times", i, n)
		}
	}
	circle := s.knows(s.bob.Note("hello", "quote", uri(30)))
	s.quotes(s.alice, circle["id"], "accepted")
	s.quotes(s.alice, uri(31), "accepted")
}

// Who sees what is quoted is decided for each viewer, and its author has a say.
func TestWhoSeesQuotes(t *testing.T) {
	t.Parallel()
	needs := []any{"interactionPolicy", object{"canQuote": object{"automaticApproval": []string{apptest.Public}}}}
	t.Run("with the author's consent only", func(t *testing.T) {
		s := newScene(t)
		quoted := s.mallory.Note("the original", needs...)
		note := s.knows(s.bob.Note("hello", "quote", quoted["id"], "quoteAuthorization", "https://evil.test/stamps/1"))
		s.quotes(s.alice, note["id"], "pending")
		own := s.knows(s.bob.Note("mine", needs...))
		s.quotes(s.alice, s.knows(s.bob.Note("hello", "quote", own["id"]))["id"], "accepted")
		other := s.mallory.Note("with another policy", "interactionPolicy", object{"canLike": object{"automaticApproval": []string{}}})
		s.quotes(s.alice, s.knows(s.bob.Note("hello", "quote", other["id"]))["id"], "accepted")
	})
	t.Run("for followers", func(t *testing.T) {
		s := newScene(t)
		quoted := s.knows(s.bob.Note("secret", "to", []string{s.bob.URI + "/followers"}, "cc", nil))
		note := s.knows(s.bob.Note("hello", "quote", quoted["id"]))
		s.quotes(s.alice, note["id"], "accepted")
		s.quotes(s.carol, note["id"], "unauthorized")
		theirs := s.eve.To(s.alice, "hello", "to", []string{apptest.Public, s.alice.URI}, "quote", quoted["id"])
		s.sends(http.StatusAccepted, s.eve, s.eve.Activity("Create", theirs))
		s.quotes(s.alice, theirs["id"], "pending") // another may not quote it
	})
	t.Run("blocked and muted", func(t *testing.T) {
		s := newScene(t)
		quoted := s.mallory.Note("the original")
		note := s.knows(s.bob.Note("hello", "quote", quoted["id"]))
		s.alice.Relate("mute", "@mallory@evil.test")
		s.carol.Relate("block", "@mallory@evil.test")
		s.quotes(s.alice, note["id"], "muted_account")
		s.quotes(s.carol, note["id"], "blocked_account")
		s.alice.Relate("unmute", "@mallory@evil.test")
		s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Block", s.alice.URI))
		s.quotes(s.alice, note["id"], "unauthorized")
	})
	t.Run("deleted and edited", func(t *testing.T) {
		s := newScene(t)
		quoted, other := s.knows(s.bob.Note("the original")), s.knows(s.bob.Note("another"))
		note := s.knows(s.bob.Note("hello", "quote", quoted["id"]))
		edit := func(to any) {
			s.world.Advance(1e9)
			s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Update", s.bob.Note("edited", "id", note["id"], "quote", to, "updated", s.world.Now())))
		}
		edit(other["id"])
		if _, shown := s.quote(s.alice, note["id"]); shown["uri"] != other["id"] {
			t.Errorf("after the edit it shows %v", shown)
		}
		edit(nil)
		s.quotes(s.alice, note["id"], "")
		edit(quoted["id"])
		s.quotes(s.alice, note["id"], "accepted")
		s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Delete", quoted["id"]))
		s.quotes(s.alice, note["id"], "deleted")
	})
}

// Who is quoted here hears of it, and wants it.
func TestQuoteOfOurs(t *testing.T) {
	t.Parallel()
	var note object
	quote := func(s *scene, visibility string) object {
		note = s.mallory.Note("hello", "quote", s.alice.Post("mine", "visibility", visibility).URI)
		return s.mallory.Activity("Create", note)
	}
	try(t, []rule{
		{name: "of somebody whom nobody follows", by: byMallory, send: func(s *scene) object { return quote(s, "public") }, then: func(s *scene) {
			s.notified("quote @mallory@evil.test")
			s.quotes(s.alice, note["id"], "accepted")
		}},
		{name: "by its page", by: byMallory, send: func(s *scene) object {
			note = s.mallory.Note("hello", "quoteUrl", s.alice.Post("mine").Entity["url"])
			return s.mallory.Activity("Create", note)
		}, then: func(s *scene) { s.notified("quote @mallory@evil.test") }},
		{name: "of a post that the quoter may not see", by: byMallory, nothing: true, send: func(s *scene) object { return quote(s, "private") }},
		{name: "of somebody blocked", by: byMallory, nothing: true, given: func(s *scene) { s.alice.Relate("block", "@mallory@evil.test") },
			send: func(s *scene) object { return quote(s, "public") }},
		{name: "of a post for followers, by one of them", send: func(s *scene) object {
			note = s.bob.Note("hello", "quote", s.alice.Post("mine", "visibility", "private").URI)
			return s.bob.Activity("Create", note)
		}, then: func(s *scene) {
			s.notNotified("quote @bob@b.test")
			s.quotes(s.alice, note["id"], "rejected")
		}},
	})
}

// A quote that needs its author's consent is shown once that is found, at its own
// origin and for these two posts.
func TestConsentToQuotes(t *testing.T) {
	t.Parallel()
	needs := []any{"interactionPolicy", object{"canQuote": object{"automaticApproval": []string{apptest.Public}}}}
	const stamp = "https://evil.test/stamps/1"
	for name, c := range map[string]struct {
		at     string // where the stamp is said to be, stamp unless it says otherwise
		change object // what the stamp says otherwise; nil is left out
		late   bool   // the quoted comes after the quote
		want   string
	}{
		"as it should be":             {want: "accepted"},
		"of what comes later":         {want: "accepted", late: true},
		"of another post":             {change: object{"interactionTarget": "https://evil.test/users/mallory/notes/9"}, want: "pending"},
		"for another post":            {change: object{"interactingObject": "https://b.test/users/eve/notes/1"}, want: "pending"},
		"of two posts":                {change: object{"interactingObject": []string{"https://b.test/users/bob/notes/1", "https://b.test/users/eve/notes/1"}}, want: "pending"},
		"of a neighbour":              {change: object{"attributedTo": "https://evil.test/users/eve"}, want: "pending"},
		"of two authors":              {change: object{"attributedTo": []string{"https://evil.test/users/mallory", "https://evil.test/users/eve"}}, want: "pending"},
		"of nobody":                   {change: object{"attributedTo": nil}, want: "pending"},
		"of another type":             {change: object{"type": "Note"}, want: "pending"},
		"with another id":             {change: object{"id": "https://evil.test/stamps/2"}, want: "pending"},
		"at the quoter's":             {at: "https://b.test/stamps/1", change: object{"id": "https://b.test/stamps/1"}, want: "pending"},
		"at the quoter's, of its own": {at: "https://b.test/stamps/1", change: object{"id": "https://b.test/stamps/1", "attributedTo": "https://b.test/users/bob"}, want: "pending"},
		"that is not there":           {at: "https://evil.test/stamps/3", want: "pending"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			quoted := s.mallory.Note("the original", needs...)
			at := c.at
			if at == "" {
				at = stamp
			}
			note := s.bob.Note("hello", "quote", quoted["id"], "quoteAuthorization", at)
			doc := object{"@context": "https://www.w3.org/ns/activitystreams", "id": stamp, "type": "QuoteAuthorization", "attributedTo": s.mallory.URI,
				"interactingObject": note["id"], "interactionTarget": quoted["id"]}
			for k, v := range c.change {
				if doc[k] = v; v == nil {
					delete(doc, k)
				}
			}
			for _, where := range []string{stamp, "https://b.test/stamps/1"} {
				s.world.Host(strings.Split(where, "/")[2]).Serve(where, doc)
			}
			s.world.Host("evil.test").Serve("https://evil.test/stamps/2", doc)
			if c.late {
				s.mallory.Host.Down()
			}
			s.knows(note)
			if c.late {
				s.quotes(s.alice, note["id"], "pending")
				s.mallory.Host.Up()
				s.sends(http.StatusAccepted, s.mallory, s.mallory.Activity("Create", s.mallory.Note("the original", append(needs, "id", quoted["id"], "to", []string{apptest.Public, s.alice.URI})...)))
				s.world.Advance(3600e9)
			}
			s.quotes(s.alice, note["id"], c.want)
		})
	}
}
