package respond

import (
	"net/http"
	"strconv"
	"time"
)

// NotKept is the Cache-Control of an answer for one reader only, or of an
// error.
const NotKept = "private, no-store"

// Uncached forbids caching of every answer, unless its handler allows it (see
// Public).
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
