package ap_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// quoting is a world in which alice sees a note of bob's that says who may quote
// it.
type quoting struct {
	*testing.T
	w         *apptest.World
	s         *apptest.Server
	alice     *apptest.Account
	bob, eve  *apptest.Stranger
	note      apptest.Object
	quote     *apptest.Status
	requested apptest.Object
}

func newQuoting(t *testing.T, policy any) *quoting {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	q := &quoting{T: t, w: w, s: s, alice: s.Account("alice"), bob: w.Stranger("bob@b.test"), eve: w.Stranger("eve@b.test")}
	q.bob.FollowedBy(q.alice)
	q.eve.Follow(q.alice)
	q.note = q.bob.Note("the original", "url", "https://b.test/@bob/1", "interactionPolicy", policy)
	q.bob.Send(s, q.bob.Activity("Create", q.note))
	w.Run()
	q.bob.Host.Forget()
	return q
}

// post has alice quote the note, for which bob's server is asked.
func (q *quoting) post(params ...string) {
	q.Helper()
	q.quote = q.alice.Post("look at this", append([]string{"quoted_status_id", q.alice.Resolve(q.note["id"].(string)).ID}, params...)...)
	q.w.Run()
	q.requested = q.last(q.bob, "QuoteRequest")
}

func (q *quoting) last(who *apptest.Stranger, typ string) apptest.Object {
	q.Helper()
	list := who.Received()
	for _, o := range slices.Backward(list) {
		if o["type"] == typ {
			return o
		}
	}
	q.Fatalf("%s received no %s but %v", who.Name, typ, who.ReceivedTypes())
	return nil
}

func (q *quoting) sends(who *apptest.Stranger, o apptest.Object) int {
	q.Helper()
	status := who.Send(q.s, o)
	q.w.Run()
	return status
}

func (q *quoting) state() string {
	q.Helper()
	e, _ := q.alice.Status(q.quote.URI).Entity["quote"].(apptest.Object)
	if e == nil {
		return ""
	}
	return e["state"].(string)
}

func (q *quoting) is(want string) {
	q.Helper()
	if got := q.state(); got != want {
		q.Errorf("the quote is %q, not %q", got, want)
	}
}

// document is the quote as others fetch it.
func (q *quoting) document() string {
	q.Helper()
	return q.eve.Get(q.s, q.quote.URI).Body.String()
}

func forEveryone() apptest.Object {
	return apptest.Object{"canQuote": apptest.Object{"automaticApproval": []string{apptest.Public}}}
}

const stampOfBob = "https://b.test/users/bob/quote_authorizations/1"

// accept is what Mastodon 4.5 answers with.
func (q *quoting) accept(pairs ...any) apptest.Object {
	about := apptest.Object{"id": q.requested["id"], "type": "QuoteRequest", "actor": q.alice.URI, "object": q.note["id"], "instrument": q.quote.URI}
	return q.bob.Activity("Accept", about, append([]any{"id", q.bob.URI + "#accepts/quote_requests/1", "result", stampOfBob}, pairs...)...)
}

// A quote of a post elsewhere is asked for, shown once its author agrees, and
// not any more when the author says so.
func TestQuotingIsAskedFor(t *testing.T) {
	t.Parallel()
	q := newQuoting(t, forEveryone())
	q.post()
	if r := q.requested; r["actor"] != q.alice.URI || r["object"] != q.note["id"] || r["instrument"] != q.quote.URI || !strings.HasPrefix(r["id"].(string), "https://a.test/") {
		t.Errorf("the request is %v", r)
	}
	q.is("pending")
	create := q.last(q.bob, "Create")
	doc := create["object"].(apptest.Object)
	if doc["quote"] != q.note["id"] || doc["quoteUri"] != q.note["id"] || doc["_misskey_quote"] != q.note["id"] || doc["quoteAuthorization"] != nil ||
		!strings.HasPrefix(doc["content"].(string), `<p class="quote-inline">RE: <a href="`+q.note["id"].(string)+`"`) {
		t.Errorf("the post is %v", doc)
	}
	if tag, _ := doc["tag"].([]any); len(tag) != 1 || tag[0].(apptest.Object)["href"] != q.note["id"] {
		t.Errorf("its tags are %v", doc["tag"])
	}
	if strings.Contains(q.quote.Text(), "RE:") {
		t.Errorf("here its text is %s", q.quote.Text())
	}
	q.eve.Host.Forget()
	if got := q.sends(q.bob, q.accept()); got != http.StatusAccepted {
		t.Fatal(got)
	}
	q.is("accepted")
	if u, _ := q.last(q.eve, "Update")["object"].(apptest.Object); u["quoteAuthorization"] != stampOfBob || u["updated"] != nil {
		t.Errorf("the Update says %v", u)
	}
	if !strings.Contains(q.document(), `"quoteAuthorization":"`+stampOfBob+`"`) {
		t.Error(q.document())
	}
	// An edit leaves it as it is, and the quote with it.
	q.alice.Edit(q.quote, "look at that")
	q.w.Run()
	q.is("accepted")
	if d := q.document(); !strings.Contains(d, `"quoteAuthorization":"`+stampOfBob+`"`) || !strings.Contains(d, `"quote":"`+q.note["id"].(string)+`"`) || !strings.Contains(d, "look at that") {
		t.Error(d)
	}
	q.bob.Host.Forget()
	revocation := q.bob.Activity("Delete", apptest.Object{"id": stampOfBob, "type": "QuoteAuthorization", "attributedTo": q.bob.URI, "interactingObject": q.quote.URI, "interactionTarget": q.note["id"]})
	// Another may not, be it on the same host.
	if q.sends(q.eve, q.eve.Activity("Delete", stampOfBob)); q.state() != "accepted" {
		t.Error("a neighbour has revoked it")
	}
	if got := q.sends(q.bob, revocation); got != http.StatusAccepted {
		t.Fatal(got)
	}
	q.is("revoked")
	if u, _ := q.last(q.eve, "Update")["object"].(apptest.Object); u["quoteAuthorization"] != nil {
		t.Errorf("the Update says %v", u)
	}
	if strings.Contains(q.document(), stampOfBob) {
		t.Error(q.document())
	}
	q.sends(q.bob, q.accept("id", q.bob.URI+"#again"))
	q.is("revoked")
}

// An answer counts that the quoted author gives to what was asked.
func TestFalseAnswersToQuoteRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send func(q *quoting) (*apptest.Stranger, apptest.Object)
		want string
	}{
		"Reject": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.bob, q.accept("type", "Reject", "result", nil)
		}, "rejected"},
		"by its id": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.bob, q.accept("object", q.requested["id"])
		}, "accepted"},
		"of a neighbour": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.eve, q.accept("actor", q.eve.URI, "id", q.eve.URI+"#accept")
		}, "pending"},
		"a neighbour's Reject": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.eve, q.accept("type", "Reject", "actor", q.eve.URI, "id", q.eve.URI+"#accept")
		}, "pending"},
		"without a stamp":      {func(q *quoting) (*apptest.Stranger, apptest.Object) { return q.bob, q.accept("result", nil) }, "pending"},
		"with a stamp of ours": {func(q *quoting) (*apptest.Stranger, apptest.Object) { return q.bob, q.accept("result", q.quote.URI) }, "pending"},
		"with two stamps": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.bob, q.accept("result", []string{stampOfBob, stampOfBob + "0"})
		}, "pending"},
		"with a stamp of another host": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.bob, q.accept("result", "https://evil.test/1")
		}, "pending"},
		"of a request that was never made": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			return q.bob, q.accept("object", q.bob.URI+"/never")
		}, "pending"},
		"after a Reject": {func(q *quoting) (*apptest.Stranger, apptest.Object) {
			q.sends(q.bob, q.accept("type", "Reject", "result", nil, "id", q.bob.URI+"#reject"))
			return q.bob, q.accept()
		}, "rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuoting(t, forEveryone())
			q.post()
			who, answer := c.send(q)
			q.sends(who, answer)
			q.is(c.want)
			if shows := strings.Contains(q.document(), "quoteAuthorization\":\""); shows != (c.want == "accepted") {
				t.Error(q.document())
			}
		})
	}
}

// What may be quoted, and by which posts.
func TestMayQuote(t *testing.T) {
	t.Parallel()
	sub := func(pairs ...any) apptest.Object {
		part := apptest.Object{}
		for i := 0; i+1 < len(pairs); i += 2 {
			part[pairs[i].(string)] = pairs[i+1]
		}
		return apptest.Object{"canQuote": part}
	}
	many := []string{"https://a.test/users/alice"}
	for range 5000 {
		many = append([]string{"https://c.test/users/x"}, many...)
	}
	const followers, bob = "https://b.test/users/bob/followers", "https://b.test/users/bob"
	for name, c := range map[string]struct {
		policy any
		want   int
		asked  bool
	}{
		"nothing said":              {nil, 200, false},
		"everyone":                  {sub("automaticApproval", apptest.Public), 200, true},
		"the author agrees":         {sub("automaticApproval", []string{bob}, "manualApproval", []string{"as:Public"}), 200, true},
		"nobody":                    {sub("automaticApproval", []string{bob}), 404, false},
		"an empty list":             {sub("automaticApproval", []string{}), 404, false},
		"followers":                 {sub("automaticApproval", []string{followers}), 200, true},
		"whom the author follows":   {sub("automaticApproval", []string{"https://b.test/users/bob/following"}), 404, false},
		"a collection":              {sub("automaticApproval", []string{"https://b.test/lists/1"}), 200, true},
		"a collection of elsewhere": {sub("automaticApproval", []string{"https://c.test/lists/1"}), 404, false},
		"by name":                   {sub("manualApproval", []string{"https://a.test/users/alice"}), 200, true},
		"another by name":           {sub("automaticApproval", []string{"https://a.test/users/carol"}), 404, false},
		"thousands":                 {sub("automaticApproval", many), 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuoting(t, c.policy)
			status, body := q.alice.Call(http.MethodPost, "/api/v1/statuses", "status", "look", "quoted_status_id", q.alice.Resolve(q.note["id"].(string)).ID)
			q.w.Run()
			if status != c.want || slices.Contains(q.bob.ReceivedTypes(), "QuoteRequest") != c.asked {
				t.Errorf("it is answered with %d %s; bob receives %v", status, body, q.bob.ReceivedTypes())
			}
		})
	}
}

// Quotes between accounts here, of oneself, and of what is for few.
func TestQuotesAtHome(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, carol, bob := s.Account("alice"), s.Account("carol"), w.Stranger("bob@b.test")
	bob.Follow(carol)
	state := func(who *apptest.Account, st *apptest.Status) string {
		e, _ := who.Status(st.URI).Entity["quote"].(apptest.Object)
		if e == nil {
			return ""
		}
		return e["state"].(string)
	}
	mine := alice.Post("mine")
	quote := carol.Post("look", "quoted_status_id", mine.ID)
	w.Run()
	if got := state(carol, quote); got != "accepted" || !slices.Contains(alice.Notifications(), "quote @carol@a.test") {
		t.Errorf("the quote is %q, alice is told %v", got, alice.Notifications())
	}
	var note apptest.Object
	for _, o := range bob.Received() {
		if o["type"] == "Create" {
			note = o["object"].(apptest.Object)
		}
	}
	stamp, _ := note["quoteAuthorization"].(string)
	if got := bob.Get(s, stamp); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), quote.URI) {
		t.Errorf("the stamp %q is %d %s", stamp, got.Code, got.Body)
	}
	alice.Do(http.MethodPost, "/api/v1/statuses/"+mine.ID+"/quotes/"+quote.ID+"/revoke")
	w.Run()
	if got := state(carol, quote); got != "revoked" {
		t.Errorf("the quote is %q", got)
	}
	if got := bob.Get(s, stamp); got.Code != http.StatusGone {
		t.Errorf("the stamp is %d", got.Code)
	}
	if types := bob.ReceivedTypes(); !slices.Contains(types, "Delete") || !slices.Contains(types, "Update") {
		t.Errorf("bob receives %v", types)
	}

	for _, params := range [][]string{{"quote_approval_policy", "nobody"}, {"quote_approval_policy", "followers"}, {"visibility", "private"}, {"visibility", "direct"}} {
		post := alice.Post("for few", params...)
		refuses(t, carol, http.StatusNotFound, http.MethodPost, "/api/v1/statuses", "status", "look", "quoted_status_id", post.ID)
		if params[1] == "direct" {
			continue
		}
		own := alice.Post("look", "quoted_status_id", post.ID)
		if got := state(alice, own); got != "accepted" || own.Entity["visibility"] != alice.Status(post.URI).Entity["visibility"] {
			t.Errorf("alice's own quote of %v is %q and %v", params, got, own.Entity["visibility"])
		}
	}
	refuses(t, carol, http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/statuses", "status", "look", "quote_approval_policy", "friends")
	refuses(t, carol, http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/statuses", "status", "look", "quoted_status_id", mine.ID, "visibility", "direct")
	refuses(t, carol, http.StatusNotFound, http.MethodPost, "/api/v1/statuses", "status", "look", "quoted_status_id", "1")
}
