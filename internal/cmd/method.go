package cmd

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"kinglet/api/respond"

	"github.com/go-chi/chi/v5"
)

// otherMethod answers a request whose path has routes, but none of its method:
// OPTIONS with what there is, all others with 405. Both have the header Allow
// (RFC 9110 §15.5.6): chi adds it only where nobody else answers.
func otherMethod(routes chi.Routes, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		allowed := methodsOf(routes, r)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		if r.Method != http.MethodOptions {
			respond.Error(w, r, log, respond.NotAllowed)
			return
		}
		if slices.Contains(allowed, http.MethodGet) {
			// A browser asks before it fetches a document with an Accept header that has
			// the profile of ActivityStreams. Each answer says whether it may be read.
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "Accept")
			w.Header().Set("Access-Control-Max-Age", "86400")
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// methodsOf are the methods of the routes that a path has.
func methodsOf(routes chi.Routes, r *http.Request) []string {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var list []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if !routes.Match(chi.NewRouteContext(), m, path) {
			continue
		}
		list = append(list, m)
		if m == http.MethodGet {
			list = append(list, http.MethodHead)
		}
	}
	return append(list, http.MethodOptions)
}
