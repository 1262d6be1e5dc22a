package ap

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"kinglet/store"
)

// loadSecret reads the server's own secret, which is made at the first start
// and is the same for all nodes on one database.
func (s *Service) loadSecret(ctx context.Context) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		known, err := tx.SettingOnce("server_secret", store.NewSecret())
		s.secret = []byte(known)
		return err
	})
}

// Sign gives a value's signature, which only this server can make. purpose
// keeps what is signed for one use from being taken for another.
func (s *Service) Sign(purpose, value string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(purpose + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Signed tells whether a signature is Sign's of a value. It takes as long for
// a wrong one.
func (s *Service) Signed(purpose, value, signature string) bool {
	return hmac.Equal([]byte(s.Sign(purpose, value)), []byte(signature))
}
