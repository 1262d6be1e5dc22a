package ap

import (
	"context"
	"net/mail"
	"strings"

	"kinglet/ap/signature"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// NewAccount is an account to be made here.
type NewAccount struct {
	Username, Email, Password string
	Admin                     bool
}

// minPassword is the shortest password, in characters.
const minPassword = 8

// CreateAccount makes an account with its key. Invalid and Conflict errors
// name what is wrong.
func (s *Service) CreateAccount(ctx context.Context, n NewAccount) (*store.Account, error) {
	if err := config.ValidUsername(n.Username); err != nil {
		return nil, fault.Errorf(fault.Invalid, "%w", err)
	}
	if config.ReservedUsername(n.Username) {
		return nil, fault.Errorf(fault.Invalid, "username %q is reserved", n.Username)
	}
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
		return nil, fault.Errorf(fault.Invalid, "e-mail %q: want an address like you@example.org", n.Email)
	}
	if len([]rune(n.Password)) < minPassword {
		return nil, fault.Errorf(fault.Invalid, "password: want at least %d characters", minPassword)
	}
	key, err := signature.GenerateKey()
	if err != nil {
		return nil, err
	}
	private, err := signature.MarshalPrivate(key)
	if err != nil {
		return nil, err
	}
	public, err := signature.MarshalPublic(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	c, name := s.Config, n.Username
	account := &store.Account{
		URI: c.ActorURI(name), Username: name, Type: "Person", URL: c.ProfileURL(name),
		Inbox: c.InboxURI(name), SharedInbox: c.SharedInboxURI(), Outbox: c.OutboxURI(name),
		FollowersURI: c.FollowersURI(name), FollowingURI: c.FollowingURI(name), FeaturedURI: c.FeaturedURI(name),
		KeyID: c.KeyID(name), PublicKey: public, Discoverable: true, Indexable: true,
	}
	hash, err := s.Store.HashPassword(ctx, n.Password)
	if err != nil {
		return nil, err
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertAccount(account); err != nil {
			return err
		}
		return tx.InsertUser(&store.User{
			AccountID: account.ID, Email: n.Email, PasswordHash: hash, Admin: n.Admin, PrivateKey: private,
			DefaultLanguage: c.Languages[0],
		})
	})
	return account, err
}

// userOf finds an account here by its name, handle or e-mail address.
func (s *Service) userOf(ctx context.Context, nameOrEmail string) (account *store.Account, user *store.User, err error) {
	name := strings.TrimPrefix(strings.TrimSpace(nameOrEmail), "@")
	if before, domain, ok := strings.Cut(name, "@"); ok && s.Config.IsOwnHost(domain) {
		name = before
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		// With an @ it is an e-mail address, which may also be the handle of
		// an account elsewhere.
		if !strings.Contains(name, "@") {
			if account, err = tx.AccountByHandle(name, ""); err == nil {
				user, err = tx.User(account.ID)
			}
			return err
		}
		if user, err = tx.UserByEmail(strings.TrimSpace(nameOrEmail)); err != nil {
			return err
		}
		account, err = tx.Account(user.AccountID)
		return err
	})
	return account, user, err
}

// SetPassword gives an account a new password and ends every token and
// session of it.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	if len([]rune(password)) < minPassword {
		return fault.Errorf(fault.Invalid, "password: want at least %d characters", minPassword)
	}
	hash, err := s.Store.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.changeUser(ctx, name, func(tx *store.Tx, u *store.User) error {
		u.PasswordHash = hash
		return tx.RevokeAccess(u.AccountID)
	})
}

// SetAdmin makes an account an admin, or no longer.
func (s *Service) SetAdmin(ctx context.Context, name string, admin bool) error {
	return s.changeUser(ctx, name, func(_ *store.Tx, u *store.User) error {
		u.Admin = admin
		return nil
	})
}

func (s *Service) changeUser(ctx context.Context, name string, change func(tx *store.Tx, u *store.User) error) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
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
