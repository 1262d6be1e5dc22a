// Package limit is the HTTP half of rate limiting: the headers that Mastodon's
// clients know, and which requests are counted before they reach a route. The
// counters are in internal/ratelimit, which does not use HTTP, since signing
// in, pages and fetches count with them as well. Read Check and Requests.
package limit

import (
	"net/http"
	"strconv"

	"kinglet/internal/ratelimit"
)

// Check counts a request, sets Mastodon's headers of it, and reports whether it
// may be made.
func Check(w http.ResponseWriter, limits ratelimit.Counter, rule ratelimit.Rule, who string) bool {
	count := limits.Count(rule, who)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(count.Most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(count.Remaining))
	h.Set("X-RateLimit-Reset", count.Reset.UTC().Format("2006-01-02T15:04:05.000Z"))
	if !count.Allowed {
		h.Set("Retry-After", strconv.Itoa(int(count.Wait.Seconds())+1))
	}
	return count.Allowed
}
