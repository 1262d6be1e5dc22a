package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Undo takes back what its actor did: a Follow, Like, Announce or Block
// (ActivityPub §6.10, §7.10). An Undo of an Accept ends the follow.
func undoRule() Rule {
	return Rule{Type: "Undo", Authorize: authorizeUndo, Apply: applyUndo}
}

// authorizeUndo checks that what is undone was the actor's own. What is found
// here is found under the actor, so a wrong claim finds nothing.
func authorizeUndo(_ *Env, _ *store.Tx, a *Activity) error {
	ref := a.Object.Object
	if ref.ID == "" && ref.Object == nil {
		return refuse("the Undo has no object")
	}
	if ref.Object != nil && ref.Object.Actor.ID != "" && ref.Object.Actor.ID != a.Actor.URI {
		return refuse("%s may not undo what %s did", a.Actor.URI, ref.Object.Actor.ID)
	}
	if ref.ID != "" && !vocab.SameOrigin(ref.ID, a.Actor.URI) {
		return refuse("%s may not undo %s", a.Actor.URI, ref.ID)
	}
	return nil
}

func applyUndo(env *Env, tx *store.Tx, a *Activity) error {
	undone := &Activity{Object: a.Object.Object.Object, Origin: a.Origin, Actor: a.Actor}
	if undone.Object == nil {
		undone.Object = &vocab.Object{ID: a.Object.Object.ID}
	}
	var inboxes []string
	for _, undo := range undoers(undone.Object.Type) {
		list, found, err := undo(env, tx, undone)
		if err != nil {
			return err
		}
		inboxes = append(inboxes, list...)
		if found {
			break
		}
	}
	if a.Origin != Local {
		return nil
	}
	if err := tx.RetractActivity(undone.ID); err != nil {
		return err
	}
	return publish(tx, a, store.Direct, inboxes)
}

// undoer takes back one kind of activity of its actor, if it is that kind,
// and tells whom a local one must be delivered to.
type undoer func(env *Env, tx *store.Tx, undone *Activity) (inboxes []string, found bool, err error)

// undoers are those to ask for a type; when only an id came, all.
func undoers(typ string) []undoer {
	switch typ {
	case "Follow":
		return []undoer{undoFollow}
	case "Like":
		return []undoer{undoLike}
	case "Announce":
		return []undoer{undoAnnounce}
	case "Block":
		return []undoer{undoBlock}
	case "Accept":
		return []undoer{undoAccept}
	case "":
		return []undoer{undoFollow, undoLike, undoAnnounce, undoBlock}
	}
	return nil
}

func undoFollow(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	f, err := tx.FollowByURI(undone.ID, undone.Actor.ID)
	if target := undone.Object.Object.ID; target != "" && (fault.Is(err, fault.NotFound) || err == nil && f.AccountID != undone.Actor.ID) {
		other, terr := mentioned(env, tx, target)
		if terr != nil {
			return nil, false, ifNotFound(terr)
		}
		own, oerr := tx.Follow(undone.Actor.ID, other.ID)
		if err != nil || oerr == nil {
			f, err = own, oerr
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

// undoAccept ends the follow that an Accept of the actor had allowed.
func undoAccept(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	f, err := answeredFollow(env, tx, undone)
	if err != nil {
		return nil, false, ifNotFound(err)
	}
	if f.TargetID != undone.Actor.ID {
		return nil, false, refuse("%s was not asked by the follow %s", undone.Actor.URI, f.URI)
	}
	return nil, true, endFollow(tx, f.AccountID, f.TargetID)
}

func ifNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// inboxOf is where a remote account is told something for it alone; nowhere
// for one that lives here.
func inboxOf(account *store.Account) []string {
	if account.Local() {
		return nil
	}
	return []string{account.Inbox}
}
