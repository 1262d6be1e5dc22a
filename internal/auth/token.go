package auth

import (
	"context"
	"strings"
	"time"

	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// InvalidToken is the error of a token that is unknown or revoked, in the words
// that Mastodon's clients know.
var InvalidToken = fault.Errorf(fault.Unauthorized, "The access token is invalid")

// tokenLimits count invalid access tokens by address, before the database is
// read.
type tokenLimits struct {
	invalid *ratelimit.Failures

	// The hashes of recently valid tokens: these are looked up even when
	// many invalid ones come from their address.
	valid *ratelimit.Recent[struct{}]
	// Those that were invalid in the last minute: a client that does not
	// notice that its token was revoked sends it again and again, which is
	// no guess, and should not affect other clients of its owner.
	rejected *ratelimit.Recent[struct{}]
}

// maxRemembered limits how many valid and invalid tokens are remembered, the
// others for how long.
const (
	maxRemembered = 1_024
	validFor      = 30 * 24 * time.Hour
	rejectedFor   = time.Minute
)

func newTokenLimits(now func() time.Time, c config.Limits) tokenLimits {
	return tokenLimits{
		invalid: failures(now, c),
		valid:   ratelimit.NewRecent[struct{}](now, maxRemembered), rejected: ratelimit.NewRecent[struct{}](now, maxRemembered),
	}
}

func (l *tokenLimits) reject(hash string) {
	l.valid.Delete(hash)
	l.rejected.Put(hash, struct{}{}, rejectedFor)
}

func (l *tokenLimits) remember(hash string) { l.valid.Put(hash, struct{}{}, validFor) }

// Bearer is the access token of an Authorization header (RFC 6750 §2.1),
// whatever the case of the scheme's name; ok is false when there is none.
//
// A token in the query (§2.3) would end up in logs and histories, and for one
// in the body (§2.2) the body of any request would have to be read: neither is
// accepted.
func Bearer(authorization string) (secret string, ok bool) {
	scheme, secret, ok := strings.Cut(strings.TrimSpace(authorization), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(secret), true
}

// Credentials are a request's credentials.
type Credentials struct {
	Authorization string // the header
	Query         string // access_token of the query, "" for every route but streaming: browsers can set no header there
	Address       string // of the client, as config.ClientAddress gives it
}

// Authenticator authenticates the callers of an API: all that the client API
// needs of auth. Service is its only implementation.
type Authenticator interface {
	Authenticate(ctx context.Context, c Credentials) (*store.Token, error)
}

// Authenticate returns the token of a request; nil for a stranger, who sends
// none. Each route checks the token's scopes. The errors are InvalidToken,
// RateLimited after many invalid ones from an address, and the store's.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (*store.Token, error) {
	secret, ok := Bearer(c.Authorization)
	if !ok {
		secret = c.Query
	}
	if !ok && secret == "" {
		return nil, nil
	}
	return s.token(ctx, secret, c.Address)
}

func (s *Service) token(ctx context.Context, secret, address string) (token *store.Token, err error) {
	hash := HashSecret(secret)
	if _, rejected := s.tokens.rejected.Get(hash); rejected {
		return nil, InvalidToken
	}
	attempt := &ratelimit.Reservation{}
	if _, valid := s.tokens.valid.Get(hash); !valid {
		var reset time.Time
		if attempt, reset = s.tokens.invalid.Reserve(ratelimit.InvalidToken, address); attempt == nil {
			return nil, tooMany("Too many requests", reset.Sub(s.store.Now()))
		}
	}
	if !WellFormedSecret(secret) {
		s.tokens.reject(hash)
		return nil, InvalidToken
	}
	err = s.store.View(store.AsLookup(ctx), func(tx *store.Tx) error {
		token, err = tx.TokenByHash(hash)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		s.tokens.reject(hash)
		return nil, InvalidToken
	}
	attempt.Release()
	if err != nil {
		return nil, err
	}
	s.tokens.remember(hash)
	if token.TouchDue(s.store.Now()) {
		err = s.store.Update(ctx, func(tx *store.Tx) error { return tx.TouchToken(token.ID) })
	}
	return token, err
}

// tooMany is the error of a client that has to wait, in whole seconds rounded
// up.
func tooMany(message string, wait time.Duration) error {
	return &fault.Error{Kind: fault.RateLimited, Message: message, RetryAfter: wait.Truncate(time.Second) + time.Second}
}
