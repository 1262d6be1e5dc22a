package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kinglet/api/apitest"
	"kinglet/api/mastodon"
	"kinglet/api/respond"
	"kinglet/internal/apptest"

	"github.com/go-chi/chi/v5"
)

// newHandler is the whole of what serve answers with, checked against the API's
// schema, on a server with the account alice and one post of hers.
func newHandler(t *testing.T) (h http.Handler, routes chi.Routes, post string) {
	t.Helper()
	s := apptest.NewWorld(t).Server("example.org")
	return apitest.Handler(t, s.Handler), s.Routes, s.Account("alice").Post("Hello #world").ID
}

// addresses are how many clients asked so far.
var addresses int

// nextAddress is one that nobody has asked from, so that no limit counts
// requests together.
func nextAddress() string {
	addresses++
	return "[2001:db8:0:" + strconv.FormatInt(int64(addresses), 16) + "::1]:4000"
}

func ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = nextAddress()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Every route of every verb is served with a slash at its end, and those of
// the API with .json, as without. Mastodon.py asks for /api/v1/instance/.
func TestEndingsOfPaths(t *testing.T) {
	h, routes, post := newHandler(t)
	fill := strings.NewReplacer("{name}", "alice", "{id}", post, "{tag}", "world", "{version}", "2.0", "*", "style.css")
	total, found := 0, 0
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path := fill.Replace(pattern)
		endings := []string{"/"}
		if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/oauth/") {
			endings = append(endings, ".json", ".json/")
			if strings.HasSuffix(pattern, ".json") {
				t.Errorf("%s could never be asked for", pattern)
			}
		}
		if path == "/" {
			return nil
		}
		total++
		want := ask(h, method, path)
		if want.Code == http.StatusOK {
			found++
		}
		for _, ending := range endings {
			got := ask(h, method, path+ending)
			if got.Code != want.Code || got.Header().Get("Content-Type") != want.Header().Get("Content-Type") || strings.Contains(got.Body.String(), "no such endpoint") {
				t.Errorf("%s %s: %d, with %s %d %s", method, path, want.Code, ending, got.Code, got.Body)
			}
		}
		return nil
	})
	if err != nil || total < 200 || found < 20 {
		t.Errorf("%d routes, %d of them answer with 200: %v", total, found, err)
	}
}

// Documents for other servers have the same ids whatever they were asked by.
func TestDocumentsWithSlash(t *testing.T) {
	h, _, _ := newHandler(t)
	for path, want := range map[string]string{
		"/users/alice/": `"id":"https://example.org/users/alice"`, "/@alice/": `"id":"https://example.org/users/alice"`,
		"/users/alice/outbox/": `"id":"https://example.org/users/alice/outbox"`, "/actor/": `"id":"https://example.org/actor"`,
		"/.well-known/webfinger/?resource=acct:alice@example.org": `"subject":"acct:alice@example.org"`,
		"/.well-known/nodeinfo/":                                  "https://example.org/nodeinfo/2.0", "/nodeinfo/2.0/": `"version":"2.0"`,
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept", "application/activity+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if cors := w.Header().Get("Access-Control-Allow-Origin"); cors != "*" {
			t.Errorf("%s is not open to web clients", path)
		}
	}
}

// Every operation of the Mastodon API leads to its handler or to a 501: none
// is unknown, and none is taken for another (POST …/requests/dismiss for
// the dismissal of a notification named "requests").
func TestEveryOperationIsRouted(t *testing.T) {
	operations := apitest.Operations()
	if len(operations) < 200 {
		t.Fatalf("only %d operations", len(operations))
	}
	h, routes, post := newHandler(t)
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for _, o := range operations {
		method, path, _ := strings.Cut(o, " ")
		target := parameter.ReplaceAllString(path, post)
		ctx := chi.NewRouteContext()
		if !routes.Match(ctx, method, target) {
			t.Errorf("%s has no route", o)
			continue
		}
		pattern := ctx.RoutePattern()
		if parameter.ReplaceAllString(pattern, "{}") != parameter.ReplaceAllString(path, "{}") && !strings.HasPrefix(pattern, "/api/v1/streaming/") {
			t.Errorf("%s is taken for %s", o, pattern)
		}
		w := ask(h, method, target)
		if w.Code == http.StatusMethodNotAllowed || strings.Contains(w.Body.String(), respond.NoSuchEndpoint.Error()) {
			t.Errorf("%s answers %d %s", o, w.Code, w.Body)
		}
	}
	for _, e := range mastodon.Unimplemented {
		if w := ask(h, e.Method, parameter.ReplaceAllString(e.Path, "1")); w.Code != http.StatusNotImplemented {
			t.Errorf("%s %s answers %d %s", e.Method, e.Path, w.Code, w.Body)
		}
	}
}
