package ap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// maxAliases is how many aliases an account here has.
const maxAliases = 20

// Aliases lists the aliases of a local account: the URIs of actors that are the
// same person, and may move here.
func (s *Service) Aliases(ctx context.Context, name string) ([]string, error) {
	account, err := s.localNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	return account.AlsoKnownAs, nil
}

// AddAlias adds an actor, by its handle or URI, to the aliases of a local
// account, and returns its URI.
func (s *Service) AddAlias(ctx context.Context, name, who string) (string, error) {
	account, err := s.localNamed(ctx, name)
	if err != nil {
		return "", err
	}
	other, err := s.findActor(ctx, who)
	if err != nil {
		return "", err
	}
	switch {
	case other.ID == account.ID:
		return "", fault.Errorf(fault.Invalid, "%s is the account itself", other.URI)
	case slices.Contains(account.AlsoKnownAs, other.URI):
		return other.URI, nil
	case len(account.AlsoKnownAs) >= maxAliases:
		return "", fault.Errorf(fault.Invalid, "an account has at most %d aliases", maxAliases)
	}
	return other.URI, s.UpdateProfile(ctx, account.ID, ProfileChange{Aliases: func(now []string) []string {
		if slices.Contains(now, other.URI) || len(now) >= maxAliases {
			return now
		}
		return append(now, other.URI)
	}})
}

// RemoveAlias removes an alias, by its URI or by its handle, of which nothing is
// fetched: the actor may be gone.
func (s *Service) RemoveAlias(ctx context.Context, name, who string) error {
	account, err := s.localNamed(ctx, name)
	if err != nil {
		return err
	}
	uri := who
	if !slices.Contains(account.AlsoKnownAs, uri) {
		known, err := s.knownActor(ctx, who)
		if err != nil || !slices.Contains(account.AlsoKnownAs, known.URI) {
			return fault.Errorf(fault.NotFound, "%s is no alias of %s", who, name)
		}
		uri = known.URI
	}
	return s.UpdateProfile(ctx, account.ID, ProfileChange{Aliases: func(now []string) []string {
		return slices.DeleteFunc(now, func(alias string) bool { return alias == uri })
	}})
}

// MoveAccount moves a local account to another, which must name it in its
// alsoKnownAs: its followers are told, and follow that one.
func (s *Service) MoveAccount(ctx context.Context, name, to string) (target *store.Account, err error) {
	account, err := s.localNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	if target, err = s.findActor(ctx, to); err != nil {
		return nil, err
	}
	if !target.Local() {
		if target, err = s.fetchActor(ctx, target.URI); err != nil { // as it is now
			return nil, err
		}
	}
	move := s.draft(account, "Move", vocab.Ref{ID: account.URI}, []string{account.FollowersURI}, nil)
	move.Target = vocab.Ref{ID: target.URI}
	_, err = s.local(ctx, account, move, activity.Command{})
	return target, err
}

// CancelMove ends the move of a local account: it is used again. Who has followed
// the other account goes on following that one.
func (s *Service) CancelMove(ctx context.Context, name string) error {
	account, err := s.localNamed(ctx, name)
	if err != nil {
		return err
	}
	if account.MovedToURI == "" {
		return fault.Errorf(fault.NotFound, "%s has not moved", name)
	}
	here := ""
	return s.UpdateProfile(ctx, account.ID, ProfileChange{MovedTo: &here})
}

// localNamed is the local account of a name.
func (s *Service) localNamed(ctx context.Context, name string) (*store.Account, error) {
	account, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.AccountByHandle(name, "") })
	if fault.Is(err, fault.NotFound) || err == nil && !account.Active() {
		return nil, fault.Errorf(fault.NotFound, "there is no account %s", name)
	}
	return account, err
}

// findActor finds the account of a handle or a URI, fetching it when it is not
// known here.
func (s *Service) findActor(ctx context.Context, who string) (*store.Account, error) {
	var id store.AccountID
	if strings.Contains(who, "://") {
		found, err := s.ResolveURL(ctx, who)
		if err != nil {
			return nil, err
		}
		id = found.Account
	} else {
		var err error
		if id, err = s.ResolveHandle(ctx, who); err != nil {
			return nil, err
		}
	}
	if id == 0 {
		return nil, fault.Errorf(fault.Invalid, "%s is not an account", who)
	}
	return store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.Account(id) })
}

// knownActor is findActor without fetching.
func (s *Service) knownActor(ctx context.Context, who string) (*store.Account, error) {
	return store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) {
		if strings.Contains(who, "://") {
			return tx.AccountByURI(who)
		}
		h, ok := s.Config.ParseHandle(who)
		if !ok {
			return nil, fault.Errorf(fault.NotFound, "invalid handle %s", who)
		}
		return tx.AccountByHandle(h.Name, h.Domain)
	})
}

// moveBatch is how many of those who go along are read at once.
const moveBatch = 50

// moveFollowers has those who follow, block or mute an account that moved do the
// same with the other one. Each is a transaction of its own, which looks at what
// is there at that time: cut off, it goes on from there.
func (s *Service) moveFollowers(ctx context.Context, args activity.MoveArgs) error {
	var old, target *store.Account
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if old, err = tx.Account(args.Account); err != nil {
			return err
		}
		target, err = tx.Account(args.Target)
		return err
	}); err != nil {
		return unlessGone(err)
	}
	if err := s.moveFollows(ctx, old, target); err != nil {
		return err
	}
	if err := s.moveBlocks(ctx, old, target); err != nil {
		return err
	}
	return s.moveMutes(ctx, old, target)
}

func (s *Service) moveFollows(ctx context.Context, old, target *store.Account) error {
	for after := int64(0); ; {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.Follow, error) { return tx.LocalFollows(old.ID, after, moveBatch) })
		if err != nil || len(list) == 0 {
			return err
		}
		for _, f := range list {
			if after = f.ID; f.AccountID == target.ID {
				continue
			}
			if err := unlessGone(s.moveFollow(ctx, f, old, target)); err != nil {
				return fmt.Errorf("follow of %s by %s: %w", old.URI, f.AccountID, err)
			}
		}
	}
}

// unlessGone drops the errors of what is not to be done any more.
func unlessGone(err error) error {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Gone, fault.Forbidden:
		return nil
	}
	return err
}

// moveFollow has a follower follow the other account, with the settings of its
// follow, and no longer the old one. A locked account is asked; who blocks or
// mutes it, or is blocked, stays where they are, and so does who can't follow it.
func (s *Service) moveFollow(ctx context.Context, f store.Follow, old, target *store.Account) error {
	actor, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Account, error) { return tx.Account(f.AccountID) })
	if err != nil {
		return err
	}
	follow, err := s.prepared(ctx, actor, s.draft(actor, "Follow", vocab.Ref{ID: target.URI}, []string{target.URI}, nil))
	if err != nil {
		return err
	}
	undo, err := s.prepared(ctx, actor, s.draft(actor, "Undo", embed(followDraft(&f, actor, old)), []string{old.URI}, nil))
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockPair(actor.ID, old.ID); err != nil {
			return err
		}
		now, err := tx.Follow(actor.ID, old.ID)
		if err != nil || !now.Accepted || now.URI != f.URI {
			return err // it has ended since, or is another one
		}
		related, err := tx.Relationships(actor.ID, []store.AccountID{target.ID})
		if err != nil || len(related) == 0 {
			return err
		}
		with := related[0]
		if with.Blocking || with.BlockedBy || with.Muting {
			return nil
		}
		if !with.Following && !with.Requested {
			out, err := s.transact(ctx, tx, s.rules["Follow"], follow)
			if err != nil || out.NotWanted != "" {
				return err
			}
			if err := keepSettings(tx, now, target.ID); err != nil {
				return err
			}
		}
		_, err = s.transact(ctx, tx, s.rules["Undo"], undo)
		return err
	})
}

// keepSettings gives a new follow the settings of another of the same account.
func keepSettings(tx *store.Tx, of *store.Follow, target store.AccountID) error {
	follow, err := tx.Follow(of.AccountID, target)
	if err != nil {
		return unlessGone(err) // it was rejected at once
	}
	follow.ShowReblogs, follow.Notify, follow.Languages = of.ShowReblogs, of.Notify, of.Languages
	_, err = tx.PutFollow(follow)
	return err
}

// prepared is an activity of a local account up to its transaction: Forbidden
// when a policy refuses it.
func (s *Service) prepared(ctx context.Context, actor *store.Account, draft *vocab.Object) (*activity.Activity, error) {
	a := &activity.Activity{Object: object.Compose(draft), Origin: activity.Local, Actor: actor}
	rule, not, err := s.admit(ctx, a)
	if err == nil && not != "" {
		err = fault.Errorf(fault.Forbidden, "%s", not)
	}
	if err != nil {
		return nil, err
	}
	return a, s.prepare(rule, a)
}

// moveBlocks has those who block an account that moved block the other one, unless
// they follow it.
func (s *Service) moveBlocks(ctx context.Context, old, target *store.Account) error {
	for after := store.AccountID(0); ; {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.AccountID, error) { return tx.LocalBlocks(old.ID, after, moveBatch) })
		if err != nil || len(list) == 0 {
			return err
		}
		for _, who := range list {
			after = who
			with, err := s.relationship(ctx, who, target.ID)
			if err != nil {
				return err
			}
			if with == nil || who == target.ID || with.Blocking || with.Following {
				continue
			}
			if err := unlessGone(s.Block(ctx, who, target.ID)); err != nil {
				return err
			}
		}
	}
}

// moveMutes is moveBlocks for mutes, which end when the old ones do.
func (s *Service) moveMutes(ctx context.Context, old, target *store.Account) error {
	for after := store.AccountID(0); ; {
		list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]store.LocalMute, error) { return tx.LocalMutes(old.ID, after, moveBatch) })
		if err != nil || len(list) == 0 {
			return err
		}
		for _, m := range list {
			after = m.AccountID
			with, err := s.relationship(ctx, m.AccountID, target.ID)
			if err != nil {
				return err
			}
			if with == nil || m.AccountID == target.ID || with.Muting || with.Following {
				continue
			}
			if err := s.Store.Update(ctx, func(tx *store.Tx) error {
				return tx.PutMute(m.AccountID, target.ID, m.Notifications, m.ExpiresAt)
			}); err != nil {
				return err
			}
		}
	}
}

// relationship is how a local account and another are related; nil when that is
// not there any more.
func (s *Service) relationship(ctx context.Context, viewer, other store.AccountID) (*store.Relationship, error) {
	list, err := store.Read(ctx, s.Store, func(tx *store.Tx) ([]*store.Relationship, error) {
		return tx.Relationships(viewer, []store.AccountID{other})
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}
