package ap

import (
	"context"
	"net/http"

	"kinglet/store"
)

// FollowersClaim is what the header of FEP-8fcf says, for tests.
type FollowersClaim struct{ Collection, URL, Digest string }

// ParseFollowersHeader reads it.
func ParseFollowersHeader(h http.Header) (FollowersClaim, bool) {
	c, ok := parseFollowersHeader(h)
	return FollowersClaim{c.collection, c.url, c.digest}, ok
}

// FollowersDigestAt is the digest of the followers of an account here on a host.
func (s *Service) FollowersDigestAt(ctx context.Context, account store.AccountID, version int64, uri string) (string, error) {
	d, err := s.followersDigestAt(ctx, account, version, uri)
	return d.String(), err
}
