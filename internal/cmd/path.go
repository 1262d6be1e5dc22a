package cmd

import (
	"net/http"
	"net/url"
	"strings"
)

// normalPath accepts every route with a slash at its end, and those of the API
// with .json as well: Mastodon's router (Rails) accepts both, and client
// libraries send them. The path is changed before routing instead of with a
// redirect, which would make a POST a GET. RequestURI stays as it was received,
// since it is signed. Of two slashes at the end one stays, which matches no
// route.
func normalPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// RawPath is set when the path has unusual escapes, and decides then: the
		// slash at the end of /tags/a%2F is a part of a name.
		raw := r.URL.RawPath
		if raw == "" {
			raw = r.URL.Path
		}
		if ending := endingOf(raw); ending != "" {
			changed := *r
			changed.URL = new(url.URL)
			*changed.URL = *r.URL
			changed.URL.Path = strings.TrimSuffix(r.URL.Path, ending)
			changed.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, ending)
			r = &changed
		}
		next.ServeHTTP(w, r)
	})
}

// endingOf is the part of a path's end that does not belong to its route. No
// parameter of the API's paths may end with .json: they are ids, hashtags and
// names of emojis.
func endingOf(path string) (ending string) {
	if len(path) > 1 && strings.HasSuffix(path, "/") {
		ending = "/"
	}
	if api := strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/oauth/"); api && strings.HasSuffix(path, ".json"+ending) {
		ending = ".json" + ending
	}
	return ending
}
