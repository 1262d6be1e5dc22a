package ap

import (
	"context"
	"time"

	"kinglet/ap/activity"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// completeThread fetches a status that something here answers. Its own parent
// is then another job, up to activity.MaxThreadDepth.
func (s *Service) completeThread(ctx context.Context, args activity.ThreadArgs) error {
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	out, err := s.fetchStatus(ctx, args.URI, args.Depth)
	return s.fetchOutcome("thread", args.URI, out, err)
}

// resolveMentions fetches accounts that a status mentions and that were not
// known when it came.
func (s *Service) resolveMentions(ctx context.Context, args activity.MentionsArgs) error {
	if exists, err := s.statusExists(ctx, args.Status); err != nil || !exists {
		return err
	}
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	var later error // a limit, or a host that does not answer: not the mentioned's fault
	for _, uri := range args.URIs {
		account, err := s.actor(ctx, uri)
		if isBusy(err) {
			later = err
			break
		}
		if fault.Is(err, fault.Unavailable) {
			later = err
		}
		if err != nil {
			s.Log.Debug("mentioned account can't be had", "uri", uri, "error", err)
			continue
		}
		if err := s.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddMention(args.Status, account.ID) }); err != nil {
			return err
		}
	}
	return later
}

// statusExists tells whether a status is still there and its author active: what
// was put off is judged again when it is done.
func (s *Service) statusExists(ctx context.Context, id store.ObjectID) (bool, error) {
	exists := false
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := tx.Object(id)
		if err != nil {
			return err
		}
		author, err := tx.Account(o.AccountID)
		exists = err == nil && o.DeletedAt.IsZero() && author.Active()
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return exists, err
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

// A deleted account's key is dropped when its Delete went out to everyone: it
// is asked for soon, and then every hour. Deliveries are given up in the end,
// so the key goes in the end.
const (
	firstForget = time.Minute
	forgetEvery = time.Hour
)

// forgetKey drops the private key of an account that is gone, or asks again
// later when something is still to be signed with it.
func (s *Service) forgetKey(ctx context.Context, args activity.PurgeArgs) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		waiting, err := tx.Delivering(args.Account)
		if err != nil {
			return err
		}
		if waiting {
			return activity.ForgetKeyAt(tx, args.Account, s.Store.Now().Add(forgetEvery))
		}
		return tx.ForgetKey(args.Account)
	})
}

const cleanUpEvery = 24 * time.Hour

// cleanUp is the daily round: what has had its time goes. It enqueues its own
// next run.
func (s *Service) cleanUp(ctx context.Context, _ struct{}) error {
	now := s.Store.Now()
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.CleanUp(kept(s.Config.Retention, now)); err != nil {
			return err
		}
		return activity.ScheduleCleanUp(tx, now.Add(cleanUpEvery))
	})
}

func kept(r config.Retention, now time.Time) store.Kept {
	return store.Kept{IdempotencyKeys: now.Add(-r.IdempotencyKeys), DeadJobs: now.Add(-r.DeadJobs), Events: now.Add(-r.Events), HomeFeed: r.HomeFeed}
}

// ScheduleCleanUp begins the daily rounds, at a server's start.
func (s *Service) ScheduleCleanUp(ctx context.Context) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.ScheduleCleanUp(tx, s.Store.Now().Add(cleanUpEvery))
	})
}
