package ap

import (
	"context"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// FollowSettings are the options of a follow; nil leaves one unchanged.
type FollowSettings struct {
	ShowReblogs, Notify *bool
	Languages           []string
}

// Follow makes an account follow another, or request it. An existing follow or
// request only gets the settings.
func (s *Service) Follow(ctx context.Context, account, target store.AccountID, f FollowSettings) error {
	actor, other, err := s.pair(ctx, account, target)
	if err != nil {
		return err
	}
	if account == target {
		return fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Follow(account, target)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		if _, err = s.simple(ctx, actor, "Follow", other.URI, []string{other.URI}, nil); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if f.ShowReblogs == nil && f.Notify == nil && f.Languages == nil {
		return nil
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockPair(account, target); err != nil {
			return err
		}
		now, err := tx.Follow(account, target)
		if err != nil {
			return err
		}
		if f.ShowReblogs != nil {
			now.ShowReblogs = *f.ShowReblogs
		}
		if f.Notify != nil {
			now.Notify = *f.Notify
		}
		if f.Languages != nil {
			now.Languages = f.Languages
		}
		_, err = tx.PutFollow(now)
		return err
	})
}

// Unfollow ends a follow or withdraws the request for one.
func (s *Service) Unfollow(ctx context.Context, account, target store.AccountID) error {
	actor, other, err := s.pair(ctx, account, target)
	if err != nil {
		return err
	}
	var known *store.Follow
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.Follow(account, target)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.local(ctx, actor, s.draft(actor, "Undo", embed(followDraft(known, actor, other)), []string{other.URI}, nil), activity.Command{})
	return err
}

// AuthorizeFollow accepts a follow request; NotFound when there is none.
func (s *Service) AuthorizeFollow(ctx context.Context, account, follower store.AccountID) error {
	return s.answerFollow(ctx, account, follower, "Accept")
}

// RejectFollow refuses a follow request, or removes a follower.
func (s *Service) RejectFollow(ctx context.Context, account, follower store.AccountID) error {
	return s.answerFollow(ctx, account, follower, "Reject")
}

func (s *Service) answerFollow(ctx context.Context, account, follower store.AccountID, typ string) error {
	actor, other, err := s.pair(ctx, account, follower)
	if err != nil {
		return err
	}
	var f *store.Follow
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		f, err = tx.Follow(follower, account)
		return err
	}); err != nil {
		return err
	}
	_, err = s.local(ctx, actor, s.draft(actor, typ, embed(followDraft(f, other, actor)), []string{other.URI}, nil), activity.Command{})
	return err
}

// followDraft is the Follow of one account by another.
func followDraft(f *store.Follow, follower, target *store.Account) *vocab.Object {
	return &vocab.Object{ID: f.URI, Type: "Follow", Actor: vocab.Ref{ID: follower.URI}, Object: vocab.Ref{ID: target.URI}}
}

// Block separates two accounts in both directions.
func (s *Service) Block(ctx context.Context, account, target store.AccountID) error {
	actor, other, err := s.pair(ctx, account, target)
	if err != nil {
		return err
	}
	if account == target {
		return fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	_, err = s.simple(ctx, actor, "Block", other.URI, []string{other.URI}, nil)
	return err
}

// Unblock ends a block; follows that it ended stay ended.
func (s *Service) Unblock(ctx context.Context, account, target store.AccountID) error {
	actor, other, err := s.pair(ctx, account, target)
	if err != nil {
		return err
	}
	return s.undo(ctx, actor, "Block", other.URI, other.URI)
}

// MuteSettings say whether notifications are muted too, and for how long; zero
// is permanent.
type MuteSettings struct {
	Notifications bool
	For           time.Duration
}

// Mute hides an account from another, without notifying it.
func (s *Service) Mute(ctx context.Context, account, target store.AccountID, m MuteSettings) error {
	if _, _, err := s.pair(ctx, account, target); err != nil {
		return err
	}
	if account == target {
		return fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	var until time.Time
	if m.For > 0 {
		until = s.Store.Now().Add(m.For)
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.PutMute(account, target, m.Notifications, until) })
}

// Unmute ends a mute.
func (s *Service) Unmute(ctx context.Context, account, target store.AccountID) error {
	if _, _, err := s.pair(ctx, account, target); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.DeleteMute(account, target) })
}
