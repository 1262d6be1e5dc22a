package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/store"
)

// ThreadIsDue reports whether a thread can be completed from other servers, and
// was not within its rest.
func (s *Service) ThreadIsDue(root *store.ThreadRoot) bool {
	settings, now := s.Config.Threads, s.Store.Now()
	return settings.Opened() && root.Public && !root.Local && now.Sub(root.StartedAt) >= settings.Rest
}

// OpenThread begins to complete a thread that an account here has opened, unless
// that is done already, and returns how far it is.
func (s *Service) OpenThread(ctx context.Context, viewer store.AccountID, root, opened store.ObjectID) (now *store.ThreadRoot, err error) {
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := activity.OpenThread(s.env, tx, viewer, root, opened); err != nil {
			return err
		}
		now, err = tx.ThreadRoot(root)
		return err
	})
	return now, err
}

// OpenProfile begins to complete the profile of another server's account that an
// account here has opened, unless that was done lately.
func (s *Service) OpenProfile(ctx context.Context, viewer store.AccountID, a *store.Account) error {
	if !activity.ProfileIsDue(s.Config, s.Store.Now(), a) {
		return nil
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return activity.OpenProfile(s.env, tx, viewer, a) })
}
