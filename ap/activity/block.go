package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/google/uuid"
)

// A Block keeps two accounts from one another, both ways and at once
// (ActivityPub §6.9; its delivery, which the specification advises against,
// is what the fediverse does, so that the other side stops as well).
func blockRule() Rule {
	return Rule{Type: "Block", Authorize: authorizeBlock, Apply: applyBlock}
}

func authorizeBlock(env *Env, tx *store.Tx, a *Activity) error {
	target, err := objectAccount(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return ignore("the account %s is not known here", a.Object.Object.ID)
	}
	if err != nil {
		return err
	}
	if target.ID == a.Actor.ID {
		return refuse("an account can't block itself")
	}
	if a.Origin == Local {
		return nil
	}
	if !target.Local() {
		return ignore("%s does not live here", target.URI)
	}
	return ownsID(env, a, a.ID)
}

func applyBlock(env *Env, tx *store.Tx, a *Activity) error {
	target, err := objectAccount(env, tx, a)
	if err != nil {
		return err
	}
	if a.Origin == Local && !target.Local() {
		if err := endFollowsElsewhere(env, tx, a.Actor, target); err != nil {
			return err
		}
	}
	created, err := tx.PutBlock(a.Actor.ID, target.ID, a.ID)
	if err != nil || !created || a.Origin != Local {
		return err
	}
	return publish(tx, a, store.Direct, inboxOf(target))
}

// endFollowsElsewhere tells the server of a remote account that a block ends
// the follows both ways, as Mastodon does: many servers take no Block. Without
// this, they show the follows for ever and go on delivering.
func endFollowsElsewhere(env *Env, tx *store.Tx, actor, target *store.Account) error {
	if err := tx.LockPair(actor.ID, target.ID); err != nil {
		return err
	}
	theirs, err := tx.Follow(target.ID, actor.ID)
	if err == nil {
		err = answerFollow(env, tx, actor, target, theirs.URI, "Reject")
	}
	if ifNotFound(err) != nil {
		return err
	}
	ours, err := tx.Follow(actor.ID, target.ID)
	if err != nil {
		return ifNotFound(err)
	}
	undo := &store.Object{
		URI: env.Config.ActivityURI(uuid.NewString()), Type: "Undo", AccountID: actor.ID, Local: true, Visibility: store.Direct,
		ObjectURI: ours.URI, PublishedAt: tx.Now(),
	}
	undo.JSON = vocab.BuildActivity(vocab.ActivityInput{
		ID: undo.URI, Type: "Undo", Actor: actor.URI, To: []string{target.URI}, Published: undo.PublishedAt,
		Object: vocab.BuildActivity(vocab.ActivityInput{ID: ours.URI, Type: "Follow", Actor: actor.URI, Object: target.URI}),
	})
	if err := tx.RetractActivity(ours.URI); err != nil {
		return err
	}
	if _, err := tx.InsertObject(undo); err != nil {
		return err
	}
	return Deliver(tx, undo, inboxOf(target))
}

func undoBlock(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	id, ok, err := tx.BlockByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		target, err := mentioned(env, tx, undone.Object.Object.ID)
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
