package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/internal/fault"
	"kinglet/store"
)

// completeThread fetches a status that something here replies to. Its own
// parent is another job, up to threads.max_ancestors.
func (s *Service) completeThread(ctx context.Context, args activity.ThreadArgs) error {
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	out, err := s.fetchStatus(ctx, args.URI, args.Depth)
	return s.fetchOutcome("thread", args.URI, out, err)
}

// statusExists reports whether a status still exists and its author is active:
// postponed work is checked again when it runs.
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
