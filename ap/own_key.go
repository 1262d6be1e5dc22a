package ap

import (
	"context"
	"crypto/ed25519"

	"kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Each account here, and the instance actor, has two keys: an RSA key, with which
// every server can verify, and an Ed25519 key for RFC 9421 and proofs, which is a
// fiftieth of the work.

// loadInstanceKeys reads the instance actor's keys. They are generated at the
// first start that misses them.
func (s *Service) loadInstanceKeys(ctx context.Context) error {
	text, err := s.secret(ctx, "instance_actor_key", func() (string, error) {
		key, err := signature.GenerateKey()
		if err != nil {
			return "", err
		}
		return signature.MarshalPrivate(key)
	})
	if err != nil {
		return err
	}
	if s.instanceKey, err = signature.ParsePrivate(text); err != nil {
		return err
	}
	if s.instancePublicKey, err = signature.MarshalPublic(&s.instanceKey.PublicKey); err != nil {
		return err
	}
	if text, err = s.secret(ctx, "instance_actor_ed25519_key", signature.GenerateEd25519); err != nil {
		return err
	}
	s.instanceEd25519, err = signature.ParseEd25519(text)
	return err
}

// secret reads a setting that is made once.
func (s *Service) secret(ctx context.Context, name string, generate func() (string, error)) (known string, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, _, err = tx.Setting(name)
		return err
	})
	if err != nil || known != "" {
		return known, err
	}
	made, err := generate() // not inside the transaction: it may take a while
	if err != nil {
		return "", err
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.SettingOnce(name, made)
		return err
	})
	return known, err
}

// keysAtOnce is how many accounts get their Ed25519 key in one transaction.
const keysAtOnce = 100

// makeEd25519Keys gives the accounts of an older version their Ed25519 keys.
func (s *Service) makeEd25519Keys(ctx context.Context) error {
	for {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.AccountID, error) { return tx.AccountsWithoutEd25519(keysAtOnce) })
		if err != nil || len(list) == 0 {
			return err
		}
		keys := make([]string, len(list))
		for i := range keys {
			if keys[i], err = signature.GenerateEd25519(); err != nil {
				return err
			}
		}
		if err := s.Store.Update(ctx, func(tx *store.Tx) error {
			for i, id := range list {
				if err := tx.SetEd25519Key(id, keys[i]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
}

// actorDraft is the document of a local account with all that is published of
// its keys and of this server. user is nil of a deleted account.
func (s *Service) actorDraft(a *store.Account, user *store.User, tags []vocab.Tag) (*vocab.Object, error) {
	o := object.ActorDraft(a, tags)
	o.WebFinger = s.Config.Handle(a.Username)
	o.Generator = s.Config.InstanceActorURI()
	if user == nil || user.Ed25519Key == "" {
		return o, nil
	}
	key, err := s.privateKeys.parseEd25519(a.ID, user.Ed25519Key)
	if err != nil {
		return nil, err
	}
	o.PublicKeys = append(o.PublicKeys, multikey(s.Config.Ed25519KeyID(a.Username), a.URI, key))
	return o, nil
}

// multikey is what an actor publishes of its Ed25519 key (FEP-521a).
func multikey(id, owner string, key ed25519.PrivateKey) vocab.PublicKey {
	return vocab.PublicKey{ID: id, Owner: owner, Multibase: signature.MarshalMultikey(key.Public().(ed25519.PublicKey)), Assertion: true}
}
