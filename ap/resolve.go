package ap

import (
	"context"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Found is the result of a lookup: one of the two is not 0.
type Found struct {
	Account store.AccountID
	Status  store.ObjectID
}

// ResolveURL finds the account or status of a URL, by id or by page, fetching
// it when it is not known here. The error is NotFound, or why it could not be
// fetched.
func (s *Service) ResolveURL(ctx context.Context, address string) (Found, error) {
	canonical, err := vocab.Canonical(address)
	if err != nil {
		return Found{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	found, err := s.KnownURL(ctx, canonical)
	if err == nil || !fault.Is(err, fault.NotFound) || s.Config.IsOwn(canonical) {
		return found, err
	}
	doc, err := s.findDocument(ctx, canonical)
	if err != nil {
		return Found{}, err
	}
	switch doc.Type {
	case "Create", "Update", "Announce":
		// The address of an activity is that of what it published: which is on its own
		// origin, and is believed from there alone.
		about := doc.Object.ID
		if found, err := s.KnownURL(ctx, about); err == nil || !fault.Is(err, fault.NotFound) {
			return found, err
		}
		if doc, err = s.fetchDocument(ctx, about); err != nil {
			return Found{}, err
		}
	}
	return s.takeFound(ctx, doc)
}

// takeFound stores what was fetched from its origin: an account or a status.
func (s *Service) takeFound(ctx context.Context, doc *vocab.Object) (Found, error) {
	if vocab.IsActorType(doc.Type) {
		account, err := s.takeActor(ctx, doc)
		if err != nil {
			return Found{}, err
		}
		return Found{Account: account.ID}, nil
	}
	out, err := s.takeStatus(ctx, doc, 0)
	if err == nil && out.NotWanted != "" {
		err = fault.Errorf(fault.NotFound, "%s: %s", doc.ID, out.NotWanted)
	}
	return Found{Status: out.Object}, err
}

// known finds what a URL refers to without any request: ids, and our own pages.
func (s *Service) known(tx *store.Tx, address string) (Found, error) {
	if s.Config.IsOwn(address) {
		address = strings.TrimSuffix(address, "/") // no path of ours ends with one
	}
	switch u := s.Config.ParseURL(address); u.Kind {
	case config.NotOurURL:
	case config.ActorURL, config.ProfileURL:
		a, err := tx.AccountByHandle(u.Name, "")
		if err != nil {
			return Found{}, err
		}
		return Found{Account: a.ID}, nil
	case config.StatusURL:
		id, _ := store.ParseID(u.ID)
		o, err := tx.Object(store.ObjectID(id))
		if err == nil && o.Local && o.IsStatus && o.DeletedAt.IsZero() {
			return Found{Status: o.ID}, nil
		}
		return Found{}, fault.Errorf(fault.NotFound, "%s is not known here", address)
	default:
		address = s.Config.MakeURL(u)
	}
	if o, err := tx.ObjectByURI(address); err == nil && o.IsStatus && o.DeletedAt.IsZero() {
		return Found{Status: o.ID}, nil
	}
	if a, err := tx.AccountByURI(address); err == nil && a.Active() {
		return Found{Account: a.ID}, nil
	}
	return Found{}, fault.Errorf(fault.NotFound, "%s is not known here", address)
}

// Resolve finds the account or status that a person means by what they pasted or
// typed: a URL, with or without its scheme, or a handle. The error says why
// there is nothing.
func (s *Service) Resolve(ctx context.Context, text string) (Found, error) {
	if address, ok := s.Config.ParseAddress(text); ok {
		return s.ResolveURL(ctx, address)
	}
	if h, ok := s.Config.ParseHandle(text); !ok || h.Domain == "" && !h.Own {
		return Found{}, fault.Errorf(fault.Invalid, "%q is neither an address (https://…) nor a handle (@name@example.org)", clip(text))
	}
	account, err := s.ResolveHandle(ctx, text)
	return Found{Account: account}, err
}

// KnownURL is ResolveURL without fetching.
func (s *Service) KnownURL(ctx context.Context, address string) (Found, error) {
	canonical, err := vocab.Canonical(address)
	if err != nil {
		return Found{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	var found Found
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = s.known(tx, canonical)
		return err
	})
	return found, err
}
