package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Whose id may this be, and who may act: each is decided here.

// CheckID refuses the activity of an inbox whose id is not its actor's to give.
func CheckID(env *Env, a *Activity) error {
	if a.Origin.Unsolicited && a.ID != "" && (env.Config.IsOwn(a.ID) || !vocab.SameOrigin(a.ID, a.Actor.URI)) {
		return refuse("the activity %s has another origin than its actor %s", a.ID, a.Actor.URI)
	}
	return nil
}

// MayAct refuses what an account that is gone or suspended sends. It may still
// take back what it did; and one that only its own server suspended may say
// that it is back.
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

// Recheck judges again, in the transaction that applies an activity, what may
// have changed since it came: the actor as it is now, and whose inbox it was.
func Recheck(tx *store.Tx, a *Activity) error {
	now, err := tx.Accounts([]store.AccountID{a.Actor.ID, a.Recipient})
	if err != nil {
		return err
	}
	actor := now[a.Actor.ID]
	if actor == nil {
		return fault.Errorf(fault.NotFound, "account %s not found", a.Actor.URI)
	}
	if actor.Local() {
		if !actor.Active() { // deleted while a post of its looked up whom it mentions
			return fault.Errorf(fault.Gone, "This account is gone")
		}
		return nil
	}
	a.Actor = actor
	if recipient := now[a.Recipient]; recipient == nil || !recipient.Active() {
		a.Recipient = 0
	}
	return MayAct(actor, a.Object)
}

// ownsNote checks that the actor is the author of a note, and that the note
// has the origin of its author (SECURITY-RULES 3, 4, 6).
func ownsNote(env *Env, a *Activity, note *vocab.Object) (Reason, error) {
	if !object.IsStatus(note.Type) {
		return unwanted("objects of type %q are not statuses", note.Type), nil
	}
	if len(note.AttributedTo) == 0 {
		return "", refuse("the object has no author")
	}
	if author := note.Author(); author != a.Actor.URI {
		return "", refuse("the author of the object %s is not the actor %s", note.ID, a.Actor.URI)
	}
	return "", ownsID(env, a, note.ID)
}

// ownsID checks that an id may be given by the actor: its own origin's, and,
// unless we vouch for it, not ours.
func ownsID(env *Env, a *Activity, id string) error {
	if !a.Origin.Trusted && env.Config.IsOwn(id) {
		return refuse("the id %s is this server's own", id)
	}
	if !vocab.SameOrigin(id, a.Actor.URI) {
		return refuse("the id %s has another origin than its author %s", id, a.Actor.URI)
	}
	return nil
}

// notAuthor answers what an actor would do to another's object. Who may not
// see it is not told that it is there.
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
