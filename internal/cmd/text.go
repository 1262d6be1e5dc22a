package cmd

import (
	"net/http"
	"strings"

	"kinglet/store"
)

// onlyText refuses requests whose path or query, decoded, has a NUL or is not
// UTF-8: no row has such a name, and PostgreSQL would return an error.
func onlyText(refuse http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isText(r) {
				refuse(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func isText(r *http.Request) bool {
	if !store.ValidText(r.URL.Path) {
		return false
	}
	if q := r.URL.RawQuery; !strings.Contains(q, "%") {
		return store.ValidText(q) // nothing is escaped
	}
	for name, values := range r.URL.Query() {
		if !store.ValidText(name) {
			return false
		}
		for _, v := range values {
			if !store.ValidText(v) {
				return false
			}
		}
	}
	return true
}
