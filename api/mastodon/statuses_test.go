package mastodon_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

func TestPost(t *testing.T) {
	n := newTown(t)
	first := n.alice.Post("Hello #World from @bob, https://example.org/", "spoiler_text", "CW", "language", "en", "sensitive", "true", "visibility", "unlisted")
	e := first.Entity
	if e["spoiler_text"] != "CW" || e["language"] != "en" || e["visibility"] != "unlisted" || e["sensitive"] != true ||
		len(e["tags"].([]any)) != 1 || len(e["mentions"].([]any)) != 1 || e["application"].(map[string]any)["name"] != "an app" {
		t.Errorf("%v", e)
	}
	answer := n.bob.Post("Hello back", "in_reply_to_id", first.ID)
	if answer.Entity["in_reply_to_id"] != first.ID || answer.Entity["in_reply_to_account_id"] != n.alice.ID.String() {
		t.Errorf("%v", answer.Entity)
	}
	thread := n.alice.Do("GET", "/api/v1/statuses/"+first.ID+"/context")
	if len(thread["ancestors"].([]any)) != 0 || len(thread["descendants"].([]any)) != 1 {
		t.Errorf("%v", thread)
	}
	for _, c := range []struct {
		name   string
		params []string
		status int
		says   string
	}{
		{"nothing", nil, 422, "Validation failed"},
		{"a visibility that is none", []string{"status", "x", "visibility", "secret"}, 422, "is not a valid visibility"},
		{"an answer to what is no id", []string{"status", "x", "in_reply_to_id", "x"}, 404, "not found"},
		{"an answer to nothing", []string{"status", "x", "in_reply_to_id", "1"}, 404, "not found"},
		{"later", []string{"status", "x", "scheduled_at", "2030-01-01T00:00:00Z"}, 501, "scheduled"},
		{"a poll of one", pollWith("300", "a"), 422, "more than one item"},
		{"a poll of blanks", pollWith("300", "a", " "), 422, "more than one item"},
		{"a poll of many", pollWith("300", "a", "b", "c", "d", "e"), 422, "more than 4 items"},
		{"a poll of the same", pollWith("300", "a", " a "), 422, "duplicate"},
		{"a poll of much", pollWith("300", "a", strings.Repeat("ä", 51)), 422, "longer than 50"},
		{"a poll that ends at once", pollWith("299", "a", "b"), 422, "too soon"},
		{"a poll without an end", pollWith("", "a", "b"), 422, "too soon"},
		{"a poll that never ends", pollWith("9223372036854775807", "a", "b"), 422, "too far"},
		{"media", []string{"status", "x", "media_ids[]", "1"}, 501, "Media can't"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, n.alice, c.status, c.says, "POST", "/api/v1/statuses", c.params...)
		})
	}
}

// A client that is not answered asks again with the same key, and gets the
// same post.
func TestIdempotencyKey(t *testing.T) {
	n := newTown(t)
	post := func(key string) string {
		_, body := send(t, n.alice, "POST", "/api/v1/statuses", "application/json", `{"status":"once"}`, "Idempotency-Key", key)
		return parse[apptest.Object](t, body)["id"].(string)
	}
	if first, second, other := post("a"), post("a"), post("b"); first != second || first == other {
		t.Errorf("%s, %s and %s", first, second, other)
	}
}

func TestEdit(t *testing.T) {
	n := newTown(t)
	st := n.alice.Post("before", "spoiler_text", "CW")
	e := n.alice.Do("PUT", "/api/v1/statuses/"+st.ID, "status", "after", "spoiler_text", "", "sensitive", "true", "language", "fr")
	if !strings.Contains(e["content"].(string), "after") || e["spoiler_text"] != "" || e["sensitive"] != true || e["language"] != "fr" || e["edited_at"] == nil {
		t.Errorf("%v", e)
	}
	if source := n.alice.Do("GET", "/api/v1/statuses/"+st.ID+"/source"); source["text"] != "after" || source["id"] != st.ID {
		t.Errorf("its source is %v", source)
	}
	refused(t, n.bob, 404, "Record not found", "PUT", "/api/v1/statuses/"+st.ID, "status", "mine")
	refused(t, n.bob, 404, "Record not found", "GET", "/api/v1/statuses/"+st.ID+"/source")
}

// What is deleted is answered with its source, to be written again.
func TestDelete(t *testing.T) {
	n := newTown(t)
	st := n.alice.Post("to be *deleted*")
	refused(t, n.bob, 404, "Record not found", "DELETE", "/api/v1/statuses/"+st.ID)
	if e := n.alice.Do("DELETE", "/api/v1/statuses/"+st.ID); e["text"] != "to be *deleted*" {
		t.Errorf("%v", e)
	}
	refused(t, n.alice, 404, "Record not found", "GET", "/api/v1/statuses/"+st.ID)
	boosted := n.bob.Post("boost me")
	boost := n.alice.Act("reblog", boosted)
	if e := n.alice.Do("DELETE", "/api/v1/statuses/"+boost.ID); e["text"] != nil {
		t.Errorf("a boost has a source: %v", e)
	}
	if got := n.bob.Status(boosted.URI); got == nil || got.Count("reblogs") != 0 {
		t.Errorf("what was boosted is now %v", got)
	}
}

// The limit of deletions is a setting, by account.
func TestDeletionsAreLimited(t *testing.T) {
	n := newTown(t, "KINGLET_LIMITS_DELETING=2/30m")
	remove := func(a *apptest.Account) int {
		status, _ := a.Call("DELETE", "/api/v1/statuses/"+a.Post("x").ID)
		return status
	}
	if got := []int{remove(n.alice), remove(n.alice), remove(n.alice), remove(n.bob)}; !slices.Equal(got, []int{200, 200, 429, 200}) {
		t.Errorf("%v", got)
	}
	n.Advance(31 * time.Minute)
	if got := remove(n.alice); got != 200 {
		t.Errorf("half an hour later: %d", got)
	}
}

func TestInteractions(t *testing.T) {
	n := newTown(t)
	st, own := n.bob.Post("Hello"), n.alice.Post("mine")
	for _, c := range []struct {
		action string
		on     *apptest.Status
		key    string
		want   bool
	}{
		{"favourite", st, "favourited", true}, {"unfavourite", st, "favourited", false}, {"favourite", st, "favourited", true},
		{"bookmark", st, "bookmarked", true}, {"unbookmark", st, "bookmarked", false}, {"bookmark", st, "bookmarked", true},
		{"reblog", st, "reblogged", true}, {"unreblog", st, "reblogged", false}, {"reblog", st, "reblogged", true},
		{"pin", own, "pinned", true}, {"unpin", own, "pinned", false}, {"pin", own, "pinned", true},
	} {
		if got := n.alice.Act(c.action, c.on); got.Entity[c.key] != c.want {
			t.Errorf("after %s %s is %v", c.action, c.key, got.Entity[c.key])
		}
	}
	path := "/api/v1/statuses/" + st.ID
	for _, list := range []string{"/favourited_by", "/reblogged_by"} {
		if got := values(n.bob.List(path+list), "username"); !slices.Equal(got, []string{"alice"}) {
			t.Errorf("%s: %q", list, got)
		}
		refused(t, n.bob, 404, "Record not found", "GET", "/api/v1/statuses/1"+list)
	}
	for _, list := range []string{"/api/v1/favourites", "/api/v1/bookmarks"} {
		if got := values(n.alice.List(list), "id"); !slices.Equal(got, []string{st.ID}) {
			t.Errorf("%s: %q", list, got)
		}
		resp, _ := send(t, n.alice, "GET", list+"?limit=1", "", "")
		if link := resp.Header.Get("Link"); !strings.Contains(link, `rel="next"`) || !strings.Contains(link, `rel="prev"`) {
			t.Errorf("%s is linked with %q", list, link)
		}
	}
	// What is done to a boost is done to what it boosts.
	boost := n.alice.Timeline("/api/v1/accounts/" + n.alice.ID.String() + "/statuses")[0]
	if got := n.bob.Do("POST", "/api/v1/statuses/"+boost.ID+"/favourite"); got["id"] != st.ID || got["favourites_count"] != 2.0 {
		t.Errorf("%v", got)
	}
	refused(t, n.alice, 422, "is not a valid visibility", "POST", path+"/reblog", "visibility", "direct")
	refused(t, n.alice, 422, "is not a valid visibility", "POST", path+"/reblog", "visibility", "x")
	refused(t, n.alice, 404, "Record not found", "POST", "/api/v1/statuses/1/favourite")
	refused(t, n.alice, 404, "Record not found", "POST", "/api/v1/statuses/1/reblog")
}

// Someone who was blocked takes back what they did, and is shown nothing.
func TestUndoWhenBlocked(t *testing.T) {
	n := newTown(t)
	st, other := n.bob.Post("SECRET later"), n.bob.Post("ANOTHER")
	n.alice.Act("favourite", st)
	boost := n.alice.Act("reblog", st)
	n.bob.Relate("block", n.alice.Handle)
	path := "/api/v1/statuses/"
	refused(t, n.alice, 404, "Record not found", "GET", path+st.ID)
	if e := n.alice.Do("POST", path+st.ID+"/unfavourite"); e["id"] != st.ID || strings.Contains(e["content"].(string), "SECRET") || e["favourited"] != false {
		t.Errorf("%v", e)
	}
	if e := n.alice.Do("DELETE", path+boost.ID); strings.Contains(e["content"].(string), "SECRET") {
		t.Errorf("%v", e)
	}
	refused(t, n.alice, 404, "Record not found", "POST", path+other.ID+"/unfavourite")
	refused(t, n.alice, 404, "Record not found", "DELETE", path+other.ID)
	refused(t, n.alice, 404, "Record not found", "POST", path+"1/unreblog")
	if got := n.bob.Status(st.URI); got.Count("favourites") != 0 || got.Count("reblogs") != 0 {
		t.Errorf("%v", got.Entity)
	}
}

// Who may see a post is decided alike for one, for several and for its lists.
func TestPrivatePosts(t *testing.T) {
	n := newTown(t)
	private := n.bob.Post("for followers", "visibility", "private")
	eve := n.bob.Server.Account("eve")
	path := "/api/v1/statuses/" + private.ID
	for _, p := range []string{path, path + "/context", path + "/favourited_by", path + "/reblogged_by"} {
		if status, _ := n.alice.Call("GET", p); status != 200 {
			t.Errorf("a follower reads %s: %d", p, status)
		}
		if status, _ := eve.Call("GET", p); status != 404 {
			t.Errorf("eve reads %s: %d", p, status)
		}
		if status, _ := stranger(t, n.bob.Server, p); status != 404 {
			t.Errorf("a stranger reads %s: %d", p, status)
		}
	}
	public := n.bob.Post("for all")
	query := []string{"id[]", private.ID, "id[]", public.ID, "id[]", "1", "id[]", "x"}
	if got := values(n.alice.List("/api/v1/statuses", query...), "id"); !slices.Equal(got, []string{private.ID, public.ID}) {
		t.Errorf("a follower reads %q", got)
	}
	if got := values(eve.List("/api/v1/statuses", query...), "id"); !slices.Equal(got, []string{public.ID}) {
		t.Errorf("eve reads %q", got)
	}
	if _, body := stranger(t, n.bob.Server, "/api/v1/statuses/"+public.ID); strings.Contains(body, "favourited\"") {
		t.Errorf("a stranger is told what they did: %s", body)
	}
}

func TestTimelines(t *testing.T) {
	n := newTown(t)
	hello := n.bob.Post("Hello #one #two")
	other := n.bob.Post("Hello #two #three")
	remote := n.carol.Post("from afar #one")
	own := n.bob.Post("to myself", "in_reply_to_id", hello.ID) // a thread of one's own is no answer
	reply := n.bob.Post("to alice", "in_reply_to_id", n.alice.Post("x", "visibility", "unlisted").ID)
	n.Run()
	far := n.alice.Status(remote.URI)
	if far == nil {
		t.Fatal("the remote post did not arrive")
	}
	ids := func(path string, params ...string) []string {
		t.Helper()
		return values(n.alice.List(path, params...), "id")
	}
	bob := "/api/v1/accounts/" + n.bob.ID.String() + "/statuses"
	n.bob.Act("pin", hello)
	n.bob.Act("reblog", remote)
	boost := n.bob.Timeline(bob)[0].ID
	n.Run()
	const home, public, tag = "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/"
	for _, c := range []struct {
		name, path string
		params     []string
		want       []string
	}{
		{"public", public, nil, []string{own.ID, far.ID, other.ID, hello.ID}},
		{"local", public, []string{"local", "true"}, []string{own.ID, other.ID, hello.ID}},
		{"remote", public, []string{"remote", "true"}, []string{far.ID}},
		{"with media", public, []string{"only_media", "true"}, []string{}},
		{"tag", tag + "TWO", nil, []string{other.ID, hello.ID}},
		{"one tag and another", tag + "one", []string{"all[]", "two"}, []string{hello.ID}},
		{"one tag or another", tag + "three", []string{"any[]", "one"}, []string{far.ID, other.ID, hello.ID}},
		{"one tag without another", tag + "two", []string{"none[]", "three"}, []string{hello.ID}},
		{"local tag", tag + "one", []string{"local", "true"}, []string{hello.ID}},
		{"account", bob, nil, []string{boost, reply.ID, own.ID, other.ID, hello.ID}},
		{"account without replies", bob, []string{"exclude_replies", "true", "exclude_reblogs", "true"}, []string{own.ID, other.ID, hello.ID}},
		{"pinned", bob, []string{"pinned", "true"}, []string{hello.ID}},
		{"tagged", bob, []string{"tagged", "three"}, []string{other.ID}},
		{"older", home, []string{"max_id", other.ID, "limit", "1"}, []string{hello.ID}},
		{"just above", home, []string{"min_id", hello.ID, "limit", "1"}, []string{other.ID}},
	} {
		got := ids(c.path, c.params...)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := len(ids(home)); got != 6 { // a boost of what is in it already is not shown again
		t.Errorf("home has %d posts", got)
	}
	e := n.alice.Do("GET", "/api/v1/tags/One")
	if e["name"] != "one" || e["following"] != false {
		t.Errorf("%v", e)
	}
	if code, body := stranger(t, n.alice.Server, "/api/v1/tags/caf%C3%A9"); code != 200 || !strings.Contains(body, `"name":"café"`) || strings.Contains(body, "following") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := stranger(t, n.alice.Server, home); code != http.StatusUnauthorized {
		t.Errorf("a stranger reads home: %d", code)
	}
}

// Direct posts are nobody's to count: not in the account, not in the outbox.
func TestDirectPostsAreNotCounted(t *testing.T) {
	s := apptest.NewWorld(t).Server("a.test")
	alice := s.Account("alice")
	alice.Post("for all")
	alice.Post("for followers", "visibility", "private")
	direct := alice.Post("for me", "visibility", "direct")
	counted := func(when string, want int) {
		t.Helper()
		r := httptest.NewRequest("GET", alice.URI+"/outbox", nil)
		r.Header.Set("Accept", "application/activity+json")
		outbox := parse[struct{ TotalItems int }](t, s.Do(r).Body.String())
		me := alice.Do("GET", "/api/v1/accounts/verify_credentials")
		if got := int(me["statuses_count"].(float64)); got != want || outbox.TotalItems != want {
			t.Errorf("%s: statuses_count %d, the outbox has %d, want %d", when, got, outbox.TotalItems, want)
		}
	}
	counted("written", 2)
	alice.Edit(direct, "for me, edited")
	counted("edited", 2)
	alice.Delete(direct)
	counted("deleted", 2)
}

// pollWith are the parameters of a post with a poll.
func pollWith(expiresIn string, options ...string) []string {
	params := []string{"status", "x", "poll[expires_in]", expiresIn}
	for _, o := range options {
		params = append(params, "poll[options][]", o)
	}
	return params
}
