package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

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
	if a.Origin == Local {
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
func ownsNote(env *Env, a *Activity, note *vocab.Object) error {
	if !vocab.IsStatusType(note.Type) {
		return ignore("objects of type %q are not statuses", note.Type)
	}
	if len(note.AttributedTo) == 0 {
		return refuse("the object has no author")
	}
	if author := note.Author(); author != a.Actor.URI {
		return refuse("the author of the object %s is not %s who acts", note.ID, a.Actor.URI)
	}
	return ownsID(env, a, note.ID)
}

// ownsID checks that an id may be given by the actor: its own origin's, and,
// unless written here, not ours.
func ownsID(env *Env, a *Activity, id string) error {
	if a.Origin != Local && env.Config.IsOwn(id) {
		return refuse("the id %s is this server's own", id)
	}
	if !vocab.SameOrigin(id, a.Actor.URI) {
		return refuse("the id %s has another origin than its author %s", id, a.Actor.URI)
	}
	return nil
}

// notAuthor is the error for what an actor would do to another's object. Who
// may not see it is not told that it is there.
func notAuthor(tx *store.Tx, a *Activity, o *store.Object) error {
	may, err := tx.MaySee(a.Actor.ID, o.ID)
	if err != nil {
		return err
	}
	if !may {
		return ignore("the object %s is not known here", o.URI)
	}
	return refuse("%s is not the author of %s", a.Actor.URI, o.URI)
}

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
	var names []string
	for _, uri := range recipients(a, note) {
		if name, ok := env.Config.LocalUsername(uri); ok {
			names = append(names, name)
		}
	}
	return tx.AnyUnblocked(names, a.Actor.ID)
}

// recipients is everyone an activity or its object is addressed to, blind
// ones as well (SECURITY-RULES 13).
func recipients(a *Activity, note *vocab.Object) []string {
	var all []string
	for _, list := range [][]string{a.To, a.Cc, a.Bto, a.Bcc, a.Audience, note.To, note.Cc, note.Bto, note.Bcc, note.Audience} {
		all = append(all, list...)
	}
	return all
}
