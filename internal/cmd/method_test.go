package cmd_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// A method that a path does not have is answered with 405 and those that it has,
// everywhere; so is a GET of an inbox.
func TestOtherMethods(t *testing.T) {
	h, routes, post := newHandler(t)
	fill := strings.NewReplacer("{name}", "alice", "{id}", post, "{tag}", "world", "{version}", "2.0", "*", "style.css")
	paths := map[string][]string{}
	if err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path := fill.Replace(pattern)
		paths[path] = append(paths[path], method)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for path, methods := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"} {
			asked := method
			if method == "HEAD" {
				asked = "GET"
			}
			if routes.Match(chi.NewRouteContext(), asked, path) {
				continue
			}
			refused++
			w := ask(h, method, path)
			allow := strings.Split(w.Header().Get("Allow"), ", ")
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Location") != "" {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
			for _, m := range methods {
				if !slices.Contains(allow, m) {
					t.Errorf("%s %s: Allow is %s, without %s", method, path, allow, m)
				}
			}
			if slices.Contains(allow, method) || !slices.Contains(allow, "OPTIONS") || slices.Contains(allow, "HEAD") != slices.Contains(allow, "GET") {
				t.Errorf("%s %s: Allow is %s", method, path, allow)
			}
		}
	}
	if refused < 500 || len(paths) < 100 {
		t.Errorf("only %d of %d paths", refused, len(paths))
	}
	for _, path := range []string{"/inbox", "/actor/inbox", "/users/alice/inbox", "/users/alice/inbox/"} {
		for _, method := range []string{"GET", "HEAD"} {
			if w := ask(h, method, path); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST, OPTIONS" {
				t.Errorf("%s %s: %d, Allow is %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

// OPTIONS says what there is; a web client learns that it may fetch documents.
func TestOptions(t *testing.T) {
	h, _, post := newHandler(t)
	for path, want := range map[string]string{
		"/users/alice": "GET, HEAD, OPTIONS", "/@alice/" + post: "GET, HEAD, OPTIONS", "/inbox": "POST, OPTIONS", "/auth/sign_in": "GET, HEAD, POST, OPTIONS",
	} {
		w := ask(h, "OPTIONS", path)
		cors := w.Header().Get("Access-Control-Allow-Origin")
		if w.Code != http.StatusNoContent || w.Header().Get("Allow") != want || (cors == "*") != strings.Contains(want, "GET") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	if w := ask(h, "OPTIONS", "/nowhere"); w.Code != http.StatusNotFound {
		t.Errorf("what is not there: %d", w.Code)
	}
	if w := ask(h, "OPTIONS", "/.well-known/webfinger"); w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("WebFinger: %d %v", w.Code, w.Header())
	}
}
