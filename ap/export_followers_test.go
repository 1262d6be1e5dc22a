package ap

import "net/http"

// FollowersClaim is what the header of FEP-8fcf says, for tests.
type FollowersClaim struct{ Collection, URL, Digest string }

// ParseFollowersHeader reads it.
func ParseFollowersHeader(h http.Header) (FollowersClaim, bool) {
	c, ok := parseFollowersHeader(h)
	return FollowersClaim{c.collection, c.url, c.digest}, ok
}
