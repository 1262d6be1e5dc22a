// Package auth decides who a client is and what it may do: passwords and
// sign-in, browser sessions, OAuth applications and their access tokens, and
// scopes (in its package scope).
//
// It does not use HTTP: api and ui read credentials from a request and pass
// them as strings. It runs no SQL: the rows are in store. It knows nothing of
// ActivityPub either. Secrets are returned once, when they are made; only their
// hashes are stored.
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

// Service authenticates clients. It is safe for concurrent use.
type Service struct {
	config *config.Config
	store  *store.Store

	secret  []byte // what Sign signs with
	signIns signInLimits
	tokens  tokenLimits
}

// New makes the service. The server's own secret is generated at the first
// start and stored in the database.
func New(ctx context.Context, db *store.Store, conf *config.Config) (*Service, error) {
	s := &Service{config: conf, store: db, signIns: newSignInLimits(db.Now, conf.Limits), tokens: newTokenLimits(db.Now, conf.Limits)}
	if err := s.loadSecret(ctx); err != nil {
		return nil, fmt.Errorf("load the server's secret: %w", err)
	}
	return s, nil
}

// failures makes a counter of failures, with the configured limits.
func failures(now func() time.Time, c config.Limits) *ratelimit.Failures {
	return ratelimit.NewFailures(now, maxCounted, ratelimit.FailureSettings(c)...)
}

// maxCounted limits the addresses, names and accounts that are counted.
const maxCounted = 20_000
