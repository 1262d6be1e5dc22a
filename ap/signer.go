package ap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// readSignature checks the headers of a request: nothing is fetched, read or
// looked up (SECURITY-RULES 41). An Unauthorized error says what is wrong.
func (s *Service) readSignature(r *http.Request) (*signature.Signature, error) {
	sig, err := s.signatureRules().Parse(r, s.Store.Now())
	if err != nil {
		return nil, fault.Errorf(fault.Unauthorized, "%w", err)
	}
	if _, err := vocab.ParseURI(sig.KeyID); err != nil {
		return nil, fault.Errorf(fault.Unauthorized, "the key id: %w", err)
	}
	if s.Config.IsOwn(sig.KeyID) {
		return nil, fault.Errorf(fault.Unauthorized, "the key %s is not one of this server", sig.KeyID)
	}
	return sig, nil
}

// signatureRules are what the settings demand of signatures.
func (s *Service) signatureRules() signature.Rules {
	scheme, _, _ := strings.Cut(s.Config.URL, ":")
	skew := s.Config.SignatureSkew()
	return signature.Rules{Hosts: s.Config.OwnHosts(), Scheme: scheme, Strict: s.Config.Signatures.Strict, MaxAge: skew, Ahead: skew}
}

// knownSigner verifies a signature with the key that is known here. The account
// is nil when there is none, or it is not the one that was used; known tells
// which.
func (s *Service) knownSigner(ctx context.Context, sig *signature.Signature, client string) (signer store.KeyOwner, known bool, err error) {
	list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.KeyOwner, error) { return tx.AccountsByKeyID(sig.KeyID) })
	if err != nil {
		return signer, false, err
	}
	for _, owner := range list {
		if s.verifyBy(owner.Key, sig) == nil {
			s.limits.prove(client, vocab.Host(sig.KeyID))
			return owner, true, nil
		}
	}
	return signer, len(list) > 0, nil
}

// ownerNamed is the owner of a signature's key that an activity names as its
// actor; signer where that is not one. Two accounts of a host may say that a key
// is theirs which is not in either's own document: who was known first must not
// keep the other from being heard. What holds room while the body is read is left
// before anything is fetched.
func (s *Service) ownerNamed(ctx context.Context, client string, signer store.KeyOwner, sig *signature.Signature, actor string, leave func()) (store.KeyOwner, error) {
	if vocab.WithoutFragment(sig.KeyID) == signer.URI || !vocab.SameOrigin(sig.KeyID, actor) {
		return signer, nil
	}
	list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.KeyOwner, error) { return tx.AccountsByKeyID(sig.KeyID) })
	if err != nil {
		return signer, err
	}
	for _, owner := range list {
		if owner.URI == actor && s.verifyBy(owner.Key, sig) == nil {
			return owner, nil
		}
	}
	leave()
	enough, err := s.stranger(ctx, sig, client)
	if err != nil {
		return signer, err
	}
	defer enough()
	account, err := s.fetchSigner(ctx, sig, client, true)
	if err != nil || account.URI != actor {
		if fault.Is(err, fault.Unauthorized) {
			err = nil
		}
		return signer, err
	}
	followed, err := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) { return tx.FollowedBySomeoneHere(account.ID) })
	return store.KeyOwner{Account: account, Followed: followed}, err
}

func (s *Service) verifyBy(pem string, sig *signature.Signature) error {
	key, err := s.publicKeys.parse(pem)
	if err != nil {
		return err
	}
	return sig.Verify(key)
}

// keyTimeout limits how long a key, and then its owner's handle, is fetched:
// the sender of the request waits.
const keyTimeout = 10 * time.Second

// fetchSigner fetches the key of a signature and verifies it: an unknown one,
// or one that may have changed (SECURITY-RULES 1, 8). Concurrent requests for
// one key share a fetch. Nothing is written before the signature is verified:
// naming somebody else's key leaves no trace here.
func (s *Service) fetchSigner(ctx context.Context, sig *signature.Signature, client string, known bool) (*store.Account, error) {
	ctx, leave := s.limits.documents.enter(ctx)
	defer leave()
	host := vocab.Host(sig.KeyID)
	owner, err := s.keys.do(ctx, sig.KeyID, func() (*keyOwner, error) {
		return s.fetchKey(ctx, sig.KeyID, client, known)
	})
	if err != nil {
		return nil, err
	}
	if owner, err = s.verifyByOwner(owner, sig); err != nil {
		return nil, fault.Errorf(fault.Unauthorized, "%w", err)
	}
	proven := s.limits.isProven(client, host)
	s.limits.prove(client, host)
	return s.owners.do(ctx, owner.account.URI, func() (*store.Account, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyTimeout)
		defer cancel()
		return s.takeKeyOwner(withCause(ctx, cause{host: host, trusted: proven}), owner)
	})
}

// keyOwner is the owner of a key as its document describes it, before it is
// stored.
type keyOwner struct {
	doc     *vocab.Object
	account *store.Account
	keys    []store.AccountKey // what the key id names: all of the owner's if that is the owner's own
}

// verifyByOwner verifies a signature with the keys that its key id names. Some
// sign with the id of the actor, or a fragment that no key of the actor has: the
// key is then kept under this id too, so that it is not fetched for each request.
func (s *Service) verifyByOwner(owner *keyOwner, sig *signature.Signature) (*keyOwner, error) {
	err := errors.New("the actor has no such key")
	for _, k := range owner.keys {
		if err = s.verifyBy(k.PublicKey, sig); err != nil {
			continue
		}
		if k.ID == sig.KeyID {
			return owner, nil
		}
		named := &keyOwner{doc: withKey(owner.doc, vocab.PublicKey{ID: sig.KeyID, Owner: owner.doc.ID, PEM: k.PublicKey})}
		named.account, err = object.ReadActor(named.doc)
		return named, err
	}
	return nil, err
}

// withKey is an actor's document with one more key, or what was fetched of one.
func withKey(doc *vocab.Object, key vocab.PublicKey) *vocab.Object {
	whole := *doc
	whole.PublicKeys = append(slices.Clone(doc.PublicKeys), key)
	return &whole
}

// takeKeyOwner stores the owner of a key, unless another request has done so
// by now.
func (s *Service) takeKeyOwner(ctx context.Context, owner *keyOwner) (account *store.Account, err error) {
	known := false
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if account, err = tx.AccountByURI(owner.account.URI); err != nil {
			return err
		}
		keys, err := tx.AccountKeys(account.ID)
		known = account.KeyID == owner.account.KeyID && account.PublicKey == owner.account.PublicKey && hasKeys(keys, owner.account.Keys)
		return err
	})
	if err == nil && known {
		return account, nil
	}
	account, err = s.takeActor(ctx, owner.doc)
	if err != nil && fault.KindOf(err) != fault.Internal {
		err = fault.Errorf(fault.Unauthorized, "the owner of the key %s: %w", owner.account.KeyID, err)
	}
	return account, err
}

// hasKeys reports whether all keys are among those that are known.
func hasKeys(known, keys []store.AccountKey) bool {
	for _, k := range keys {
		if !slices.Contains(known, k) {
			return false
		}
	}
	return true
}

// fetchKey fetches a key and its owner. Whatever could not be fetched or
// trusted is Unauthorized alike: a sender must not learn what we could reach.
// The error is RateLimited or Unavailable when a limit is exceeded.
func (s *Service) fetchKey(ctx context.Context, keyID, client string, known bool) (*keyOwner, error) {
	if _, failed := s.limits.failedKeys.Get(keyID); failed {
		return nil, fault.Errorf(fault.Unauthorized, "the key %s could not be fetched a moment ago", keyID)
	}
	host := vocab.Host(keyID)
	if err := s.limits.allowKeyFetch(client, host, keyID, known); err != nil {
		return nil, err
	}
	proven := s.limits.isProven(client, host)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyTimeout)
	defer cancel()
	owner, err := s.findKeyOwner(withCause(ctx, cause{host: host, trusted: proven}), keyID)
	if isBusy(err) {
		return nil, err
	}
	if err != nil {
		noteFailed(s.limits.failedKeys, keyID, err)
		return nil, fault.Errorf(fault.Unauthorized, "could not fetch the key %s: %w", keyID, err)
	}
	return owner, nil
}

// findKeyOwner fetches the document of a key: the actor itself, or a key that
// names its owner. The owner must name the key as well (SECURITY-RULES 1).
func (s *Service) findKeyOwner(ctx context.Context, keyID string) (*keyOwner, error) {
	doc, err := s.document(ctx, keyID)
	if err != nil {
		return nil, err
	}
	var key *vocab.Object
	if !vocab.IsActorType(doc.Type) {
		if doc.Owner == "" || !vocab.SameOrigin(doc.Owner, keyID) {
			return nil, fault.Errorf(fault.Invalid, "the key names no owner")
		}
		key = doc
		if doc, err = s.document(ctx, doc.Owner); err != nil {
			return nil, fmt.Errorf("owner: %w", err)
		}
	}
	if doc, err = s.withNamedKeys(ctx, doc, key); err != nil {
		return nil, err
	}
	account, err := object.ReadActor(doc)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "owner: %w", err)
	}
	owner := &keyOwner{doc: doc, account: account}
	all := append([]store.AccountKey{{ID: account.KeyID, PublicKey: account.PublicKey}}, account.Keys...)
	for _, k := range all {
		if k.ID == keyID && k.PublicKey != "" {
			owner.keys = append(owner.keys, k)
		}
	}
	// The page of the key id is the owner's own document, and not that of another
	// account on its host: it names all of its keys.
	if owner.keys == nil && vocab.WithoutFragment(keyID) == account.URI {
		owner.keys = slices.DeleteFunc(all, func(k store.AccountKey) bool { return k.PublicKey == "" })
	}
	if owner.keys == nil {
		return nil, fault.Errorf(fault.Invalid, "%s does not own it", account.URI)
	}
	return owner, nil
}

// maxNamedKeys limits how many keys of one actor are fetched that are documents
// of their own.
const maxNamedKeys = 2

// withNamedKeys is an actor's document with the keys that it only names by their
// ids: each is fetched from its own origin, which must be the actor's, and names
// the actor as its owner. key is one that was fetched already, if any. Without a
// key that can be read, an error of the fetch is returned.
func (s *Service) withNamedKeys(ctx context.Context, doc, key *vocab.Object) (*vocab.Object, error) {
	var failed error
	fetched, usable := 0, false
	for i, k := range doc.PublicKeys {
		if k.PEM != "" || k.Multibase != "" || k.Owner != "" {
			usable = true
			continue
		}
		if vocab.WithoutFragment(k.ID) == doc.ID || !vocab.SameOrigin(k.ID, doc.ID) || s.Config.IsOwn(k.ID) {
			continue
		}
		found := key
		if found == nil || found.ID != k.ID {
			if fetched == maxNamedKeys {
				continue
			}
			fetched++
			var err error
			if found, err = s.document(ctx, k.ID); err != nil {
				failed = fmt.Errorf("key: %w", err)
				continue
			}
		}
		if found.ID != k.ID || found.Owner != doc.ID {
			continue
		}
		k.Owner, k.PEM, k.Multibase = found.Owner, found.PublicKeyPEM, found.PublicKeyMultibase
		whole := *doc
		whole.PublicKeys = slices.Clone(doc.PublicKeys)
		whole.PublicKeys[i] = k
		doc, usable = &whole, true
	}
	if !usable && failed != nil {
		return nil, failed
	}
	return doc, nil
}

// stranger admits a request whose key is not known here, or returns an error
// when there are too many of them, of its client or of the key's host. A new
// account, or key, of a server that has signed before has separate limits.
func (s *Service) stranger(ctx context.Context, sig *signature.Signature, client string) (leave func(), err error) {
	room, host := s.limits.strangers, vocab.Host(sig.KeyID)
	if s.limits.isProven(client, host) {
		room = s.limits.neighbours
	}
	if leave, err = room.AcquireBytes(ctx, smallBody, "client "+client, "host "+host); err != nil {
		return nil, overCapacity("too many requests wait for keys")
	}
	return leave, nil
}

// Signer returns the actor that signed a request for a document, fetching the
// key if needed; Unauthorized when there is no valid signature. client is the
// address that the request came from.
func (s *Service) Signer(ctx context.Context, r *http.Request, client string) (*store.Account, error) {
	sig, err := s.readSignature(r)
	if err != nil {
		return nil, err
	}
	if not := s.refusedHost(sig.KeyID); not != "" {
		return nil, fault.Errorf(fault.Unauthorized, "%s", not)
	}
	if err := sig.CheckBody(nil); err != nil {
		return nil, fault.Errorf(fault.Unauthorized, "%w", err)
	}
	owner, known, err := s.knownSigner(ctx, sig, client)
	if err != nil || owner.Account != nil {
		return owner.Account, err
	}
	leave, err := s.stranger(ctx, sig, client)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.fetchSigner(ctx, sig, client, known)
}
