package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
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

// wantedOfRelay says why a post that a relay brought is not taken: the relay is
// not one any more, the post is not public, or has none of the hashtags that are
// taken of the relay.
func wantedOfRelay(tx *store.Tx, a *Activity, note *vocab.Object) (Reason, error) {
	r, err := tx.Relay(a.Relay)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the relay that brought %s was removed", note.ID), nil
	}
	if err != nil {
		return "", err
	}
	return MayRelay(r, note, visibilityOf(a, note) == store.Public), nil
}

// MayRelay says why a relay may not bring a post, as far as is known of it.
func MayRelay(r *store.Relay, note *vocab.Object, public bool) Reason {
	switch {
	case r.State != store.RelayAccepted:
		return unwanted("the relay %s has not accepted", r.Inbox)
	case !public:
		return unwanted("%s is not public, and relays bring what is", note.ID)
	case !r.Wants(object.Hashtags(note)):
		return unwanted("%s has none of the hashtags that are taken of the relay %s", note.ID, r.Inbox)
	}
	return ""
}

// isFollowed reports whether a local account follows the actor.
func isFollowed(tx *store.Tx, a *Activity) (bool, error) {
	if a.Followed != nil {
		return *a.Followed, nil
	}
	return tx.FollowedBySomeoneHere(a.Actor.ID)
}
