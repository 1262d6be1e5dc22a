package main

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kinglet/api/mastodon"
	"kinglet/internal/cmd"
	"kinglet/internal/outgoing"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// notMeasured are the routes of GETs that are left out, and why.
var notMeasured = map[string]string{
	"/favicon.ico":                            file,
	"/media/{key}/{file}":                     file,
	"/media/{name}":                           file,
	"/robots.txt":                             file,
	"/source.tar.gz":                          file,
	"/static/*":                               file,
	"/oauth/authorize":                        "wants a browser's session, and shows an application found by its key",
	"/api/v1/conversations":                   "not implemented",
	"/api/v1/push/subscription":               "not implemented: none is there",
	"/api/v1_alpha/async_refreshes/{id}":      "of a thread that is being fetched: two rows by their keys",
	"/api/v1/interaction_requests/{id}":       "as a page of one, mastodon.TestPagesOfInteractions",
	"/api/v1/polls/{id}":                      "reads its status, as the GET of that does, and one statement more",
	"/authorize_interaction":                  "wants a browser's session",
	"/users/{name}/followers_synchronization": "wants a signature; a list from one index",
	"/api/v1/accounts/{id}/featured_tags":     empty,
	"/api/v1/accounts/{id}/lists":             empty,
	"/api/v1/announcements":                   empty,
	"/api/v1/custom_emojis":                   empty,
	"/api/v1/domain_blocks":                   empty,
	"/api/v1/endorsements":                    empty,
	"/api/v1/featured_tags":                   empty,
	"/api/v1/filters":                         empty,
	"/api/v1/followed_tags":                   empty,
	"/api/v1/instance/rules":                  empty,
	"/api/v1/scheduled_statuses":              empty,
	"/api/v1/suggestions":                     empty,
	"/api/v1/trends":                          empty,
	"/api/v1/trends/links":                    empty,
	"/api/v1/trends/statuses":                 empty,
	"/api/v1/trends/tags":                     empty,
	"/api/v2/filters":                         empty,
	"/api/v2/suggestions":                     empty,
}

const (
	empty = "an empty list, always: lists are measured for all of them"
	file  = "the bytes of a file, which no number of statuses changes"
)

// Every GET that the server answers is measured, or named with the reason.
func TestEveryGETIsMeasured(t *testing.T) {
	database := filepath.Join(t.TempDir(), "empty.db")
	s, err := store.Open(t.Context(), store.Options{Database: database})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	conf, err := load(database)
	if err != nil {
		t.Fatal(err)
	}
	server, err := cmd.Assemble(t.Context(), cmd.Parts{Config: conf, Store: s, Log: slog.New(slog.DiscardHandler), Client: outgoing.Options{}, Copy: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Client.Close()
	defer server.Hub.Close()
	measured := map[string]bool{}
	names := map[string]bool{}
	for _, e := range endpoints(&Facts{Object: "/objects/1", Create: "/activities/1", Context: "/contexts/1", Rare: "rare"}, 1) {
		if names[e.name] {
			t.Errorf("two endpoints are called %s", e.name)
		}
		names[e.name] = true
		path, _, _ := strings.Cut(e.path, "?")
		ctx := chi.NewRouteContext()
		if !server.Routes.Match(ctx, http.MethodGet, path) {
			t.Errorf("%s: nothing is at %s", e.name, path)
		}
		measured[ctx.RoutePattern()] = true
	}
	routes := map[string]bool{}
	err = chi.Walk(server.Routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes[pattern] = true
		unimplemented := slices.ContainsFunc(mastodon.Unimplemented, func(u struct{ Method, Path string }) bool {
			return u.Method == method && strings.TrimSuffix(u.Path, "/*") == strings.TrimSuffix(pattern, "/*")
		})
		switch why := notMeasured[pattern]; {
		case method != http.MethodGet:
		case measured[pattern] && (why != "" || unimplemented):
			t.Errorf("%s is measured, and said not to be", pattern)
		case !measured[pattern] && why == "" && !unimplemented:
			t.Errorf("%s is not measured", pattern)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pattern := range notMeasured {
		if !routes[pattern] {
			t.Errorf("%s is not a route any more", pattern)
		}
	}
}
