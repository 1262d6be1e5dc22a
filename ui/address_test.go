package ui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/internal/auth"
)

// visit asks a server for a page, as a browser does.
func visit(t *testing.T, s *apptest.Server, target string) *httptest.ResponseRecorder {
	t.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.Config.URL + target
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
	r.RemoteAddr = "198.51.100.7:1"
	r.Header.Set("Accept", "text/html")
	return s.Do(r)
}

// The addresses of documents lead people to pages: of posts and accounts that
// are here, and never to where a stranger says.
func TestAddressesOfDocuments(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob := s.Account("alice"), s.Account("bob")
	far := w.Server("b.test").Account("far")
	alice.Follow(far.Handle)
	w.Run()
	st := alice.Post("Hello")
	private := alice.Post("for followers", "visibility", "private")
	deleted := alice.Post("gone soon")
	theirs := far.Post("from afar")
	w.Run()
	boost := bob.Act("reblog", st)
	boostOfTheirs := alice.Act("reblog", theirs)
	alice.Delete(deleted)
	s.Account("ended")
	if err := s.Service.DeleteAccount(t.Context(), "ended"); err != nil {
		t.Fatal(err)
	}
	context := st.Entity["uri"].(string)
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", st.URI, nil)
	r.Header.Set("Accept", "application/activity+json")
	s.Handler.ServeHTTP(rec, r)
	if _, after, ok := strings.Cut(rec.Body.String(), `"context":"`); ok {
		context, _, _ = strings.Cut(after, `"`)
	}
	page := "https://a.test/@alice/" + st.ID
	for name, c := range map[string]struct {
		target string
		status int
		leads  string
	}{
		"an actor":                        {alice.URI, 302, "https://a.test/@alice"},
		"an actor that is not there":      {"/users/nobody", 404, ""},
		"a deleted actor":                 {"/users/ended", 410, ""},
		"a post":                          {st.URI, 302, page},
		"a boost":                         {boost.URI, 302, page},
		"a boost of another server's":     {boostOfTheirs.URI, 302, "https://a.test/@alice"},
		"a post for followers":            {private.URI, 404, ""},
		"a deleted post":                  {deleted.URI, 410, ""},
		"a post that is not there":        {"/objects/00000000-0000-0000-0000-000000000000", 404, ""},
		"an activity that is not there":   {"/activities/00000000-0000-0000-0000-000000000000", 404, ""},
		"a conversation":                  {context, 302, page},
		"a conversation that is not here": {"/contexts/00000000-0000-0000-0000-000000000000", 404, ""},
	} {
		rec := visit(t, s, c.target)
		if rec.Code != c.status || rec.Header().Get("Location") != c.leads {
			t.Errorf("%s (%s): %d to %q, want %d to %q", name, c.target, rec.Code, rec.Header().Get("Location"), c.status, c.leads)
		}
	}
	for name, c := range map[string]struct {
		target string
		status int
		says   string
	}{
		"home":                          {"/", 200, "a.test"},
		"a profile":                     {"/@alice", 200, "Hello"},
		"a deleted profile":             {"/@ended", 410, "was deleted"},
		"a post":                        {page, 200, "Hello"},
		"a post of another":             {"/@bob/" + st.ID, 404, "Nothing here"},
		"a deleted post":                {"/@alice/" + deleted.ID, 410, "was deleted"},
		"a post for followers":          {"/@alice/" + private.ID, 404, "Nothing here"},
		"a post that is not there":      {"/@alice/1", 404, "Nothing here"},
		"a tag":                         {"/tags/cats", 200, "#cats"},
		"an address that leads nowhere": {"/nowhere", 404, "Nothing here"},
		"a folder":                      {"/static/", 404, "Nothing here"},
	} {
		if rec := visit(t, s, c.target); rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
			t.Errorf("%s (%s): %d %s", name, c.target, rec.Code, rec.Body)
		}
	}
}

// A client over the limit of pages gets a page that says so.
func TestTooManyPages(t *testing.T) {
	s := apptest.NewWorld(t).Server("a.test", "KINGLET_LIMITS_PAGES=2/1h")
	s.Account("alice")
	visit(t, s, "/@alice")
	visit(t, s, "/@alice")
	if rec := visit(t, s, "/@alice"); rec.Code != http.StatusTooManyRequests || !strings.Contains(rec.Body.String(), "wait a few minutes") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// What an application learns of a person's decision, and what a person
// sees when the application's request is invalid.
func TestDecisions(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	b := s.browser().signIn()
	ask := func(pairs ...string) string {
		q := url.Values{"client_id": {s.clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"read"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "/oauth/authorize?" + q.Encode()
	}
	decide := func(decision string, pairs ...string) *httptest.ResponseRecorder {
		form := s.consent(b.token(ask(), "/oauth/authorize"))
		form.Set("decision", decision)
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return b.do("POST", "/oauth/authorize", form)
	}
	leads := func(w *httptest.ResponseRecorder) url.Values {
		t.Helper()
		to, err := url.Parse(w.Header().Get("Location"))
		if w.Code != http.StatusSeeOther || err != nil || !strings.HasPrefix(to.String(), callback+"?") {
			t.Fatalf("%d to %s: %s", w.Code, to, w.Body)
		}
		return to.Query()
	}
	if got := leads(decide("allow", "state", "x&y")); got.Get("code") == "" || got.Get("state") != "x&y" {
		t.Errorf("allowed: %v", got)
	}
	if got := leads(decide("deny", "state", "z")); got.Get("error") != "access_denied" || got.Get("code") != "" || got.Get("state") != "z" {
		t.Errorf("denied: %v", got)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another redirect":          b.do("GET", ask("redirect_uri", "https://evil.example/"), nil),
		"an unknown application":    b.do("GET", ask("client_id", "nobody"), nil),
		"another kind of answer":    b.do("GET", ask("response_type", "token"), nil),
		"a decision for a redirect": decide("allow", "redirect_uri", "https://evil.example/"),
	} {
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Go back to the application") || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := b.do("GET", ask("force_login", "true"), nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/auth/sign_in?next=") || strings.Contains(w.Header().Get("Location"), "force_login") {
		t.Errorf("force_login leads to %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := s.browser().do("GET", ask(), nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/auth/sign_in?next=") {
		t.Errorf("nobody is led to %d %s", w.Code, w.Header().Get("Location"))
	}
	// A session that ended while the person was deciding.
	form := s.consent(b.token(ask(), "/oauth/authorize"))
	out := url.Values{"csrf": {b.token("/", "/auth/sign_out")}}
	if w := b.do("POST", "/auth/sign_out", out); w.Code != http.StatusSeeOther {
		t.Fatalf("sign out: %d %s", w.Code, w.Body)
	}
	if w := b.do("POST", "/oauth/authorize", form); w.Code != http.StatusForbidden || w.Header().Get("Location") != "" {
		t.Errorf("after signing out: %d %s", w.Code, w.Header().Get("Location"))
	}
}

// The consent page says in words what is asked for, where the answer goes and,
// for applications without an address, shows the code.
func TestConsentPage(t *testing.T) {
	s := newSite(t, "https://kinglet.test")
	app, _, err := s.Auth.RegisterApp(t.Context(), auth.NewApp{
		Name: "a desktop app", RedirectURIs: []string{auth.OutOfBand, "https://client.example/back?x=1"}, Scopes: "read write:statuses follow push profile",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser().signIn()
	path := func(redirect string) string {
		return "/oauth/authorize?" + url.Values{
			"client_id": {app.ClientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"read write:statuses follow push profile"},
		}.Encode()
	}
	page := b.do("GET", path("https://client.example/back?x=1"), nil)
	for _, says := range []string{"a desktop app", "client.example", "read everything of your account", "write your statuses", "follow, mute and block", "send you push notifications", "see who you are"} {
		if !strings.Contains(page.Body.String(), says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if csp := page.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://client.example") {
		t.Errorf("the form may lead to %s", csp)
	}
	allow := func(redirect string) *httptest.ResponseRecorder {
		return b.do("POST", "/oauth/authorize", url.Values{
			"client_id": {app.ClientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"read"}, "decision": {"allow"},
			"csrf": {b.token(path(redirect), "/oauth/authorize")},
		})
	}
	if w := allow("https://client.example/back?x=1"); !strings.HasPrefix(w.Header().Get("Location"), "https://client.example/back?x=1&code=") {
		t.Errorf("leads to %s", w.Header().Get("Location"))
	}
	if w := allow(auth.OutOfBand); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Your code") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
