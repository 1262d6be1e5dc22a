package auth

import (
	"context"

	"kinglet/store"
)

// SessionAccount is who is signed in with a session's secret; NotFound when the
// session has ended, or its account is suspended or deleted.
func (s *Service) SessionAccount(ctx context.Context, secret string) (account *store.Account, err error) {
	err = s.store.View(store.AsLookup(ctx), func(tx *store.Tx) error {
		account, err = tx.SessionAccount(HashSecret(secret))
		return err
	})
	return account, err
}

// SignOut ends a session. One that is not there is no error.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.DeleteSession(HashSecret(secret)) })
}
