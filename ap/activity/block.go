package activity

import "kinglet/store"

// A Block keeps two accounts from one another, both ways and at once
// (ActivityPub §6.9; its delivery, which the specification advises against,
// is what the fediverse does, so that the other side stops as well).
func blockRule() Rule {
	return Rule{Type: "Block", Authorize: authorizeBlock, Apply: applyBlock}
}

func authorizeBlock(env *Env, tx *store.Tx, a *Activity) error {
	target, err := objectAccount(env, tx, a)
	if store.Is(err, store.NotFound) {
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
	created, err := tx.PutBlock(a.Actor.ID, target.ID, a.ID)
	if err != nil || !created || a.Origin != Local {
		return err
	}
	return publish(tx, a, store.Direct, inboxOf(target))
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
