package oauth_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/internal/auth"
	"kinglet/store"
)

const callback = "phoneapp://callback"

// site is a server where alice lives, and a client that is registered there.
type site struct {
	*apptest.Server
	t          *testing.T
	alice      *apptest.Account
	id, secret string
}

func newSite(t *testing.T, settings ...string) *site {
	w := apptest.NewWorld(t)
	s := &site{Server: w.Server("kinglet.test", settings...), t: t}
	s.alice = s.Account("alice")
	app, secret, err := s.Auth.RegisterApp(t.Context(), auth.NewApp{Name: "an app", Scopes: "read write:media offline_access", RedirectURIs: []string{callback}})
	if err != nil {
		t.Fatal(err)
	}
	s.id, s.secret = app.ClientID, secret
	return s
}

type answer struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// ask sends parameters in pairs as a form; header is changed by the options.
func (s *site) ask(method, path string, form url.Values, options ...func(r *http.Request)) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, "https://kinglet.test"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, o := range options {
		o(r)
	}
	a := answer{ResponseRecorder: s.Do(r)}
	if err := json.Unmarshal(a.Body.Bytes(), &a.body); err != nil {
		s.t.Fatalf("%s %s: %v: %s", method, path, err, a.Body)
	}
	return a
}

func bearer(token string) func(r *http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// code is one that alice allowed the client.
func (s *site) code(scopes string) string {
	s.t.Helper()
	code, err := s.Auth.IssueCode(s.t.Context(), s.alice.ID, &auth.Authorization{ClientID: s.id, RedirectURI: callback, ResponseType: "code", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// form is a token request of the client's, with changes in pairs.
func (s *site) form(pairs ...string) url.Values {
	v := url.Values{"client_id": {s.id}, "client_secret": {s.secret}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// A client registers, is given a code and exchanges it, by any of the ways in
// which clients send their credentials.
func TestClientsGetTokens(t *testing.T) {
	s := newSite(t)
	r := s.ask("POST", "/api/v1/apps", url.Values{
		"client_name": {"another app"}, "website": {"https://app.test"}, "scopes": {"read write"}, "redirect_uris": {callback + "\nhttps://app.test/back"},
	})
	id, _ := r.body["client_id"].(string)
	secret, _ := r.body["client_secret"].(string)
	if r.Code != 200 || id == "" || secret == "" || r.body["name"] != "another app" || r.body["website"] != "https://app.test" || r.body["id"] == "" ||
		r.body["redirect_uri"] != callback+"\nhttps://app.test/back" || len(r.body["redirect_uris"].([]any)) != 2 || len(r.body["scopes"].([]any)) != 2 || r.body["client_secret_expires_at"] != 0.0 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	exchange := func(code string) url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}}
	}
	for name, ask := range map[string]func() answer{
		"in the body": func() answer {
			form := s.form()
			maps.Copy(form, exchange(s.code("read")))
			return s.ask("POST", "/oauth/token", form)
		},
		"by HTTP Basic": func() answer {
			return s.ask("POST", "/oauth/token", exchange(s.code("read")), func(r *http.Request) { r.SetBasicAuth(s.id, s.secret) })
		},
	} {
		r := ask()
		token, _ := r.body["access_token"].(string)
		if r.Code != 200 || token == "" || r.body["token_type"] != "Bearer" || r.body["scope"] != "read" || r.body["me"] != s.alice.URI || r.body["refresh_token"] != nil ||
			r.body["created_at"] != float64(s.World.Now().Unix()) || !strings.Contains(r.Header().Get("Cache-Control"), "no-store") {
			t.Fatalf("%s: %d %s %v", name, r.Code, r.Body, r.Header())
		}
		if r := s.ask("GET", "/api/v1/accounts/verify_credentials", nil, bearer(token)); r.Code != 200 || r.body["username"] != "alice" {
			t.Errorf("%s: the token: %d %s", name, r.Code, r.Body)
		}
		r = s.ask("GET", "/api/v1/apps/verify_credentials", nil, bearer(token))
		if r.Code != 200 || r.body["name"] != "an app" || r.body["client_secret"] != nil || r.body["client_id"] != nil || r.body["website"] != nil {
			t.Errorf("%s: whose token it is: %d %s", name, r.Code, r.Body)
		}
		if r := s.ask("POST", "/oauth/revoke", s.form("token", token)); r.Code != 200 || r.Body.String() != "{}\n" {
			t.Errorf("%s: revoked: %d %s", name, r.Code, r.Body)
		}
		if r := s.ask("GET", "/api/v1/apps/verify_credentials", nil, bearer(token)); r.Code != 401 {
			t.Errorf("%s: a revoked token: %d %s", name, r.Code, r.Body)
		}
	}
	own := s.ask("POST", "/oauth/token", s.form("grant_type", "client_credentials", "scope", "read"))
	if own.Code != 200 || own.body["me"] != nil || own.body["scope"] != "read" {
		t.Errorf("the client's own: %d %s", own.Code, own.Body)
	}
}

// Who asks for offline_access is given a token that ends and one to refresh it with.
func TestRefresh(t *testing.T) {
	s := newSite(t)
	first := s.ask("POST", "/oauth/token", s.form("grant_type", "authorization_code", "code", s.code("read offline_access"), "redirect_uri", callback))
	refresh, _ := first.body["refresh_token"].(string)
	if first.Code != 200 || refresh == "" || first.body["expires_in"] != (30*24*time.Hour).Seconds() {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	s.World.Clock.Advance(30 * 24 * time.Hour)
	if r := s.ask("GET", "/api/v1/accounts/verify_credentials", nil, bearer(first.body["access_token"].(string))); r.Code != 401 {
		t.Errorf("after thirty days: %d %s", r.Code, r.Body)
	}
	second := s.ask("POST", "/oauth/token", s.form("grant_type", "refresh_token", "refresh_token", refresh))
	if second.Code != 200 || second.body["refresh_token"] == refresh || second.body["me"] != s.alice.URI {
		t.Fatalf("refreshed: %d %s", second.Code, second.Body)
	}
	if r := s.ask("GET", "/api/v1/accounts/verify_credentials", nil, bearer(second.body["access_token"].(string))); r.Code != 200 {
		t.Errorf("the new token: %d %s", r.Code, r.Body)
	}
}

// Each refusal has the status and the code of RFC 6749 §5.2, words for the
// developer, and is kept by no cache.
func TestRefusals(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		status int
		code   string
	}{
		"unknown client":        {"/oauth/token", s.form("client_id", "nobody", "grant_type", "client_credentials"), 401, "invalid_client"},
		"wrong secret":          {"/oauth/token", s.form("client_secret", "a guess", "grant_type", "client_credentials"), 401, "invalid_client"},
		"no client":             {"/oauth/token", url.Values{"grant_type": {"client_credentials"}}, 401, "invalid_client"},
		"unknown code":          {"/oauth/token", s.form("grant_type", "authorization_code", "code", "x", "redirect_uri", callback), 400, "invalid_grant"},
		"another redirect":      {"/oauth/token", s.form("grant_type", "authorization_code", "code", s.code("read"), "redirect_uri", "phoneapp://x"), 400, "invalid_grant"},
		"unknown refresh token": {"/oauth/token", s.form("grant_type", "refresh_token", "refresh_token", "x"), 400, "invalid_grant"},
		"more scopes":           {"/oauth/token", s.form("grant_type", "client_credentials", "scope", "write"), 400, "invalid_scope"},
		"unknown scopes":        {"/oauth/token", s.form("grant_type", "client_credentials", "scope", "everything"), 400, "invalid_scope"},
		"unknown grant":         {"/oauth/token", s.form("grant_type", "password"), 400, "unsupported_grant_type"},
		"revoked by another":    {"/oauth/revoke", s.form("client_secret", "a guess", "token", "x"), 403, "unauthorized_client"},
	} {
		r := s.ask("POST", c.path, c.form)
		description, _ := r.body["error_description"].(string)
		if r.Code != c.status || r.body["error"] != c.code || len(description) < 10 || !strings.Contains(r.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %d %s %v, want %d %s", name, r.Code, r.Body, r.Header(), c.status, c.code)
		}
		if got := strings.HasPrefix(r.Header().Get("WWW-Authenticate"), "Basic "); got != (c.status == 401) {
			t.Errorf("%s: WWW-Authenticate: %q", name, r.Header().Get("WWW-Authenticate"))
		}
	}
}

// What is no error of OAuth's is answered as the rest of the API is.
func TestOtherErrors(t *testing.T) {
	s := newSite(t, "KINGLET_LIMITS_APPS=3/1h", "KINGLET_LIMITS_TOKEN=3/1h")
	from := func(address string) func(r *http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":1" }
	}
	if r := s.ask("POST", "/api/v1/apps", url.Values{"client_name": {"x"}}, from("192.0.2.1")); r.Code != 422 || !strings.HasPrefix(r.body["error"].(string), "Validation failed: ") {
		t.Errorf("registered without a redirect URI: %d %s", r.Code, r.Body)
	}
	ended := func(r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		*r = *r.WithContext(ctx)
	}
	for _, path := range []string{"/api/v1/apps", "/oauth/token", "/oauth/revoke"} {
		json := func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
		if r := s.ask("POST", path, url.Values{"a": {"not JSON"}}, json, from("192.0.2.2")); r.Code != 400 {
			t.Errorf("%s, malformed: %d %s", path, r.Code, r.Body)
		}
		if r := s.ask("POST", path, url.Values{"a": {strings.Repeat("x", 64<<10)}}, from("192.0.2.3")); r.Code != 413 {
			t.Errorf("%s, too large: %d %s", path, r.Code, r.Body)
		}
		form := s.form("client_name", "x", "redirect_uris", callback, "grant_type", "client_credentials", "token", "x")
		if r := s.ask("POST", path, form, ended, from("192.0.2.4")); r.Code != 503 || r.Header().Get("Retry-After") == "" {
			t.Errorf("%s, a reader that has left: %d %s", path, r.Code, r.Body)
		}
	}
	for _, path := range []string{"/api/v1/apps", "/oauth/token"} {
		var r answer
		for range 4 {
			r = s.ask("POST", path, s.form(), from("198.51.100.1"))
		}
		if r.Code != 429 || r.Header().Get("Retry-After") == "" || r.Header().Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("%s, the fourth: %d %v", path, r.Code, r.Header())
		}
	}
	if r := s.ask("POST", "/oauth/revoke", s.form(), from("198.51.100.1")); r.Code != 429 {
		t.Errorf("revoking is counted with tokens: %d %s", r.Code, r.Body)
	}
}

func TestVerifyCredentials(t *testing.T) {
	s := newSite(t)
	script, err := s.Auth.CreateToken(t.Context(), "alice", "read")
	if err != nil {
		t.Fatal(err)
	}
	orphan := auth.NewSecret() // of an application that is gone
	s.Update(func(tx *store.Tx) error {
		return tx.InsertToken(&store.Token{Hash: auth.HashSecret(orphan), AppID: 4711, AccountID: s.alice.ID, Scopes: "read"})
	})
	for name, c := range map[string]struct {
		token  string
		status int
		app    any
	}{
		"none": {"", 401, nil}, "one that is not there": {auth.NewSecret(), 401, nil}, "an application that is gone": {orphan, 401, nil},
		"the command line's": {script, 200, "kinglet token create"},
	} {
		var options []func(*http.Request)
		if c.token != "" {
			options = append(options, bearer(c.token))
		}
		if r := s.ask("GET", "/api/v1/apps/verify_credentials", nil, options...); r.Code != c.status || r.body["name"] != c.app {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
}

// The metadata (RFC 8414) names addresses that are answered here.
func TestMetadata(t *testing.T) {
	s := newSite(t)
	r := s.ask("GET", "/.well-known/oauth-authorization-server", nil)
	if r.Code != 200 || r.body["issuer"] != "https://kinglet.test/" || !slices.Contains(r.body["scopes_supported"].([]any), any("write:media")) {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	found := 0
	for key, value := range r.body {
		if !strings.HasSuffix(key, "_endpoint") {
			continue
		}
		found++
		path := strings.TrimPrefix(value.(string), "https://kinglet.test")
		method := "POST"
		if key == "authorization_endpoint" || key == "userinfo_endpoint" {
			method = "GET"
		}
		if w := s.Do(httptest.NewRequest(method, "https://kinglet.test"+path, nil)); w.Code == 404 || w.Code == 405 || w.Code >= 500 {
			t.Errorf("%s %s: %d", key, path, w.Code)
		}
	}
	if found != 5 {
		t.Errorf("%d endpoints", found)
	}
}
