package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// visibleTo reads a status that account can see; for a boost, the boosted
// status.
func (s *Service) visibleTo(ctx context.Context, account store.AccountID, id store.ObjectID) (actor *store.Account, st *store.Status, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if st, err = tx.Status(account, id); err != nil {
			return err
		}
		if st.Reblog != nil {
			st = st.Reblog
		}
		actor, err = tx.Account(account)
		return err
	})
	return actor, st, err
}

// Favourite marks a status that an account can see as its favourite.
func (s *Service) Favourite(ctx context.Context, account store.AccountID, id store.ObjectID) error {
	actor, st, err := s.visibleTo(ctx, account, id)
	if err != nil || st.Favourited {
		return err
	}
	_, err = s.simple(ctx, actor, "Like", st.URI, []string{st.Account.URI}, nil)
	return err
}

// Unfavourite reverts it, even when the author has blocked the account.
func (s *Service) Unfavourite(ctx context.Context, account store.AccountID, id store.ObjectID) error {
	own, err := s.ownInteraction(ctx, account, id, (*store.Tx).HasFavourite)
	if err != nil || own == nil {
		return err
	}
	return s.undo(ctx, own.actor, "Like", own.status.URI, own.author.URI)
}

// interaction is what an account did to a status.
type interaction struct {
	actor, author *store.Account
	status        *store.Object
}

// ownInteraction reads what an account did to a status, for a boost to the
// boosted status, whether or not the account can still see it: everyone can
// undo what they did. It is nil when nothing was done; NotFound when the
// account can't see the status either.
func (s *Service) ownInteraction(ctx context.Context, account store.AccountID, id store.ObjectID,
	done func(*store.Tx, store.AccountID, store.ObjectID) (bool, error),
) (own *interaction, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		status, err := tx.Object(id)
		if err == nil && status.ReblogOfID != 0 {
			status, err = tx.Object(status.ReblogOfID)
		}
		if err != nil {
			return err
		}
		if ok, err := done(tx, account, status.ID); err != nil {
			return err
		} else if !ok {
			_, err := tx.Status(account, id)
			return err
		}
		own = &interaction{status: status}
		if own.actor, err = tx.Account(account); err != nil {
			return err
		}
		own.author, err = tx.Account(status.AccountID)
		return err
	})
	return own, err
}

// undo reverts what actor did to an object of another: the stored activity or,
// when there is none (an import brought only its effect), one of the type. It is
// addressed as that was, and so is what it embeds: GoToSocial answers 400 to an
// Announce without addressing.
func (s *Service) undo(ctx context.Context, actor *store.Account, typ, object, other string) error {
	undone := &vocab.Object{ID: actor.URI + "#" + typ, Type: typ, Actor: vocab.Ref{ID: actor.URI}, Object: vocab.Ref{ID: object}, To: []string{other}}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		o, err := tx.ActivityOn(actor.ID, typ, object)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		undone.ID, undone.Published = o.URI, o.PublishedAt
		if o.IsStatus { // a boost
			undone.To, undone.Cc = activity.Addressing(actor, o.Visibility, nil)
			undone.Cc = append(undone.Cc, other)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.local(ctx, actor, s.draft(actor, "Undo", embed(undone), undone.To, undone.Cc), activity.Command{})
	return err
}

// Boost boosts a status that an account can see, and returns the boost's id; a
// second boost returns the first one's.
func (s *Service) Boost(ctx context.Context, account store.AccountID, id store.ObjectID, v store.Visibility) (store.ObjectID, error) {
	actor, st, err := s.visibleTo(ctx, account, id)
	if err != nil {
		return 0, err
	}
	if !activity.MayBoost(account, &st.Object) {
		return 0, fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	to, cc := activity.Addressing(actor, max(v, st.Visibility), nil)
	out, err := s.simple(ctx, actor, "Announce", st.URI, to, append(cc, st.Account.URI))
	if err != nil {
		return 0, err
	}
	return out.Object, nil
}

// Unboost reverts it, even when the author has blocked the account.
func (s *Service) Unboost(ctx context.Context, account store.AccountID, id store.ObjectID) error {
	own, err := s.ownInteraction(ctx, account, id, (*store.Tx).HasBoost)
	if err != nil || own == nil {
		return err
	}
	return s.undo(ctx, own.actor, "Announce", own.status.URI, own.author.URI)
}

// Bookmark adds or removes an account's bookmark; nobody else can see it.
func (s *Service) Bookmark(ctx context.Context, account store.AccountID, id store.ObjectID, keep bool) error {
	_, st, err := s.visibleTo(ctx, account, id)
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		if keep {
			return tx.PutBookmark(account, st.ID)
		}
		return tx.DeleteBookmark(account, st.ID)
	})
}

// Pin adds one of an account's own public statuses to the top of its profile,
// or removes it.
func (s *Service) Pin(ctx context.Context, account store.AccountID, id store.ObjectID, up bool) error {
	actor, st, err := s.visibleTo(ctx, account, id)
	if err != nil {
		return err
	}
	if st.AccountID != account {
		return fault.Errorf(fault.Invalid, "Validation failed: Someone else's post cannot be pinned")
	}
	if st.Visibility == store.Direct {
		return fault.Errorf(fault.Invalid, "Validation failed: Posts that are only visible to mentioned users cannot be pinned")
	}
	typ := "Add"
	if !up {
		typ = "Remove"
	}
	to, cc := activity.Addressing(actor, st.Visibility, nil)
	draft := s.draft(actor, typ, vocab.Ref{ID: st.URI}, to, cc)
	draft.Target = vocab.Ref{ID: actor.FeaturedURI}
	_, err = s.local(ctx, actor, draft, activity.Command{})
	return err
}
