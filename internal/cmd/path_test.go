package cmd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

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
