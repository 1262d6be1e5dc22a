package ui_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

const interactionPath = "/authorize_interaction"

// lookUp is the page about something, as its browser sees it.
func (b *browser) lookUp(what string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do("GET", interactionPath+"?uri="+url.QueryEscape(what), nil)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(csrf|uri|id)" value="([^"]*)"`)

// press presses a button of the page about something.
func (b *browser) press(what, action string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{"action": {action}}
	_, page, _ := strings.Cut(b.lookUp(what).Body.String(), `action="`+interactionPath+`"`)
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], strings.ReplaceAll(m[2], "&amp;", "&"))
	}
	if form.Get("id") == "" || !strings.Contains(page, `value="`+action+`"`) {
		b.t.Fatalf("no button %s for %s: %s", action, what, page)
	}
	return b.do("POST", interactionPath, form)
}

// Somebody presses "follow" on another server: they are led to sign in here and
// back, and follow.
func TestFollowFromElsewhere(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	bob := s.World.Stranger("@bob@b.test")
	b := s.browser()
	for _, path := range []string{interactionPath + "?uri=" + url.QueryEscape("https://b.test/users/bob?a=b&c"), interactionPath} {
		w := b.do("GET", path, nil)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || to.Path != "/auth/sign_in" || to.Host != "" || to.Query().Get("next") != path {
			t.Errorf("%s leads to %d %s", path, w.Code, to)
		}
	}
	if n := bob.Host.Attempts(); n != 0 {
		t.Errorf("a stranger had %d requests made", n)
	}
	b.signIn()
	for _, form := range []string{
		bob.URI, "https://b.test/users/bob/", "HTTPS://B.test/users/bob", "b.test/users/bob", "@bob@b.test", "bob@b.test", "acct:bob@b.test", "ACCT:@bob@b.test", " @Bob@B.TEST ",
	} {
		if form == "https://b.test/users/bob/" {
			bob.Host.Serve("/users/bob/", bob.Document)
		}
		if w := b.lookUp(form); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "@bob@b.test") || !strings.Contains(w.Body.String(), `value="follow"`) {
			t.Errorf("%s: %d %s", form, w.Code, w.Body)
		}
	}
	if w := b.press(bob.URI, "follow"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != interactionPath+"?uri="+url.QueryEscape(bob.URI) {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	s.World.Run()
	if got := bob.ReceivedTypes(); len(got) != 1 || got[0] != "Follow" {
		t.Errorf("its server got %q", got)
	}
	if w := b.lookUp(bob.URI); !strings.Contains(w.Body.String(), "You asked to follow") {
		t.Errorf("%s", w.Body)
	}
	bob.Accept(s.Account("alice"))
	if w := b.lookUp(bob.URI); !strings.Contains(w.Body.String(), "You follow this account") {
		t.Errorf("%s", w.Body)
	}
	b.press(bob.URI, "unfollow")
	s.World.Run()
	if got := bob.ReceivedTypes(); len(got) != 2 || got[1] != "Undo" {
		t.Errorf("its server got %q", got)
	}
	if w := b.lookUp("@alice@kinglet.test"); !strings.Contains(w.Body.String(), "This is you") || strings.Contains(w.Body.String(), `value="follow"`) {
		t.Errorf("oneself: %s", w.Body)
	}
}

// A post: favourite and boost, and back.
func TestInteractWithPost(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	bob := s.World.Stranger("@bob@b.test")
	note := bob.Note("Hello <script>alert(1)</script>world")["id"].(string)
	b := s.browser().signIn()
	for _, action := range []string{"favourite", "boost", "unfavourite", "unboost"} {
		if w := b.press(note, action); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", action, w.Code, w.Body)
		}
		s.World.Run()
	}
	page := b.lookUp(note).Body.String()
	if !strings.Contains(page, "world") || strings.Contains(page, "<script") || !strings.Contains(page, `Open it on b.test`) {
		t.Errorf("%s", page)
	}
	got := map[string]int{}
	for _, typ := range bob.ReceivedTypes() {
		got[typ]++
	}
	if got["Like"] != 1 || got["Announce"] != 1 || got["Undo"] != 2 {
		t.Errorf("its server got %v", got)
	}
	direct := bob.To(s.Account("alice"), "for one")["id"].(string)
	if w := b.lookUp(direct); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `value="boost"`) {
		t.Errorf("what is for one: %d %s", w.Code, w.Body)
	}
}

// Where there is nothing, the page says why, and asks again.
func TestInteractionReasons(t *testing.T) {
	s := newSite(t, "https://kinglet.test", "KINGLET_LIMITS_RESOLVE=20/1m")
	w := s.World
	w.Host("down.test").Down()
	w.Host("gone.test").Failing(http.StatusGone)
	w.Host("page.test").ServeAs("/x", "text/html", "<p>nothing here</p>")
	b := s.browser().signIn()
	for what, says := range map[string]string{
		"https://nowhere.test/x":                      "does not answer",
		"https://down.test/x":                         "does not answer",
		"https://gone.test/x":                         "is gone",
		"https://b.test/nothing":                      "answers 404",
		"https://page.test/x":                         "does not link to an ActivityPub document",
		"@nobody@b.test":                              "answers 404",
		"some words":                                  "neither an address",
		"https://kinglet.test/@nobody":                "not found",
		"https://10.0.0.1/x":                          "This is what came of it",
		"javascript:alert(1)":                         "neither an address",
		"https://b.test/" + strings.Repeat("x", 3000): "too long",
		"ftp://b.test/x":                              "neither an address",
	} {
		w.Host("b.test")
		page := b.lookUp(what)
		if page.Code != http.StatusNotFound || !strings.Contains(page.Body.String(), says) || !strings.Contains(page.Body.String(), `name="uri"`) {
			t.Errorf("%.60s: %d %s", what, page.Code, page.Body)
		}
	}
	if page := b.do("GET", interactionPath, nil); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "Find") {
		t.Errorf("nothing asked: %d %s", page.Code, page.Body)
	}
	for range 10 {
		b.lookUp("https://b.test/nothing")
	}
	if page := b.lookUp("https://b.test/nothing"); page.Code != http.StatusTooManyRequests {
		t.Errorf("over the limit: %d", page.Code)
	}
}

// The page's buttons work from the page only.
func TestInteractionForms(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	bob := s.World.Stranger("@bob@b.test")
	b := s.browser().signIn()
	id := s.Account("alice").Find("@bob@b.test")
	token := b.token("/", "/auth/sign_out")
	for name, c := range map[string]struct {
		header http.Header
		form   url.Values
		status int
	}{
		"no token":          {nil, url.Values{"action": {"follow"}, "id": {id}}, http.StatusForbidden},
		"another's token":   {nil, url.Values{"action": {"follow"}, "id": {id}, "csrf": {s.browser().token("/auth/sign_in", "/auth/sign_in")}}, http.StatusForbidden},
		"from another site": {http.Header{"Sec-Fetch-Site": {"cross-site"}}, url.Values{"action": {"follow"}, "id": {id}, "csrf": {token}}, http.StatusForbidden},
		"of nothing":        {nil, url.Values{"action": {"delete"}, "id": {id}, "csrf": {token}}, http.StatusUnprocessableEntity},
		"about nobody":      {nil, url.Values{"action": {"follow"}, "id": {"1"}, "csrf": {token}}, http.StatusNotFound},
	} {
		b.header = c.header
		if w := b.do("POST", interactionPath, c.form); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	b.header = nil
	s.World.Run()
	if got := bob.ReceivedTypes(); len(got) != 0 {
		t.Errorf("its server got %q", got)
	}
	// Wherever the form says it came from, the answer stays here.
	for _, from := range []string{"https://evil.example/", "//evil.example", "/\\evil.example"} {
		w := b.do("POST", interactionPath, url.Values{"action": {"follow"}, "id": {id}, "csrf": {token}, "uri": {from}})
		if to := w.Header().Get("Location"); !strings.HasPrefix(to, interactionPath+"?uri=") {
			t.Errorf("it leads to %s", to)
		}
	}
}

// A visitor is shown a link to their own server, and is never sent anywhere.
func TestRemoteFollow(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	w := s.World
	jrd := func(host string, links ...apptest.Object) {
		links = append(links, apptest.Object{"rel": "self", "type": "application/activity+json", "href": "https://" + host + "/v"})
		w.Host(host).ServeAs("/.well-known/webfinger", "application/jrd+json", apptest.Object{"subject": "acct:v@" + host, "links": links})
	}
	const subscribe, intent = "http://ostatus.org/schema/1.0/subscribe", "https://w3id.org/fep/3b86/Follow"
	jrd("b.test", apptest.Object{"rel": subscribe, "template": "https://b.test/authorize_interaction?uri={uri}"})
	jrd("intent.test", apptest.Object{"rel": intent, "template": "https://intent.test/follow?o={object}"})
	jrd("none.test")
	jrd("script.test", apptest.Object{"rel": subscribe, "template": "javascript:alert('{uri}')"})
	jrd("http.test", apptest.Object{"rel": subscribe, "template": "http://http.test/{uri}"})
	jrd("user.test", apptest.Object{"rel": subscribe, "template": "https://b.test@user.test/{uri}"})
	jrd("more.test", apptest.Object{"rel": subscribe, "template": "https://more.test/{uri}{x}"})
	ask := func(visitor string, header ...string) *httptest.ResponseRecorder {
		b := s.browser()
		if len(header) > 0 {
			b.header.Set(header[0], header[1])
		}
		return b.do("POST", "/auth/remote_follow", url.Values{"account": {"alice"}, "visitor": {visitor}})
	}
	alice := url.QueryEscape("https://kinglet.test/users/alice")
	for visitor, link := range map[string]string{
		"@v@b.test": "https://b.test/authorize_interaction?uri=" + alice, "v@B.test": "https://b.test/authorize_interaction?uri=" + alice,
		"@v@intent.test": "https://intent.test/follow?o=" + alice, "@alice@kinglet.test": "https://kinglet.test/authorize_interaction?uri=" + alice,
		"@v@none.test": "", "@v@script.test": "", "@v@http.test": "", "@v@user.test": "", "@v@more.test": "", "@v@nowhere.test": "", "v": "", "@v@10.0.0.1": "",
	} {
		page := ask(visitor)
		has := strings.Contains(page.Body.String(), `href="`+link+`"`)
		if page.Header().Get("Location") != "" || link != "" && (page.Code != http.StatusOK || !has) || link == "" && (page.Code != http.StatusNotFound || strings.Contains(page.Body.String(), "Go on to")) {
			t.Errorf("%s: %d %s", visitor, page.Code, page.Body)
		}
	}
	if page := ask("@v@b.test", "Sec-Fetch-Site", "cross-site"); page.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", page.Code)
	}
	if page := s.browser().do("GET", "/auth/remote_follow?account=alice&visitor=v@b.test", nil); page.Code != http.StatusMethodNotAllowed {
		t.Errorf("a link to it: %d", page.Code)
	}
	if page := s.browser().do("POST", "/auth/remote_follow", url.Values{"account": {"bob@b.test"}, "visitor": {"v@b.test"}}); page.Code != http.StatusNotFound {
		t.Errorf("whoever is not here: %d", page.Code)
	}
	if page := s.browser().do("GET", "/@alice", nil); !strings.Contains(page.Body.String(), `action="/auth/remote_follow"`) || page.Header().Get("Set-Cookie") != "" {
		t.Errorf("the profile: %v %s", page.Header(), page.Body)
	}
}

// A visitor's lookups are few.
func TestRemoteFollowIsLimited(t *testing.T) {
	s := newSite(t, "https://kinglet.test", "KINGLET_LIMITS_RESOLVE=3/1m")
	for i := range 4 {
		w := s.browser().do("POST", "/auth/remote_follow", url.Values{"account": {"alice"}, "visitor": {"v@nowhere.test"}})
		if (w.Code == http.StatusTooManyRequests) != (i == 3) {
			t.Errorf("%d: %d", i, w.Code)
		}
	}
}

// Nor are many visitors let loose on one host.
func TestRemoteFollowAtOneHost(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	for i := range 62 {
		b := s.browser()
		b.address = fmt.Sprintf("198.51.100.%d", i+1)
		host := "b.test"
		if i == 61 {
			host = "c.test"
		}
		w := b.do("POST", "/auth/remote_follow", url.Values{"account": {"alice"}, "visitor": {"v@" + host}})
		if (w.Code == http.StatusTooManyRequests) != (i == 60) {
			t.Errorf("%d: %d", i, w.Code)
		}
	}
}

// Another server's account has no page of ours: who is signed in sees it here,
// others are sent to its own origin, and documents are not served.
func TestPagesOfOtherServers(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	w := s.World
	bob, mallory := w.Stranger("@bob@b.test"), w.Stranger("@mallory@c.test")
	mallory.Document["url"] = "https://evil.example/@mallory"
	mallory.Publish()
	alice := s.Account("alice")
	for _, a := range []*apptest.Stranger{bob, mallory} {
		if alice.Find("@"+a.Name+"@"+a.Host.Name) == "" {
			t.Fatal(a.URI)
		}
	}
	public := alice.Resolve(bob.Note("Hello", "url", "https://b.test/@bob/1")["id"].(string))
	elsewhere := alice.Resolve(bob.Note("Hello", "url", "https://evil.example/1")["id"].(string))
	bob.FollowedBy(alice)
	private := bob.Note("for followers", "to", []string{bob.URI + "/followers"}, "cc", []string{})
	bob.Send(s.Server, bob.Activity("Create", private))
	hidden := alice.Status(private["id"].(string))
	if hidden == nil {
		t.Fatal("the post for followers did not come")
	}
	visitor, owner := s.browser(), s.browser().signIn()
	for path, want := range map[string]string{
		"/@bob@b.test": "https://b.test/@bob", "/@BOB@B.test/": "https://b.test/@bob", "/@mallory@c.test": mallory.URI, "/@nobody@b.test": "", "/@bob@nowhere.test": "",
		"/@bob@b.test/" + public.ID: "https://b.test/@bob/1", "/@bob@b.test/" + elsewhere.ID: elsewhere.URI, "/@mallory@c.test/" + public.ID: "", "/@bob@b.test/" + hidden.ID: "", "/@bob@b.test/1": "",
		"/@alice@kinglet.test": "https://kinglet.test/@alice", "/users/bob@b.test": "",
	} {
		page := visitor.do("GET", path, nil)
		if got := page.Header().Get("Location"); got != want || want != "" && page.Code != http.StatusFound || want == "" && page.Code != http.StatusNotFound {
			t.Errorf("%s: %d to %s", path, page.Code, got)
		}
		r := httptest.NewRequest("GET", "https://kinglet.test"+path, nil)
		r.Header.Set("Accept", "application/activity+json")
		if doc := s.Do(r); doc.Code != http.StatusNotFound {
			t.Errorf("%s, as a document: %d %s", path, doc.Code, doc.Body)
		}
	}
	for _, path := range []string{"/users/bob@b.test/outbox", "/users/bob@b.test/followers", "/users/bob@b.test/following", "/users/bob@b.test/collections/featured"} {
		if doc := visitor.do("GET", path, nil); doc.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, doc.Code, doc.Body)
		}
	}
	for path, says := range map[string]string{"/@bob@b.test": "@bob@b.test", "/@bob@b.test/" + public.ID: "Hello", "/@bob@b.test/" + hidden.ID: "for followers"} {
		if page := owner.do("GET", path, nil); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), says) || !strings.Contains(page.Body.String(), "Open it on b.test") {
			t.Errorf("%s, signed in: %d %s", path, page.Code, page.Body)
		}
	}
}
