package respond

import (
	"net/http"
	"strconv"
	"time"
)

// NotKept is what Cache-Control says of an answer that is one reader's own, or
// an error.
const NotKept = "private, no-store"

// Uncached has every answer kept by nobody, unless its handler says that it is
// for everyone (see Public).
func Uncached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", NotKept)
		if r.Header.Get("Authorization") != "" {
			w.Header().Add("Vary", "Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// Public lets caches keep an answer that is the same for everyone. What is
// deleted stays in them for so long.
func Public(w http.ResponseWriter, age time.Duration) {
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(age.Seconds())))
}
