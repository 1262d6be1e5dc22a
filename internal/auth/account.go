package auth

import (
	"context"
	"strings"

	"kinglet/internal/fault"
	"kinglet/store"
)

// find finds a local account by its name, handle or e-mail address; NotFound.
func (s *Service) find(tx *store.Tx, nameOrEmail string) (account *store.Account, user *store.User, err error) {
	// With another domain it is an e-mail address, which may also be the
	// handle of a remote account.
	if h, ok := s.config.ParseHandle(nameOrEmail); ok && h.Domain == "" {
		if account, err = tx.AccountByHandle(h.Name, ""); err == nil {
			user, err = tx.User(account.ID)
		}
		return account, user, err
	}
	if user, err = tx.UserByEmail(strings.TrimSpace(nameOrEmail)); err == nil {
		account, err = tx.Account(user.AccountID)
	}
	return account, user, err
}

// SetPassword sets a new password of an account and revokes all its tokens and
// sessions.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	hash, err := HashPassword(ctx, s.store.Memory(), password)
	if err != nil {
		return err
	}
	return s.changeUser(ctx, name, func(tx *store.Tx, u *store.User) error {
		u.PasswordHash = hash
		return tx.RevokeAccess(u.AccountID)
	})
}

// SetAdmin gives or removes the admin role of an account.
func (s *Service) SetAdmin(ctx context.Context, name string, admin bool) error {
	return s.changeUser(ctx, name, func(_ *store.Tx, u *store.User) error {
		u.Admin = admin
		return nil
	})
}

func (s *Service) changeUser(ctx context.Context, name string, change func(tx *store.Tx, u *store.User) error) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		account, err := tx.AccountByHandle(name, "")
		if err != nil || !account.Active() {
			return fault.Errorf(fault.NotFound, "there is no account %s", name)
		}
		if err := tx.LockAccount(account.ID); err != nil {
			return err
		}
		user, err := tx.User(account.ID)
		if err != nil {
			return err
		}
		if err := change(tx, user); err != nil {
			return err
		}
		return tx.UpdateUser(user)
	})
}
