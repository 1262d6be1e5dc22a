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

// InvalidToken is the error of a token that is not, or no longer, there, in the
// words that Mastodon's clients know.
var InvalidToken = fault.Errorf(fault.Unauthorized, "The access token is invalid")

// tokenLimits count invalid access tokens by address, before the database is
// asked.
type tokenLimits struct {
	invalid *ratelimit.Failures

	// The hashes of the tokens that were valid recently: these are looked up
	// even when many invalid ones come from their address.
	valid *ratelimit.Recent[struct{}]
	// Those that were invalid in the last minute: a client that does not
	// notice that its token was revoked sends it again and again, which is
	// no guess, and should not hinder its owner's others.
	rejected *ratelimit.Recent[struct{}]
}

// maxRemembered bounds the valid and the invalid tokens that are remembered, for
// as long as the others say.
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
// A token in the query (§2.3) would end up in logs and histories, and one in
// the body (§2.2) would have the body read for anyone: neither is taken.
func Bearer(authorization string) (secret string, ok bool) {
	scheme, secret, ok := strings.Cut(strings.TrimSpace(authorization), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(secret), true
}

// Credentials are what a request says of who calls.
type Credentials struct {
	Authorization string // the header
	Query         string // access_token of the query, "" for every route but streaming: browsers can set no header there
	Address       string // of the client, as config.ClientAddress gives it
}

// Authenticator finds out who calls an API: the API for clients asks no more
// of auth. Service is the one there is.
type Authenticator interface {
	Authenticate(ctx context.Context, c Credentials) (*store.Token, error)
}

// Authenticate gives the token of a request; nil for a stranger, who sends
// none. What its scopes allow is each route's to ask. InvalidToken, and
// RateLimited after many invalid ones from an address, are its errors beside
// the store's.
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

// tooMany is the error of who has to wait, in whole seconds rounded up.
func tooMany(message string, wait time.Duration) error {
	return &fault.Error{Kind: fault.RateLimited, Message: message, RetryAfter: wait.Truncate(time.Second) + time.Second}
}
