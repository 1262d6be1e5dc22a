package ap

import (
	"context"
	"errors"
	"net/http"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// Accounts and hosts that are gone. Only an account's own server says that it is
// gone: with 410 at once, with 404 when it says so three times within a week; 401
// and 403 say nothing. An inbox that answers 410 gets nothing more; a host that has
// not answered for days neither, and is asked once a day whether it is there
// again. Whoever writes to us is there.

const (
	// missingTimes is how often an actor must be missing, and missingFor for how
	// long, to be gone.
	missingTimes = 3
	missingFor   = 7 * 24 * time.Hour
	// checkedFor is how long no message has an actor checked again, and wroteFor
	// how long that a host writes to us is nothing new.
	checkedFor = time.Hour
	wroteFor   = 10 * time.Minute
)

// inboxGone notes that an inbox answered 410, and has those checked whose it is.
func (s *Service) inboxGone(ctx context.Context, inbox string) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		first, err := tx.PutGoneInbox(inbox)
		if err != nil || !first {
			return err
		}
		s.Log.Info("inbox is gone", "inbox", inbox)
		return activity.GoneInboxJob.Enqueue(tx, activity.GoneInboxArgs{Inbox: inbox}, jobs.Unique(activity.GoneInboxJob.Name+" "+inbox))
	})
}

// goneBatch is how many accounts are read, and checks enqueued, at once.
const goneBatch = 50

// checkInbox enqueues the checks of those who are delivered to at an inbox that
// is gone.
func (s *Service) checkInbox(ctx context.Context, args activity.GoneInboxArgs) error {
	for after := store.AccountID(0); ; {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]*store.Account, error) { return tx.DeliveredTo(args.Inbox, after, goneBatch) })
		if err != nil || len(list) == 0 {
			return err
		}
		if err := s.Store.Update(ctx, func(tx *store.Tx) error {
			for _, account := range list {
				if err := activity.CheckActor(tx, activity.CheckActorArgs{URI: account.URI}, tx.Now()); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		after = list[len(list)-1].ID
	}
}

// checkActor checks whether an account is gone, by its own origin, and deletes it
// here if so. One that is there is stored as it is now.
func (s *Service) checkActor(ctx context.Context, args activity.CheckActorArgs) error {
	account, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.AccountByURI(args.URI) })
	if err != nil || account.Local() || !account.DeletedAt.IsZero() {
		return unlessGone(err)
	}
	resp, err := s.getSigned(ctx, args.URI)
	if err != nil {
		return s.fetchOutcome("check", args.URI, activity.Outcome{}, fetchError(args.URI, err))
	}
	// Where a redirect leads elsewhere, the answer is another's.
	own := vocab.SameOrigin(resp.URL, args.URI)
	switch {
	case own && resp.Status == http.StatusGone:
		return s.endAccount(ctx, account)
	case own && resp.Status == http.StatusNotFound:
		return s.missing(ctx, account, args)
	}
	doc, from, err := s.readAnswer(ctx, args.URI, resp)
	switch {
	case err != nil:
	case isOrigin(doc.ID, args.URI, from):
		_, err = s.takeActor(ctx, doc)
	default:
		_, err = s.fetchActor(ctx, args.URI)
	}
	return s.fetchOutcome("check", args.URI, activity.Outcome{}, err)
}

// missing counts that an actor was not found, and checks again or takes it for
// gone.
func (s *Service) missing(ctx context.Context, account *store.Account, args activity.CheckActorArgs) error {
	now := s.Store.Now()
	if args.Missing++; args.Missing == 1 {
		args.First = now
	}
	if args.Missing >= missingTimes && now.Sub(args.First) >= missingFor {
		return s.endAccount(ctx, account)
	}
	at := now.Add(missingFor / (missingTimes - 1))
	// The running check has the key until it has ended.
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.CheckActorJob.Enqueue(tx, args, jobs.At(at), jobs.Unique(activity.CheckActorJob.Name+" "+args.URI+" "+args.First.Format(time.RFC3339)+" "+at.Format(time.RFC3339)))
	})
}

// endAccount deletes an account that is gone at its origin.
func (s *Service) endAccount(ctx context.Context, account *store.Account) error {
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		now, err := tx.AccountToChange(account.URI)
		if err != nil || !now.DeletedAt.IsZero() {
			return err
		}
		return activity.EndAccount(tx, now)
	})
	if err == nil {
		s.Log.Info("account is gone", "actor", account.URI)
	}
	return unlessGone(err)
}

// askWhetherGone decides about a Delete of its own actor whose key could not be
// fetched, or does not fit: that of an account which is gone can't be fetched any
// more. If the account is known here, its origin is asked by a job, whoever has
// sent this; the sender need not come again.
func (s *Service) askWhetherGone(ctx context.Context, keyID string, doc *vocab.Object, cause error) (asked bool, err error) {
	actor := doc.Actor.ID
	if doc.Type != "Delete" || doc.Object.ID != actor || !vocab.SameOrigin(keyID, actor) {
		return false, nil
	}
	if _, lately := s.limits.checked.Get(actor); lately {
		return true, nil
	}
	if !fault.Is(cause, fault.Unauthorized) {
		return false, nil
	}
	err = s.askIfGone(ctx, actor)
	return err == nil, err
}

// askIfGone enqueues the check of an actor, if it is known here.
func (s *Service) askIfGone(ctx context.Context, actor string) error {
	if _, lately := s.limits.checked.Get(actor); lately {
		return nil
	}
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		account, err := tx.AccountByURI(actor)
		if err != nil || account.Local() || !account.DeletedAt.IsZero() {
			return unlessGone(err)
		}
		return activity.CheckActor(tx, activity.CheckActorArgs{URI: account.URI}, tx.Now())
	})
	if err == nil {
		s.limits.checked.Put(actor, struct{}{}, checkedFor)
	}
	return err
}

// hostWrote notes that the host of an account is there, since its signature was
// verified: what waits for it is tried.
func (s *Service) hostWrote(ctx context.Context, account *store.Account) error {
	host := vocab.Host(account.URI)
	inbox := account.SharedInbox
	if inbox == "" {
		inbox = account.Inbox
	}
	if _, lately := s.limits.wrote.Get(inbox); lately {
		return nil
	}
	silent, err := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) { return tx.IsSilent(host, inbox) })
	if err != nil {
		return err
	}
	if silent {
		if err := s.Store.Update(ctx, func(tx *store.Tx) error {
			return tx.HostWrote(host, inbox, []string{activity.DeliverJob.Name, activity.ProbeJob.Name})
		}); err != nil {
			return err
		}
	}
	s.limits.wrote.Put(inbox, struct{}{}, wroteFor)
	return nil
}

// probe asks a dead host for anything: when it answers, its lane recovers.
func (s *Service) probe(ctx context.Context, args activity.ProbeArgs) error {
	host := vocab.Host(args.URL)
	resp, err := s.client.Do(ctx, outgoing.Request{URL: args.URL, Accept: vocab.Accept, MaxBytes: 64 << 10})
	switch {
	case errors.Is(err, outgoing.ErrTooLarge):
		return nil
	case outgoing.IsRefused(err):
		return jobs.Permanent(err)
	case err != nil:
		return jobs.HostDown(host, err, 0)
	case isOverloaded(resp.Status):
		return s.overloaded(args.URL, resp)
	}
	return nil
}
