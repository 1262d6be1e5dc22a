// Package bearer finds out who calls an API: it reads the access token of a
// request from its headers, before any of its body, and counts the invalid
// ones. What a token's scopes allow is each route's to ask. Read Tokens.
package bearer

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// Tokens finds the access tokens of requests. Invalid ones are counted by
// address, before the database is asked. It is safe for concurrent use.
type Tokens struct {
	store   *store.Store
	trusted []netip.Prefix
	invalid *ratelimit.Failures

	// The hashes of the tokens that were valid recently: these are looked up
	// even when many invalid ones come from their address.
	valid *ratelimit.Recent[struct{}]
	// Those that were invalid in the last minute: a client that does not
	// notice that its token was revoked sends it again and again, which is
	// no guess, and should not hinder its owner's others.
	rejected *ratelimit.Recent[struct{}]
}

// maxCounted bounds the addresses that are counted, maxRemembered the valid and
// the invalid tokens that are remembered, for as long as the others say.
const (
	maxCounted    = 20_000
	maxRemembered = 1_024
	validFor      = 30 * 24 * time.Hour
	rejectedFor   = time.Minute
)

// New makes one.
func New(s *store.Store, c *config.Config) *Tokens {
	return &Tokens{
		store: s, trusted: c.TrustedProxies,
		valid: ratelimit.NewRecent[struct{}](s.Now, maxRemembered), rejected: ratelimit.NewRecent[struct{}](s.Now, maxRemembered),
		invalid: ratelimit.NewFailures(s.Now, maxCounted, ratelimit.FailureSettings(c.Limits)...),
	}
}

// Bearer is the access token of a request's Authorization header (RFC 6750
// §2.1), whatever the case of the scheme's name; ok is false when there is none.
//
// A token in the query (§2.3) would end up in logs and histories, and one in
// the body (§2.2) would have the body read for anyone: neither is taken.
func Bearer(r *http.Request) (secret string, ok bool) {
	scheme, secret, ok := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(secret), true
}

// Authenticate gives a request's token; nil for a stranger, who sends none.
// respond.InvalidToken and respond.TooMany are its errors beside the store's.
func (t *Tokens) Authenticate(w http.ResponseWriter, r *http.Request) (*store.Token, error) {
	secret, ok := Bearer(r)
	if !ok {
		return nil, nil
	}
	return t.find(w, r, secret)
}

// AuthenticateStream is Authenticate for streaming: browsers can't set headers
// there, so that the token may also be in the query.
func (t *Tokens) AuthenticateStream(w http.ResponseWriter, r *http.Request) (*store.Token, error) {
	secret, ok := Bearer(r)
	if !ok {
		secret = r.URL.Query().Get("access_token")
	}
	if !ok && secret == "" {
		return nil, nil
	}
	return t.find(w, r, secret)
}

func (t *Tokens) find(w http.ResponseWriter, r *http.Request, secret string) (token *store.Token, err error) {
	hash := store.HashSecret(secret)
	if _, rejected := t.rejected.Get(hash); rejected {
		return nil, respond.InvalidToken
	}
	attempt := &ratelimit.Reservation{}
	if _, valid := t.valid.Get(hash); !valid {
		var reset time.Time
		if attempt, reset = t.invalid.Reserve(ratelimit.InvalidToken, ratelimit.Client(r, t.trusted)); attempt == nil {
			w.Header().Set("Retry-After", strconv.Itoa(int(reset.Sub(t.store.Now()).Seconds())+1))
			return nil, respond.TooMany
		}
	}
	if !wellFormed(secret) {
		t.reject(hash)
		return nil, respond.InvalidToken
	}
	err = t.store.View(store.AsLookup(r.Context()), func(tx *store.Tx) error {
		token, err = tx.TokenByHash(hash)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		t.reject(hash)
		return nil, respond.InvalidToken
	}
	attempt.Release()
	if err != nil {
		return nil, err
	}
	t.remember(hash)
	if token.TouchDue(t.store.Now()) {
		err = t.store.Update(r.Context(), func(tx *store.Tx) error { return tx.TouchToken(token.ID) })
	}
	return token, err
}

// wellFormed tells whether it looks like store.NewSecret's.
func wellFormed(secret string) bool {
	b, err := base64.RawURLEncoding.DecodeString(secret)
	return err == nil && len(b) == 32
}

func (t *Tokens) reject(hash string) {
	t.valid.Delete(hash)
	t.rejected.Put(hash, struct{}{}, rejectedFor)
}

func (t *Tokens) remember(hash string) { t.valid.Put(hash, struct{}{}, validFor) }

// Issued notes a token that was just given out: its first use is not hindered
// by others' invalid ones.
func (t *Tokens) Issued(secret string) { t.remember(store.HashSecret(secret)) }
