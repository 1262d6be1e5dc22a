package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/google/uuid"
)

// A Follow asks to receive what its object publishes (ActivityPub §6.5, §7.5).
// An account that is not locked accepts at once.
func followRule() Rule {
	return Rule{Type: "Follow", Authorize: authorizeFollow, Apply: applyFollow, Undo: undoFollow}
}

// objectAccount finds the account that a Follow, Block or the like is about.
func objectAccount(env *Env, tx *store.Tx, a *Activity) (*store.Account, error) {
	return accountAt(env, tx, a.Object.Object.ID)
}

// accountAt finds the account of a URI. Local accounts are found by any form of
// their URI.
func accountAt(env *Env, tx *store.Tx, uri string) (*store.Account, error) {
	if name, ok := env.Config.ParseURL(uri).Username(); ok {
		return tx.AccountByHandle(name, "")
	}
	return tx.AccountByURI(uri)
}

func authorizeFollow(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if isInstanceActor(env, a.Object.Object.ID) {
		return authorizeFollowBack(env, tx, a)
	}
	target, err := objectAccount(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the account %s is not known here", a.Object.Object.ID), nil
	}
	if err != nil {
		return "", err
	}
	if !target.Active() {
		return unwanted("the account %s is gone", target.URI), nil
	}
	if !a.Actor.Local() && !target.Local() {
		return unwanted("%s is not a local account", target.URI), nil
	}
	if target.ID == a.Actor.ID {
		return "", refuse("an account can't follow itself")
	}
	if !a.Actor.Local() {
		return "", ownsID(env, a, a.ID)
	}
	blocked, err := tx.Blocked(a.Actor.ID, target.ID)
	if err == nil && blocked {
		err = fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	return "", err
}

func applyFollow(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if isInstanceActor(env, a.Object.Object.ID) {
		return acceptFollowBack(env, tx, a)
	}
	target, err := objectAccount(env, tx, a)
	if err != nil {
		return Outcome{}, err
	}
	// A block, or the same follow from another client, waits here or is
	// seen.
	if err := tx.LockPair(a.Actor.ID, target.ID); err != nil {
		return Outcome{}, err
	}
	blocked, err := tx.Blocked(a.Actor.ID, target.ID)
	if err != nil {
		return Outcome{}, err
	}
	if blocked && !a.Origin.caused().Publishes {
		return NotWanted(unwanted("%s is blocked", a.Actor.URI)), nil
	}
	if blocked {
		return Outcome{Then: []*Activity{answer(env, tx, target, a.Actor.URI, a.ID, "Reject")}}, nil
	}
	if target.Local() && target.MovedToURI != "" && a.Origin.caused().Publishes {
		// Nobody new follows who has moved.
		if _, err := tx.Follow(a.Actor.ID, target.ID); fault.Is(err, fault.NotFound) {
			return Outcome{Then: []*Activity{answer(env, tx, target, a.Actor.URI, a.ID, "Reject")}}, nil
		}
	}
	f := &store.Follow{AccountID: a.Actor.ID, TargetID: target.ID, URI: a.ID, ShowReblogs: true}
	created, err := tx.PutFollow(f)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{}
	if created {
		out.Publish = toAccount(a, target)
	}
	if !target.Local() || a.Actor.Local() && !created {
		return out, nil
	}
	if target.Locked && !f.Accepted {
		if !a.Origin.Notifies {
			return out, nil
		}
		_, err := tx.Notify(&store.Notification{AccountID: target.ID, Type: "follow_request", From: a.Actor.ID})
		return out, err
	}
	// Also when it was accepted before: who asks again has lost our answer.
	accept := answer(env, tx, target, a.Actor.URI, a.ID, "Accept")
	accept.Origin = a.Origin.caused()
	out.Then = []*Activity{accept}
	return out, nil
}

// answer is a local account's answer to a follow. Of the Follow it embeds id,
// type, actor and object, which some servers check, and nothing else that was
// sent.
func answer(env *Env, tx *store.Tx, target *store.Account, follower, follow, typ string) *Activity {
	return causedHere(env, tx, target, typ, follower, followDraft(follow, follower, target.URI))
}

func followDraft(id, follower, target string) *vocab.Object {
	return &vocab.Object{ID: id, Type: "Follow", Actor: vocab.Ref{ID: follower}, Object: vocab.Ref{ID: target}}
}

// causedHere is an activity that a rule makes a local account do.
func causedHere(env *Env, tx *store.Tx, actor *store.Account, typ, to string, about *vocab.Object) *Activity {
	draft := &vocab.Object{
		ID: env.Config.ActivityURI(uuid.NewString()), Type: typ, Actor: vocab.Ref{ID: actor.URI}, To: []string{to},
		Published: tx.Now(), Object: vocab.Ref{ID: about.ID, Object: about},
	}
	return &Activity{Object: object.Compose(draft), Origin: Local, Actor: actor}
}

func undoFollow(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	f, err := tx.FollowByURI(undone.ID, undone.Actor.ID)
	if target := undone.Object.Object.ID; target != "" && (fault.Is(err, fault.NotFound) || err == nil && f.AccountID != undone.Actor.ID) {
		other, terr := accountAt(env, tx, target)
		if terr != nil {
			return nil, false, ifNotFound(terr)
		}
		own, oerr := tx.Follow(undone.Actor.ID, other.ID)
		if err != nil || oerr == nil {
			f, err = own, oerr
		}
		if fault.Is(err, fault.NotFound) && undone.Origin.Publishes {
			return inboxOf(other), true, nil // a block ended it here: there it still stands
		}
	}
	if err != nil {
		return nil, false, ifNotFound(err)
	}
	if f.AccountID != undone.Actor.ID {
		return nil, false, refuse("%s may not undo another's follow", undone.Actor.URI)
	}
	target, err := tx.Account(f.TargetID)
	if err != nil {
		return nil, false, err
	}
	return inboxOf(target), true, endFollow(tx, f.AccountID, f.TargetID)
}
