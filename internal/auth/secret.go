package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"kinglet/store"
)

// NewSecret makes a secret of 32 random bytes, valid in URLs and headers.
func NewSecret() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// HashSecret is how such a secret is stored. A plain hash suffices: nobody
// guesses 32 random bytes.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// WellFormedSecret reports whether a string looks like NewSecret's.
func WellFormedSecret(secret string) bool {
	b, err := base64.RawURLEncoding.DecodeString(secret)
	return err == nil && len(b) == 32
}

// loadSecret reads the server's own secret, which is generated at the first
// start and is the same for all nodes on one database.
func (s *Service) loadSecret(ctx context.Context) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		known, err := tx.SettingOnce("server_secret", NewSecret())
		s.secret = []byte(known)
		return err
	})
}

// Sign returns a value's signature, which only this server can make. purpose
// prevents a signature for one use from being accepted for another.
func (s *Service) Sign(purpose, value string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(purpose + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Verify reports whether a signature is Sign's of a value, in constant time.
func (s *Service) Verify(purpose, value, signature string) bool {
	return hmac.Equal([]byte(s.Sign(purpose, value)), []byte(signature))
}
