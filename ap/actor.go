package ap

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// actor returns the account of an actor's URI, fetching it when it is not known
// here.
func (s *Service) actor(ctx context.Context, uri string) (*store.Account, error) {
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		account, err = tx.AccountByURI(uri)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return s.fetchActor(ctx, uri)
	}
	if err == nil && s.mayHaveRecovered(account) {
		account, err = s.fetchActor(ctx, uri)
	}
	if err == nil && !account.Active() {
		err = fault.Errorf(fault.Gone, "the account %s is gone", uri)
	}
	return account, err
}

// fetchActor fetches an actor's document from its origin and stores its
// account, with the handle that WebFinger confirms in both directions.
func (s *Service) fetchActor(ctx context.Context, uri string) (*store.Account, error) {
	doc, err := s.document(ctx, uri)
	if err != nil {
		return nil, err
	}
	return s.takeActor(ctx, doc)
}

// takeActor stores the account of an actor's document, which is trusted.
func (s *Service) takeActor(ctx context.Context, doc *vocab.Object) (*store.Account, error) {
	account, _, err := s.storeActor(ctx, doc)
	return account, err
}

// storeActor is takeActor that also returns the handle that was found.
func (s *Service) storeActor(ctx context.Context, doc *vocab.Object) (*store.Account, foundHandle, error) {
	doc, not := s.judge(ctx, doc, false)
	if not != "" {
		return nil, foundHandle{}, fault.Errorf(fault.Forbidden, "%s: %s", doc.ID, not)
	}
	doc, err := s.withNamedKeys(ctx, doc, nil)
	if err != nil {
		return nil, foundHandle{}, fmt.Errorf("%s: %w", doc.ID, err)
	}
	account, err := object.ReadActor(doc)
	if err != nil {
		return nil, foundHandle{}, fault.Errorf(fault.Invalid, "%s: %w", doc.ID, err)
	}
	if s.Config.IsOwn(account.URL) {
		account.URL = account.URI // a page of ours is not theirs
	}
	found := s.handleOf(ctx, account, doc.WebFinger)
	account.FetchedAt = s.Store.Now()
	fetched := *account // what comes of it depends on what is known when it is written
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		*account = fetched
		known, err := tx.AccountToChange(account.URI)
		if err == nil {
			if !known.DeletedAt.IsZero() {
				return fault.Errorf(fault.Gone, "the account %s is gone", account.URI)
			}
			account.SuspendedByUs, account.SuspendedAt = known.SuspendedByUs, known.SuspendedAt
			account.SuspendByOrigin(doc.Suspended)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		found.apply(account, known)
		if found.askAgain {
			if err := activity.VerifyHandleAt(tx, account.URI, tx.Now().Add(askHandleAgain)); err != nil {
				return err
			}
		}
		if err := tx.PutAccount(account); err != nil {
			return err
		}
		if err := tx.PutAccountKeys(account.ID, fetched.Keys); err != nil {
			return err
		}
		return s.noteImplements(tx, doc)
	})
	return account, found, err
}

// recoverAfter is how old a suspension by the actor's server must be for us to
// check it again.
const recoverAfter = time.Hour

// mayHaveRecovered reports whether an account is suspended only by its own
// server, which has not been asked for a while.
func (s *Service) mayHaveRecovered(account *store.Account) bool {
	return account.SuspendedByOrigin && !account.SuspendedByUs && account.DeletedAt.IsZero() &&
		s.Store.Now().Sub(account.FetchedAt) >= recoverAfter
}

// mayAct refuses what a deleted or suspended account sends. When only its own
// server suspended it, and long ago, the actor is fetched again, and the sender
// gets an error that makes it retry.
func (s *Service) mayAct(ctx context.Context, actor *store.Account, doc *vocab.Object) error {
	refusal := activity.MayAct(actor, doc)
	if refusal == nil || !s.mayHaveRecovered(actor) {
		return refusal
	}
	if err := s.Store.Update(ctx, func(tx *store.Tx) error { return activity.Refresh(tx, actor.URI) }); err != nil {
		return err
	}
	return fault.Errorf(fault.Unavailable, "the account %s was suspended by its server, which is being asked again", actor.URI)
}

// refreshActor fetches an actor's document again.
func (s *Service) refreshActor(ctx context.Context, args activity.RefreshArgs) error {
	ctx, err := s.causedBy(ctx, cmp.Or(args.By, args.URI))
	if err != nil {
		return err
	}
	_, err = s.fetchActor(ctx, args.URI)
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		if cerr := s.askIfGone(ctx, args.URI); cerr != nil {
			return cerr
		}
	}
	return s.fetchOutcome("refresh", args.URI, activity.Outcome{}, err)
}
