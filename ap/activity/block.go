package activity

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// A Block separates two accounts in both directions (ActivityPub §6.9. The
// specification advises against delivering it; the fediverse does, so that the
// other server stops as well).
func blockRule() Rule {
	return Rule{Type: "Block", Authorize: authorizeBlock, Apply: applyBlock, Undo: undoBlock}
}

func authorizeBlock(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	target, err := objectAccount(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the account %s is not known here", a.Object.Object.ID), nil
	}
	if err != nil {
		return "", err
	}
	if target.ID == a.Actor.ID {
		return "", refuse("an account can't block itself")
	}
	if a.Actor.Local() {
		return "", nil
	}
	if !target.Local() {
		return unwanted("%s is not a local account", target.URI), nil
	}
	return "", ownsID(env, a, a.ID)
}

func applyBlock(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	target, err := objectAccount(env, tx, a)
	if err != nil {
		return Outcome{}, err
	}
	var then []*Activity
	if a.Origin.Publishes && !target.Local() {
		if then, err = endFollowsElsewhere(env, tx, a.Actor, target); err != nil {
			return Outcome{}, err
		}
	}
	created, err := tx.PutBlock(a.Actor.ID, target.ID, a.ID)
	if err != nil || !created {
		return Outcome{}, err
	}
	return Outcome{Publish: toAccount(a, target), Then: then}, nil
}

// endFollowsElsewhere notifies the server of a remote account that a block
// ended the follows in both directions, as Mastodon does: many servers ignore a
// Block. Without this, they show the follows forever and go on delivering.
func endFollowsElsewhere(env *Env, tx *store.Tx, actor, target *store.Account) (then []*Activity, err error) {
	if err := tx.LockPair(actor.ID, target.ID); err != nil {
		return nil, err
	}
	theirs, err := tx.Follow(target.ID, actor.ID)
	if err == nil {
		then = append(then, answer(env, tx, actor, target.URI, theirs.URI, "Reject"))
	}
	if ifNotFound(err) != nil {
		return nil, err
	}
	ours, err := tx.Follow(actor.ID, target.ID)
	if err == nil {
		then = append(then, causedHere(env, tx, actor, "Undo", target.URI, followDraft(ours.URI, actor.URI, target.URI)))
	}
	return then, ifNotFound(err)
}

func undoBlock(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	id, ok, err := tx.BlockByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		target, err := accountAt(env, tx, undone.Object.Object.ID)
		if err != nil {
			return nil, false, ifNotFound(err)
		}
		id = target.ID
	}
	if _, ok, err := tx.DeleteBlock(undone.Actor.ID, id); err != nil || !ok {
		return nil, false, err
	}
	target, err := tx.Account(id)
	if err != nil {
		return nil, false, err
	}
	return inboxOf(target), true, nil
}
