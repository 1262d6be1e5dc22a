package activity

import (
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Whether any local account wants what arrived unsolicited is decided in this
// file.

// isWanted reports whether a note from an inbox concerns a local account: one
// follows its author, is addressed, got it in its own inbox, or it quotes a post
// from here or replies to something known here.
func isWanted(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if wanted, err := isWantedUnread(env, tx, a, note); wanted || err != nil {
		return wanted, err
	}
	// Anyone can post to any inbox: what was fetched by id needs another
	// reason.
	if a.Recipient != 0 && !a.ByID {
		blocked, err := tx.Blocked(a.Recipient, a.Actor.ID)
		if err != nil || !blocked {
			return !blocked, err
		}
	}
	return belongsHere(env, tx, a, note)
}

// belongsHere reports whether a note quotes a post from here or replies to
// something known here.
func belongsHere(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if wanted, err := quotesOurs(env, tx, a, note); wanted || err != nil {
		return wanted, err
	}
	if note.InReplyTo.ID == "" {
		return false, nil
	}
	known, err := tx.KnownURIs(note.InReplyTo.ID)
	return known[note.InReplyTo.ID], err
}

// isAskedFor reports whether the origin of a note that another brings is to be
// asked for it: a local account follows its author, or it belongs here. Whom it
// addresses is no reason: its author's own server delivers it to them.
func isAskedFor(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if ok, err := isFollowed(tx, a); ok || err != nil {
		return ok, err
	}
	return belongsHere(env, tx, a, note)
}

// isWantedUnread decides as far as the addressing allows, of the activity and
// of the part of its object that arrived: a local account follows the actor, or
// is addressed and does not block it.
func isWantedUnread(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if ok, err := isFollowed(tx, a); ok || err != nil {
		return ok, err
	}
	var here []string
	var err error
	if a.Prepared != nil {
		here = a.Prepared.Here // reading ten thousand addresses is no work for the writer
	} else if here, _, err = namesHere(env, a, note); err != nil {
		return false, err
	}
	return tx.AnyUnblocked(here, a.Actor.ID)
}

// isBoostWanted reports whether a boost concerns a local account: one follows
// the booster, or the boosted status is local. Arriving in somebody's own inbox
// is not enough: anyone can post there. status is nil when it is not known
// here.
func isBoostWanted(tx *store.Tx, a *Activity, status *store.Object) (bool, error) {
	if !a.Origin.Unsolicited || status != nil && status.Local {
		return true, nil
	}
	return isFollowed(tx, a)
}

// isFollowed reports whether a local account follows the actor.
func isFollowed(tx *store.Tx, a *Activity) (bool, error) {
	if a.Followed != nil {
		return *a.Followed, nil
	}
	return tx.FollowedBySomeoneHere(a.Actor.ID)
}
