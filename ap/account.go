package ap

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/mail"

	"kinglet/ap/activity"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/google/uuid"
)

// NewAccount is an account to be made here.
type NewAccount struct {
	Username, Email, Password string
	Admin                     bool
	// What an account that comes from elsewhere has already: the hash of its
	// password, in place of Password, and its key. Without them they are made.
	PasswordHash string
	Key          *rsa.PrivateKey
}

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
			AccountID: account.ID, Email: n.Email, PasswordHash: hash, Admin: n.Admin, PrivateKey: private,
			DefaultLanguage: c.Languages[0],
		})
	})
	return account, err
}

// DeleteAccount ends an account and all it had, and tells every server that
// may have a copy. Its name is not given out again.
func (s *Service) DeleteAccount(ctx context.Context, name string) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		account, err := tx.AccountByHandle(name, "")
		if err != nil || !account.Active() {
			return fault.Errorf(fault.NotFound, "there is no account %s", name)
		}
		doc := vocab.BuildActivity(vocab.ActivityInput{
			ID: s.Config.ActivityURI(uuid.NewString()), Type: "Delete", Actor: account.URI,
			Object: account.URI, To: []string{vocab.Public}, Published: tx.Now(),
		})
		return s.applyLocal(tx, account, doc)
	})
}

// applyLocal runs a local activity through its rule inside a transaction that
// has more to write than the activity.
func (s *Service) applyLocal(tx *store.Tx, actor *store.Account, doc []byte) error {
	o, err := vocab.Parse(doc)
	if err != nil {
		return fmt.Errorf("read our own activity: %w", err)
	}
	a := &activity.Activity{Object: o, Origin: activity.Local, Actor: actor}
	rule := s.rules[a.Type]
	if err := rule.Authorize(s.env, tx, a); err != nil {
		return err
	}
	return rule.Apply(s.env, tx, a)
}

// purgeAccount clears away what a deleted account left, in small transactions.
// A local account's key goes last, when its Delete is no longer delivered.
func (s *Service) purgeAccount(ctx context.Context, args activity.PurgeArgs) error {
	for done := false; !done; {
		if err := s.Store.Update(ctx, func(tx *store.Tx) (err error) {
			done, err = tx.PurgeAccount(args.Account)
			return err
		}); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.ForgetKeyAt(tx, args.Account, s.Store.Now().Add(firstForget))
	})
}
