package cmd

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"kinglet/ap"
	"kinglet/api/apitest"
	"kinglet/api/mastodon"
	"kinglet/api/respond"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/outgoing"
	"kinglet/store"
	"kinglet/store/storetest"

	"github.com/go-chi/chi/v5"
)

// newHandler is the whole of what serve answers with, on a fresh database
// with the account alice and one post of hers.
func newHandler(t *testing.T, settings ...string) (http.Handler, *ap.Service, store.ObjectID) {
	t.Helper()
	conf, err := config.Load(config.Sources{File: os.DevNull, Environ: append([]string{"KINGLET_DOMAIN=example.org"}, settings...), NeedDomain: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client := outgoing.New(outgoing.Options{UserAgent: conf.UserAgent()})
	t.Cleanup(client.Close)
	s, err := ap.New(t.Context(), ap.Options{Config: conf, Store: storetest.SQLite(t), Client: client, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	alice, err := s.CreateAccount(t.Context(), ap.NewAccount{Username: "alice", Email: "alice@example.org", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	post, err := s.Post(t.Context(), alice.ID, ap.PostRequest{Text: "Hello #world"})
	if err != nil {
		t.Fatal(err)
	}
	authService, err := auth.New(t.Context(), s.Store, conf)
	if err != nil {
		t.Fatal(err)
	}
	h, err := handler(s, authService, log, fstest.MapFS{"main.go": {Data: []byte("package main")}})
	if err != nil {
		t.Fatal(err)
	}
	return checked(t, h), s, post
}

// checkedHandler checks the responses of the API against its schema.
type checkedHandler struct {
	http.Handler
	routes
}

type routes = chi.Routes

func checked(t *testing.T, h chi.Router) http.Handler {
	return checkedHandler{apitest.Handler(t, h), h}
}

var clients int

// ask sends a request, each from an address of its own, so that no limit counts them together.
func ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	clients++
	r.RemoteAddr = "[2001:db8:0:" + strconv.FormatInt(int64(clients), 16) + "::1]:4000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Every route of every verb is served with a slash at its end, and those of
// the API with .json, as without. Mastodon.py asks for /api/v1/instance/.
func TestEndingsOfPaths(t *testing.T) {
	h, _, post := newHandler(t)
	fill := strings.NewReplacer("{name}", "alice", "{id}", post.String(), "{tag}", "world", "{version}", "2.0", "*", "style.css")
	routes, found := 0, 0
	err := chi.Walk(h.(chi.Routes), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
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
		routes++
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
	if err != nil || routes < 200 || found < 20 {
		t.Errorf("%d routes, %d of them answer with 200: %v", routes, found, err)
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

// What of a path's end belongs to the route.
func TestNormalPath(t *testing.T) {
	for target, want := range map[string]string{
		"/":                                  "/",
		"/api/v1/instance/":                  "/api/v1/instance",
		"/api/v1/instance.json":              "/api/v1/instance",
		"/api/v1/instance.json/":             "/api/v1/instance",
		"/api/v1/instance//":                 "/api/v1/instance/",
		"/.well-known/host-meta.json":        "/.well-known/host-meta.json",
		"/nodeinfo/2.0.json/":                "/nodeinfo/2.0.json",
		"/tags/a%2F":                         "/tags/a/",
		"/tags/a%2F/":                        "/tags/a/",
		"/tags/caf%C3%A9/":                   "/tags/café",
		"/api/v1/timelines/tag/caf%C3%A9/":   "/api/v1/timelines/tag/café",
		"/api/v1/accounts/lookup/?acct=a/":   "/api/v1/accounts/lookup",
		"/oauth/token.json":                  "/oauth/token",
		"/static/manifest.json":              "/static/manifest.json",
		"/api/v1/timelines/tag/a.json%2Fb/":  "/api/v1/timelines/tag/a.json/b",
		"/api/v1/timelines/tag/b%2Ejson":     "/api/v1/timelines/tag/b.json",
		"/users/alice/collections/featured/": "/users/alice/collections/featured",
	} {
		r := httptest.NewRequest("POST", target, nil)
		normalPath(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) {
			if got.URL.Path != want || got.RequestURI != target || got.URL.RawQuery != r.URL.RawQuery {
				t.Errorf("%s is routed as %s, and its target is now %s", target, got.URL.Path, got.RequestURI)
			}
			if raw := got.URL.EscapedPath(); strings.HasSuffix(target, "%2F") && !strings.HasSuffix(raw, "%2F") {
				t.Errorf("%s is routed as %s", target, raw)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
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
	h, _, post := newHandler(t)
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for _, o := range operations {
		method, path, _ := strings.Cut(o, " ")
		target := parameter.ReplaceAllString(path, post.String())
		ctx := chi.NewRouteContext()
		if !h.(chi.Routes).Match(ctx, method, target) {
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
