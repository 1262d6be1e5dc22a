package ap

import (
	"context"
	"strings"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// actor gives the account of an actor's URI, fetching it when it is not known
// here.
func (s *Service) actor(ctx context.Context, uri string) (*store.Account, error) {
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByURI(uri)
		return err
	})
	if store.Is(err, store.NotFound) {
		return s.fetchActor(ctx, uri)
	}
	if err == nil && !account.Active() {
		err = store.Errorf(store.Gone, "the account %s is gone", uri)
	}
	return account, err
}

// fetchActor gets an actor's document from its origin and writes its account,
// with the handle that WebFinger confirms both ways.
func (s *Service) fetchActor(ctx context.Context, uri string) (*store.Account, error) {
	doc, err := s.document(ctx, uri)
	if err != nil {
		return nil, err
	}
	return s.takeActor(ctx, doc)
}

func (s *Service) takeActor(ctx context.Context, doc *vocab.Object) (*store.Account, error) {
	account, err := activity.AccountFromActor(doc)
	if err != nil {
		return nil, store.Errorf(store.Invalid, "%s: %w", doc.ID, err)
	}
	account.Domain = s.domainOf(ctx, account)
	account.FetchedAt = s.Store.Now()
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		known, err := tx.AccountByURI(account.URI)
		if err == nil {
			account.SuspendedAt = known.SuspendedAt
			if !known.DeletedAt.IsZero() {
				return store.Errorf(store.Gone, "the account %s is gone", account.URI)
			}
		} else if !store.Is(err, store.NotFound) {
			return err
		}
		return tx.PutAccount(account)
	})
	return account, err
}

// domainOf finds the domain of an actor's handle. Its own host vouches for
// name@host; another domain (@you@example.org, served from
// social.example.org) counts only when that domain's WebFinger leads back to
// the actor (SECURITY-RULES 7).
func (s *Service) domainOf(ctx context.Context, account *store.Account) string {
	host := vocab.Host(account.URI)
	found, err := s.webFinger(ctx, account.Username, host)
	if err != nil || found.actor != account.URI {
		return host
	}
	name, domain, ok := splitHandle(found.subject)
	if !ok || !strings.EqualFold(name, account.Username) || strings.EqualFold(domain, host) || s.Config.IsOwnHost(domain) {
		return host
	}
	back, err := s.webFinger(ctx, name, domain)
	if err != nil || back.actor != account.URI {
		return host
	}
	return strings.ToLower(domain)
}

// splitHandle reads name@domain, with or without acct: and a leading @.
func splitHandle(handle string) (name, domain string, ok bool) {
	handle = strings.TrimPrefix(strings.TrimPrefix(handle, "acct:"), "@")
	name, domain, ok = strings.Cut(handle, "@")
	return name, domain, ok && name != "" && domain != "" && !strings.ContainsAny(domain, "@/?# ")
}
