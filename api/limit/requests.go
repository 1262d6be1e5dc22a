package limit

import (
	"net/http"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// Requests treats every request as a stranger's until a session or token is
// verified (mastodon's admit, ui's session), and counts by address what is not
// counted by its route: pages, documents and discovery. refuse answers requests
// over the limit.
func Requests(limits ratelimit.Counter, c *config.Config, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			address := c.ClientAddress(r)
			ctx := store.AsStranger(r.Context(), address)
			if readsLittle(r) {
				ctx = store.AsLookup(ctx)
			}
			r = r.WithContext(ctx)
			if rule, counted := ruleOf(r); counted && !Check(w, limits, rule, address) {
				refuse(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// readsLittle reports whether a request must be answered while strangers' reads
// hold all connections that they may: signing in and inboxes, which read rows
// by their keys only.
func readsLittle(r *http.Request) bool {
	path := r.URL.Path
	return strings.HasPrefix(path, "/oauth/") || strings.HasPrefix(path, "/auth/") ||
		r.Method == http.MethodPost && !strings.HasPrefix(path, "/api/")
}

// ruleOf is the rule that counts a request here.
func ruleOf(r *http.Request) (rule ratelimit.Rule, counted bool) {
	path := r.URL.Path
	under := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(path, p) {
				return true
			}
		}
		return false
	}
	switch {
	case r.Method == http.MethodOptions, under("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/health"):
		return rule, false // counted there, or answered without the database
	case r.Method == http.MethodPost && strings.HasSuffix(strings.TrimSuffix(path, "/"), "/inbox"):
		return rule, false // counted by federation, before anything is looked up
	case under("/static/", "/favicon.ico", "/robots.txt"):
		return rule, false // from memory
	case under("/.well-known/", "/nodeinfo/"):
		return ratelimit.Discovery, true
	case under("/media/", "/actor"), vocab.WantsActivityPub(r.Header.Get("Accept")), isCollection(path):
		return ratelimit.Documents, true
	}
	return ratelimit.Pages, true
}

// isCollection reports whether a path below /users/{name} is a document
// whatever the Accept header.
func isCollection(path string) bool {
	rest, ok := strings.CutPrefix(path, "/users/")
	return ok && strings.Contains(rest, "/")
}
