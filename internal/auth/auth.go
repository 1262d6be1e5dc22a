// Package auth decides who someone is and what they may do: passwords and
// sign-in, sessions of browsers, OAuth applications and their access tokens,
// and scopes (package scope below it).
//
// It knows nothing of HTTP: api and ui read credentials out of a request and
// hand them over as strings. It writes no SQL: the rows are store's. It knows
// nothing of ActivityPub either. Secrets leave it once, when they are made; what
// is kept of them is a hash.
//
// Read Service, Authenticate (token.go) and SignIn (sign_in.go) first.
package auth

import (
	"context"
	"fmt"
	"time"

	"kinglet/internal/config"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// Service answers who someone is. It is safe for concurrent use.
type Service struct {
	config *config.Config
	store  *store.Store

	secret  []byte // what Sign signs with
	signIns signInLimits
	tokens  tokenLimits
}

// New makes the service. The server's own secret is made at the first start
// and kept in the database.
func New(ctx context.Context, db *store.Store, conf *config.Config) (*Service, error) {
	s := &Service{config: conf, store: db, signIns: newSignInLimits(db.Now, conf.Limits), tokens: newTokenLimits(db.Now, conf.Limits)}
	if err := s.loadSecret(ctx); err != nil {
		return nil, fmt.Errorf("load the server's secret: %w", err)
	}
	return s, nil
}

// failures makes a counter of what failed, with the limits that are set.
func failures(now func() time.Time, c config.Limits) *ratelimit.Failures {
	return ratelimit.NewFailures(now, maxCounted, ratelimit.FailureSettings(c)...)
}

// maxCounted bounds the addresses, names and accounts that are counted.
const maxCounted = 20_000
