package ap

import (
	"context"
	"crypto/rsa"
	"net/mail"

	"kinglet/ap/signature"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// NewAccount describes a local account to create.
type NewAccount struct {
	Username, Email, Password string
	Admin                     bool
	// PasswordHash and the key are set for an account imported from
	// elsewhere: the hash is used in place of Password. Without them they
	// are generated.
	PasswordHash string
	Key          *rsa.PrivateKey
}

// CreateAccount creates a local account with its key. Invalid and Conflict
// errors name the field that is wrong.
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
	var err error
	hash := n.PasswordHash
	if hash == "" {
		if hash, err = auth.HashPassword(ctx, s.Store.Memory(), n.Password); err != nil {
			return nil, err
		}
	}
	key := n.Key
	if key == nil {
		if key, err = signature.GenerateKey(); err != nil {
			return nil, err
		}
	}
	private, err := signature.MarshalPrivate(key)
	if err != nil {
		return nil, err
	}
	public, err := signature.MarshalPublic(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	second, err := signature.GenerateEd25519()
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
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertAccount(account); err != nil {
			return err
		}
		return tx.InsertUser(&store.User{
			AccountID: account.ID, Email: n.Email, PasswordHash: hash, Admin: n.Admin, PrivateKey: private, Ed25519Key: second,
			DefaultLanguage: c.Languages[0],
		})
	})
	return account, err
}
