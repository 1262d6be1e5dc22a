package ap

import (
	"context"
	"net/http"
	"sync"
	"time"

	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// signer finds whose signature it is, and checks it: with the key that is
// known here and, when that fails, once with a fresh fetch of the actor, who
// may have changed it (SECURITY-RULES 1, 8). Unauthorized says why not.
func (s *Service) signer(ctx context.Context, sig *signature.Signature) (*store.Account, error) {
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByKeyID(sig.KeyID)
		return err
	})
	if err != nil && !store.Is(err, store.NotFound) {
		return nil, err
	}
	if err == nil {
		if err := verifyBy(account, sig); err == nil {
			return account, nil
		}
	}
	host := vocab.Host(sig.KeyID)
	if s.Config.IsOwn(sig.KeyID) {
		return nil, store.Errorf(store.Unauthorized, "the key %s is not one of this server", sig.KeyID)
	}
	if err == nil && !s.refetch.allow(sig.KeyID, host) {
		return nil, store.Errorf(store.Unauthorized, "the signature is not made with the key %s, which was fetched a moment ago", sig.KeyID)
	}
	if account, err = s.fetchKeyOwner(ctx, sig.KeyID); err != nil {
		return nil, err
	}
	if err := verifyBy(account, sig); err != nil {
		return nil, store.Errorf(store.Unauthorized, "%w", err)
	}
	return account, nil
}

func verifyBy(account *store.Account, sig *signature.Signature) error {
	key, err := signature.ParsePublic(account.PublicKey)
	if err != nil {
		return err
	}
	return sig.Verify(key)
}

// fetchKeyOwner fetches the document of a key: the actor itself, or a key
// that names its owner, which must name the key back.
func (s *Service) fetchKeyOwner(ctx context.Context, keyID string) (*store.Account, error) {
	doc, err := s.fetchDocument(ctx, keyID)
	if err != nil {
		if store.Is(err, store.Unavailable) {
			return nil, err // perhaps later
		}
		return nil, store.Errorf(store.Unauthorized, "the key %s can't be had: %w", keyID, err)
	}
	if !vocab.IsActorType(doc.Type) {
		if doc.Owner == "" || !vocab.SameOrigin(doc.Owner, keyID) {
			return nil, store.Errorf(store.Unauthorized, "the key %s names no owner", keyID)
		}
		if doc, err = s.fetchDocument(ctx, doc.Owner); err != nil {
			return nil, store.Errorf(store.Unauthorized, "the owner of the key %s can't be had: %w", keyID, err)
		}
	}
	account, err := s.takeActor(ctx, doc)
	if err != nil {
		return nil, store.Errorf(store.Unauthorized, "the owner of the key %s: %w", keyID, err)
	}
	if account.KeyID != keyID {
		return nil, store.Errorf(store.Unauthorized, "%s does not own the key %s", account.URI, keyID)
	}
	return account, nil
}

// refetchLimit keeps strangers from having us fetch keys without end: a key
// again after a minute, and of one host twenty a minute.
type refetchLimit struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]int
	from time.Time
}

const (
	refetchWindow  = time.Minute
	refetchPerKey  = 1
	refetchPerHost = 20
)

func newRefetchLimit(now func() time.Time) *refetchLimit {
	return &refetchLimit{now: now, seen: map[string]int{}}
}

func (l *refetchLimit) allow(key, host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); now.Sub(l.from) > refetchWindow {
		l.from = now
		clear(l.seen)
	}
	l.seen["key "+key]++
	l.seen["host "+host]++
	return l.seen["key "+key] <= refetchPerKey && l.seen["host "+host] <= refetchPerHost
}

// Signer is who signed a request for a document, fetching the key if need be;
// Unauthorized when nobody did, or not rightly.
func (s *Service) Signer(ctx context.Context, r *http.Request) (*store.Account, error) {
	sig, err := signature.Parse(r, nil, s.ownHosts(), s.Store.Now())
	if err != nil {
		return nil, store.Errorf(store.Unauthorized, "%w", err)
	}
	return s.signer(ctx, sig)
}
