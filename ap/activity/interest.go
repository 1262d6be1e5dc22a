package activity

import (
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Does anyone here want it: decided here, for what came without being asked for.

// isWanted tells whether a note from an inbox concerns anyone here: someone
// follows its author, it is addressed to someone here, it came to somebody's
// own inbox, or it answers something known here.
func isWanted(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if wanted, err := isWantedUnread(env, tx, a, note); wanted || err != nil {
		return wanted, err
	}
	// Anyone can post to anyone's inbox: what was fetched needs more than that.
	if a.Recipient != 0 && !a.ByID {
		blocked, err := tx.Blocked(a.Recipient, a.Actor.ID)
		if err != nil || !blocked {
			return !blocked, err
		}
	}
	if note.InReplyTo.ID == "" {
		return false, nil
	}
	known, err := tx.KnownURIs(note.InReplyTo.ID)
	return known[note.InReplyTo.ID], err
}

// isWantedUnread tells as much of it as the addressing says, of the activity
// and of its object as far as it came: someone here follows the actor, or is
// addressed and does not block it.
func isWantedUnread(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if ok, err := tx.FollowedBySomeoneHere(a.Actor.ID); ok || err != nil {
		return ok, err
	}
	var here []string
	var err error
	if a.Prepared != nil {
		here = a.Prepared.Here // reading ten thousand addresses is no work for the writer
	} else if here, err = namesHere(env, a, note); err != nil {
		return false, err
	}
	return tx.AnyUnblocked(here, a.Actor.ID)
}

// isBoostWanted tells whether a boost concerns anyone here: someone follows
// who boosts, or it is of a post from here. Not for having come to somebody's
// own inbox: anyone can post there. status is nil for one not known here.
func isBoostWanted(tx *store.Tx, a *Activity, status *store.Object) (bool, error) {
	if !a.Origin.Unsolicited || status != nil && status.Local {
		return true, nil
	}
	return tx.FollowedBySomeoneHere(a.Actor.ID)
}
