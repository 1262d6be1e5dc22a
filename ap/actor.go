package ap

import (
	"context"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
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

// fetchActor gets an actor's document from its origin and writes its account,
// with the handle that WebFinger confirms both ways.
func (s *Service) fetchActor(ctx context.Context, uri string) (*store.Account, error) {
	doc, err := s.document(ctx, uri)
	if err != nil {
		return nil, err
	}
	return s.takeActor(ctx, doc)
}

// takeActor writes the account of an actor's document, which is believed.
func (s *Service) takeActor(ctx context.Context, doc *vocab.Object) (*store.Account, error) {
	account, _, err := s.storeActor(ctx, doc)
	return account, err
}

// storeActor is takeActor for those who also want to know of the handle.
func (s *Service) storeActor(ctx context.Context, doc *vocab.Object) (*store.Account, foundHandle, error) {
	doc, not := s.judge(ctx, doc, false)
	if not != "" {
		return nil, foundHandle{}, fault.Errorf(fault.Forbidden, "%s: %s", doc.ID, not)
	}
	account, err := object.ReadActor(doc)
	if err != nil {
		return nil, foundHandle{}, fault.Errorf(fault.Invalid, "%s: %w", doc.ID, err)
	}
	if s.Config.IsOwn(account.URL) {
		account.URL = account.URI // a page of ours is not theirs
	}
	found := s.findHandle(ctx, account)
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
		return tx.PutAccount(account)
	})
	return account, found, err
}

// recoverAfter is how old what an actor's server said of its suspension must
// be for us to ask again.
const recoverAfter = time.Hour

// mayHaveRecovered reports whether an account is suspended by its own server
// alone, which has not been asked for a while.
func (s *Service) mayHaveRecovered(account *store.Account) bool {
	return account.SuspendedByOrigin && !account.SuspendedByUs && account.DeletedAt.IsZero() &&
		s.Store.Now().Sub(account.FetchedAt) >= recoverAfter
}

// mayAct refuses what an account may not do that is gone or suspended. When
// only its server suspended it, and long ago, that is asked, and the sender is
// to try again.
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

// refreshActor fetches an actor's document anew.
func (s *Service) refreshActor(ctx context.Context, args activity.RefreshArgs) error {
	ctx, err := s.causedBy(ctx, args.URI)
	if err != nil {
		return err
	}
	_, err = s.fetchActor(ctx, args.URI)
	return s.fetchOutcome("refresh", args.URI, activity.Outcome{}, err)
}
