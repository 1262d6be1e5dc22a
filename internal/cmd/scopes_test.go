package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/api/apitest"
	"kinglet/internal/apptest"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// secrets is a server where alice has what only she may know: direct messages,
// posts for followers, and how she stands to others. Every text of it has
// "hush" in it.
type secrets struct {
	*apptest.Server
	handler                 http.Handler
	alice, bob              *apptest.Account
	direct, private, public *apptest.Status
}

func newSecrets(t *testing.T) *secrets {
	w := apptest.NewWorld(t).Server("kinglet.test")
	s := &secrets{Server: w, handler: apitest.Handler(t, w.Handler), alice: w.Account("alice"), bob: w.Account("bob")}
	s.alice.Follow(s.bob.Handle)
	s.bob.Follow(s.alice.Handle)
	s.direct = s.bob.Post("@alice hush, a direct message #hush", "visibility", "direct")
	s.private = s.bob.Post("hush, for followers #hush", "visibility", "private")
	s.alice.Post("@bob hush, alice's own direct message #hush", "visibility", "direct")
	s.public = s.bob.Post("hello")
	for _, st := range []*apptest.Status{s.direct, s.private} {
		s.alice.Act("favourite", st)
		s.alice.Act("bookmark", st)
		s.bob.Reply(st, "@alice hush, an answer", "visibility", "direct")
	}
	return s
}

// ask calls a route with a token, "" for none.
func (s *secrets) ask(method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://kinglet.test"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// forEachRoute fills the path of every route there is with what alice may
// know, and with what is public.
func (s *secrets) forEachRoute(t *testing.T, do func(method, pattern, path string)) {
	params := regexp.MustCompile(`\{[a-z_]+\}`)
	err := chi.Walk(s.Routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		query := "?id[]=" + s.direct.ID + "&id[]=" + s.private.ID + "&id[]=" + s.bob.ID.String() +
			"&q=https://kinglet.test/@bob/" + s.direct.ID + "&acct=bob&any[]=hush&timeline[]=home"
		seen := map[string]bool{}
		for _, id := range []string{s.direct.ID, s.private.ID, s.public.ID, s.bob.ID.String(), s.alice.ID.String()} {
			path := params.ReplaceAllStringFunc(pattern, func(p string) string {
				switch p {
				case "{name}":
					return "bob"
				case "{tag}":
					return "hush"
				case "{uuid}":
					return s.direct.URI[strings.LastIndex(s.direct.URI, "/")+1:]
				}
				return id
			})
			path = strings.ReplaceAll(path, "*", "user")
			if !seen[path] {
				seen[path] = true
				do(method, pattern, path+query)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// leaks is what of an answer only alice may know, "" for nothing.
func leaks(w *httptest.ResponseRecorder) string {
	for _, s := range []string{"hush,", `"following":true`, `"following":false`, `"followed_by":`, `"blocking":`, `"favourited":`, `"note":"alice's`} {
		if strings.Contains(w.Body.String(), s) {
			return s
		}
	}
	return ""
}

// No token without a scope to read what is private reads it, by any route
// that there is: what it may read is what a stranger may. A new route is
// tested here without being named.
func TestScopesOfEveryRoute(t *testing.T) {
	s := newSecrets(t)
	admin := s.Token(s.alice.ID, "admin:read admin:write")
	for _, scopes := range []string{"profile", "push", "write:media", "offline_access", "write:reports read:filters"} {
		t.Run(scopes, func(t *testing.T) {
			token := s.Token(s.alice.ID, scopes)
			s.forEachRoute(t, func(method, pattern, path string) {
				got := s.ask(method, path, token, "visibility=private")
				if l := leaks(got); l != "" {
					t.Errorf("%s %s tells %s: %s", method, path, l, got.Body)
				}
				if method != "GET" {
					if got.Code < 400 && pattern != "/oauth/revoke" {
						t.Errorf("%s %s: %d %s", method, path, got.Code, got.Body)
					}
					return
				}
				stranger := s.ask(method, path, "", "")
				if stranger.Code == http.StatusOK && pattern != "/auth/sign_in" && got.Body.String() != stranger.Body.String() {
					t.Errorf("%s %s is not what a stranger reads: %s", method, path, got.Body)
				}
				if stranger.Code == http.StatusUnauthorized && got.Code == http.StatusOK && !openTo(scopes, pattern) {
					t.Errorf("%s %s: %d %s", method, path, got.Code, got.Body)
				}
			})
		})
	}
	s.forEachRoute(t, func(method, pattern, path string) {
		if method == "GET" && leaks(s.ask(method, path, admin, "")) != "" {
			t.Errorf("an admin's token reads %s", path)
		}
	})
}

// openTo are the routes that these scopes open, and what any token may call.
func openTo(scopes, pattern string) bool {
	switch pattern {
	case "/api/v1/announcements", "/api/v1/apps/verify_credentials":
		return true
	case "/oauth/userinfo", "/api/v1/accounts/verify_credentials":
		return scopes == "profile"
	case "/api/v1/push/subscription":
		return scopes == "push"
	case "/api/v1/filters", "/api/v2/filters":
		return strings.Contains(scopes, "read:filters")
	}
	return false
}

// The same, the other way round: each route gives alice what is hers with the
// scope that it names, and with follow where Mastodon takes that.
func TestScopesSuffice(t *testing.T) {
	s := newSecrets(t)
	bob, direct, public := s.bob.ID.String(), s.direct.ID, s.public.ID
	for _, c := range []struct{ method, path, scopes, says string }{
		{"GET", "/api/v1/statuses/" + direct, "read:statuses", "hush,"},
		{"GET", "/api/v1/statuses/" + direct, "read", "hush,"},
		{"GET", "/api/v1/statuses?id[]=" + direct, "read:statuses", "hush,"},
		{"GET", "/api/v1/statuses/" + direct + "/context", "read:statuses", "hush,"},
		{"GET", "/api/v1/statuses/" + direct + "/favourited_by", "read:statuses", `"alice"`},
		{"GET", "/api/v1/accounts/" + bob + "/statuses", "read:statuses", "hush,"},
		{"GET", "/api/v1/timelines/tag/hush", "read:statuses", "["},
		{"GET", "/api/v1/timelines/home", "read:statuses", "hush,"},
		{"GET", "/api/v2/search?q=" + s.direct.URI, "read:search", "hush,"},
		{"GET", "/api/v1/favourites", "read:favourites", "hush,"},
		{"GET", "/api/v1/bookmarks", "read:bookmarks", "hush,"},
		{"GET", "/api/v1/notifications", "read:notifications", "hush,"},
		{"GET", "/api/v1/accounts/relationships?id[]=" + bob, "read:follows", `"following":true`},
		{"GET", "/api/v1/accounts/relationships?id[]=" + bob, "follow", `"following":true`},
		{"GET", "/api/v1/blocks", "follow", "[]"},
		{"GET", "/api/v1/mutes", "follow", "[]"},
		{"GET", "/api/v1/follow_requests", "follow", "[]"},
		{"GET", "/api/v1/domain_blocks", "follow", "[]"},
		{"POST", "/api/v1/accounts/" + bob + "/mute", "follow", `"muting":true`},
		{"POST", "/api/v1/accounts/" + bob + "/unmute", "write:mutes", `"muting":false`},
		{"POST", "/api/v1/accounts/" + bob + "/block", "follow", `"blocking":true`},
		{"POST", "/api/v1/accounts/" + bob + "/unblock", "write:blocks", `"blocking":false`},
		{"POST", "/api/v1/accounts/" + bob + "/follow", "follow", `"following":true`},
		{"GET", "/oauth/userinfo", "profile", `"preferred_username":"alice"`},
		{"GET", "/api/v1/accounts/verify_credentials", "profile", `"username":"alice"`},
		{"POST", "/api/v1/statuses/" + public + "/favourite", "write:favourites", `"favourited":true`},
		{"POST", "/api/v1/statuses/" + public + "/bookmark", "write:bookmarks", `"bookmarked":true`},
		{"POST", "/api/v1/statuses/" + public + "/reblog", "write:statuses", `"reblogged":true`},
		{"POST", "/api/v1/statuses/" + direct + "/favourite", "write:favourites read:statuses", "hush,"},
	} {
		got := s.ask(c.method, c.path, s.Token(s.alice.ID, c.scopes), "")
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), c.says) {
			t.Errorf("%s %s with %s: %d %s", c.method, c.path, c.scopes, got.Code, got.Body)
		}
	}
	for _, c := range []struct {
		method, path, scopes string
		want                 int
	}{
		// A write answers with a status: not with one that the token may not read.
		{"POST", "/api/v1/statuses/" + direct + "/favourite", "write", 404},
		{"POST", "/api/v1/statuses/" + direct + "/unfavourite", "write", 404},
		{"POST", "/api/v1/statuses/" + direct + "/bookmark", "write:bookmarks", 404},
		{"POST", "/api/v1/statuses/" + direct + "/unbookmark", "write:bookmarks", 404},
		{"POST", "/api/v1/statuses/" + s.private.ID + "/unreblog", "write", 404},
		{"POST", "/api/v1/statuses/" + s.private.ID + "/reblog", "write", 404},
		{"POST", "/api/v1/statuses/" + s.private.ID + "/pin", "write", 404},
		{"PUT", "/api/v1/statuses/" + direct, "write", 404},
		{"DELETE", "/api/v1/statuses/" + direct, "write", 404},
		{"GET", "/api/v1/statuses/" + direct, "read:accounts write follow push profile", 404},
		{"GET", "/api/v1/statuses/" + direct + "/source", "write", 403},
		{"GET", "/oauth/userinfo", "read write", 403},
		{"POST", "/api/v1/accounts/" + bob + "/follow", "read write:blocks", 403},
		{"POST", "/api/v1/statuses", "follow", 403},
		{"GET", "/api/v2/search?resolve=true&q=x", "profile", 403},
	} {
		got := s.ask(c.method, c.path, s.Token(s.alice.ID, c.scopes), "status=x")
		if got.Code != c.want || leaks(got) != "" {
			t.Errorf("%s %s with %s: %d %s, want %d", c.method, c.path, c.scopes, got.Code, got.Body, c.want)
		}
	}
	for path, want := range map[string]int{ // a client's own token is nobody
		"/api/v1/statuses/" + direct: 404, "/api/v1/statuses/" + public: 200, "/api/v1/timelines/home": 422, "/api/v1/timelines/public": 200, "/oauth/userinfo": 422,
	} {
		if got := s.ask("GET", path, s.Token(0, "read profile"), ""); got.Code != want {
			t.Errorf("%s with a client's own token: %d %s", path, got.Code, got.Body)
		}
	}
}

// profile says who one is, and no more than that.
func TestProfileScope(t *testing.T) {
	s := newSecrets(t)
	language, visibility, sensitive := "fr", store.Private, true
	if err := s.Service.UpdateProfile(t.Context(), s.alice.ID, ap.ProfileChange{DefaultLanguage: &language, DefaultVisibility: &visibility, DefaultSensitive: &sensitive}); err != nil {
		t.Fatal(err)
	}
	for scopes, want := range map[string]bool{"profile": false, "profile read:accounts": true, "read": true} {
		body := s.ask("GET", "/api/v1/accounts/verify_credentials", s.Token(s.alice.ID, scopes), "").Body.String()
		for _, part := range []string{`"privacy":"private"`, `"sensitive":true`, `"language":"fr"`} {
			if strings.Contains(body, part) != want {
				t.Errorf("%s: %s is told: %v", scopes, part, !want)
			}
		}
	}
}

// A token in the query would end up in logs: it is a stranger's request, but
// for streaming, where browsers can set no header.
func TestTokenInTheQuery(t *testing.T) {
	s := newSecrets(t)
	token := s.Token(s.alice.ID, "read")
	for path, want := range map[string]int{
		"/api/v1/timelines/home?access_token=" + token:   http.StatusUnauthorized,
		"/api/v1/timelines/home?bearer_token=" + token:   http.StatusUnauthorized,
		"/api/v1/timelines/home?access_token=nonsense":   http.StatusUnauthorized,
		"/api/v1/timelines/public?access_token=nonsense": http.StatusOK, // as a stranger
		"/api/v1/streaming/user?access_token=" + token:   http.StatusNotImplemented,
		"/api/v1/streaming/user?access_token=nonsense":   http.StatusUnauthorized,
	} {
		if w := s.ask("GET", path, "", ""); w.Code != want {
			t.Errorf("%.60s: %d, want %d: %s", path, w.Code, want, w.Body)
		}
	}
	body := strings.NewReader("access_token=" + token + "&status=hello")
	r := httptest.NewRequest("POST", "https://kinglet.test/api/v1/statuses", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if s.handler.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("a token in the body: %d %s", w.Code, w.Body)
	}
}
