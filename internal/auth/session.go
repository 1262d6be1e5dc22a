package auth

import (
	"context"

	"kinglet/store"
)

// SessionAccount is the account of a session's secret; NotFound when the
// session has ended, or its account is suspended or deleted.
func (s *Service) SessionAccount(ctx context.Context, secret string) (account *store.Account, err error) {
	err = s.store.View(store.AsLookup(ctx), func(tx *store.Tx) error {
		account, err = tx.SessionAccount(HashSecret(secret))
		return err
	})
	return account, err
}

// SignOut ends a session. An unknown one is not an error.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.DeleteSession(HashSecret(secret)) })
}
