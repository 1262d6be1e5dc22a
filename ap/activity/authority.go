package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Whose id this may be, and who may act, is decided in this file.

// CheckID refuses an inbox activity whose id does not have its actor's origin.
func CheckID(env *Env, a *Activity) error {
	if a.Origin.Unsolicited && a.ID != "" && (env.Config.IsOwn(a.ID) || !vocab.SameOrigin(a.ID, a.Actor.URI)) {
		return refuse("the activity %s has another origin than its actor %s", a.ID, a.Actor.URI)
	}
	return nil
}

// MayAct refuses what a deleted or suspended account sends. It may still undo
// what it did; and one that only its own server suspended may report that the
// suspension has ended.
func MayAct(actor *store.Account, o *vocab.Object) error {
	switch {
	case actor.Active():
		return nil
	case !actor.DeletedAt.IsZero():
		return refuse("the account %s is gone", actor.URI)
	case o.Type == "Delete" || o.Type == "Undo":
		return nil
	case !actor.SuspendedByUs && o.Type == "Update" && o.Object.ID == actor.URI:
		return nil
	}
	return refuse("the account %s is suspended", actor.URI)
}

// Recheck checks again, in the transaction that applies an activity, what may
// have changed since it arrived: the actor, the owner of the inbox, and whether
// the actor has taken it back by now.
func Recheck(tx *store.Tx, a *Activity) (Reason, error) {
	if !a.Actor.Local() {
		if err := lockRetractable(tx, a); err != nil {
			return "", err
		}
	}
	key, post := retractable(a)
	now, err := tx.StandingsFor(key, post, a.Actor.ID, a.Recipient)
	if err != nil {
		return "", err
	}
	standing, ok := now[a.Actor.ID]
	if !ok {
		return "", fault.Errorf(fault.NotFound, "account %s not found", a.Actor.URI)
	}
	actor := a.Actor
	if !standing.IsOf(actor) {
		if actor, err = tx.Account(actor.ID); err != nil {
			return "", err
		}
	}
	if actor.Local() {
		if !actor.Active() { // deleted while the mentions of its post were looked up
			return "", fault.Errorf(fault.Gone, "This account is gone")
		}
		return "", afterMove(actor, a.Type)
	}
	a.Actor, a.Followed = actor, &standing.Followed
	if !now[a.Recipient].Active {
		a.Recipient = 0
	}
	if err := MayAct(actor, a.Object); err != nil {
		return "", err
	}
	if undone, err := isUndone(tx, a); err != nil || undone {
		return unwanted("%s has undone the %s", actor.URI, a.Type), err
	}
	if standing.Retracted {
		return unwanted("%s has taken back the %s before it came", actor.URI, a.Type), nil
	}
	return "", nil
}

// ownsNote checks that the actor is the author of a note, and that the note
// has the origin of its author (SECURITY-RULES 3, 4, 6).
func ownsNote(env *Env, a *Activity, note *vocab.Object) (Reason, error) {
	if !object.IsShown(note) {
		return unwanted("objects of type %q are not statuses", note.Type), nil
	}
	if object.IsVote(note) {
		return unwanted("%s is a vote, which is not a status", note.ID), nil
	}
	if note.ID == "" {
		return "", refuse("the object has no id")
	}
	if len(note.AttributedTo) == 0 && note.Actor.ID == "" {
		return "", refuse("the object has no author")
	}
	if author := note.Author(); author != a.Actor.URI {
		return "", refuse("the author of the object %s is not the actor %s", note.ID, a.Actor.URI)
	}
	return "", ownsID(env, a, note.ID)
}

// ownsID checks that an id may be given by the actor: it has the actor's origin
// and, unless the origin of the activity is trusted, is not this server's.
func ownsID(env *Env, a *Activity, id string) error {
	if !a.Origin.Trusted && env.Config.IsOwn(id) {
		return refuse("the id %s is this server's own", id)
	}
	if !vocab.SameOrigin(id, a.Actor.URI) {
		return refuse("the id %s has another origin than its author %s", id, a.Actor.URI)
	}
	return nil
}

// notAuthor answers an actor that changes another's object. If the actor can't
// see the object, the answer is the same as for one that does not exist.
func notAuthor(tx *store.Tx, a *Activity, o *store.Object) (Reason, error) {
	may, err := tx.MaySee(a.Actor.ID, o.ID)
	if err != nil {
		return "", err
	}
	if !may {
		return unwanted("the object %s is not known here", o.URI), nil
	}
	return "", refuse("%s is not the author of %s", a.Actor.URI, o.URI)
}
