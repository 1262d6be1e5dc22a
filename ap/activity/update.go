package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Update replaces a Note its actor wrote, or the actor's own document
// (ActivityPub §6.3, §7.3).
func updateRule() Rule {
	return Rule{Type: "Update", Needs: updateNeeds, Authorize: authorizeUpdate, Apply: applyUpdate}
}

// updateNeeds asks for the object when only its id came: the actor itself, a
// post of the actor's that is known here, or one that someone here wants.
func updateNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.Object != nil || ref.ID == "" || ownsID(env, a, ref.ID) != nil {
		return nil, nil
	}
	if ref.ID == a.Actor.URI {
		return []Need{{URI: ref.ID, Actor: true}}, nil
	}
	known, err := tx.ObjectByURI(ref.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		if wanted, err := isWantedUnread(env, tx, a, &vocab.Object{}); err != nil || !wanted {
			return nil, err
		}
	case err != nil:
		return nil, err
	case known.AccountID != a.Actor.ID || !known.DeletedAt.IsZero():
		return nil, nil
	}
	return []Need{{URI: ref.ID, Document: true}}, nil
}

// authorizeUpdateByID judges an Update that names an id which was not fetched,
// or which is the actor's, who was.
func authorizeUpdateByID(env *Env, tx *store.Tx, a *Activity) error {
	id := a.Object.Object.ID
	if id == "" {
		return refuse("the Update has no object")
	}
	if id == a.Actor.URI {
		return nil
	}
	if err := ownsID(env, a, id); err != nil {
		return err
	}
	known, err := tx.ObjectByURI(id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && known.AccountID != a.Actor.ID {
		return notAuthor(tx, a, known)
	}
	return ignore("the status %s concerns nobody here", id)
}

func authorizeUpdate(env *Env, tx *store.Tx, a *Activity) error {
	o := a.Object.Object.Object
	if o == nil {
		return authorizeUpdateByID(env, tx, a)
	}
	if vocab.IsActorType(o.Type) {
		if o.ID != a.Actor.URI {
			return refuse("%s may not update the actor %s", a.Actor.URI, o.ID)
		}
		return nil
	}
	if err := ownsNote(env, a, o); err != nil {
		return err
	}
	known, err := tx.ObjectByURI(o.ID)
	if fault.Is(err, fault.NotFound) {
		if wanted, err := isWanted(env, tx, a, o); err != nil || wanted {
			return err
		}
		return ignore("the status %s is not known here and concerns nobody", o.ID)
	}
	if err != nil {
		return err
	}
	if known.AccountID != a.Actor.ID {
		return notAuthor(tx, a, known)
	}
	return nil
}

func applyUpdate(env *Env, tx *store.Tx, a *Activity) error {
	o := a.Object.Object.Object
	switch {
	case o == nil:
		return nil
	case vocab.IsActorType(o.Type):
		return updateActor(env, tx, a, o)
	}
	known, err := tx.ObjectToChange(o.ID)
	if fault.Is(err, fault.NotFound) {
		status, _, err := putNote(env, tx, a, o)
		if err == nil {
			a.Result = status.ID
		}
		return err
	}
	if err != nil {
		return err
	}
	a.Result = known.ID
	if !known.DeletedAt.IsZero() {
		return nil // it was deleted: an edit does not bring it back
	}
	return editNote(env, tx, a, known, o)
}

// editNote takes the new text of a known status. Author, visibility and place
// in the thread stay the original's (SECURITY-RULES 16). An edit older than
// what is here already came late and changes nothing.
func editNote(env *Env, tx *store.Tx, a *Activity, status *store.Object, note *vocab.Object) error {
	before := *status
	fillText(status, note)
	dropOwnPage(env, a, status)
	if status.EditedAt.IsZero() {
		// Only the counts of a poll, a pin or the like changed, or a server
		// that gives no time of editing.
		status.EditedAt = before.EditedAt
		if status.Content != before.Content || status.SpoilerText != before.SpoilerText {
			status.EditedAt = tx.Now()
		}
	}
	if status.EditedAt.Before(before.EditedAt) {
		return nil
	}
	status.JSON = note.Raw
	if err := tx.UpdateStatus(status); err != nil {
		return err
	}
	was, err := tx.MentionedLocally(status.ID)
	if err != nil {
		return err
	}
	told, err := putParts(env, tx, a, note, status)
	if err != nil {
		return err
	}
	edited := status.EditedAt.After(before.EditedAt)
	if err := tellOfEdit(tx, a, status, told, was, edited); err != nil {
		return err
	}
	if a.Origin == Local {
		return publishToAudience(tx, a, status)
	}
	return nil
}

// tellOfEdit notifies those newly mentioned, and those who boosted what is
// now another text.
func tellOfEdit(tx *store.Tx, a *Activity, status *store.Object, told []store.AccountID, was map[store.AccountID]bool, edited bool) error {
	for _, id := range told {
		if was[id] {
			continue
		}
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "mention", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	if !edited {
		return nil
	}
	boosters, err := tx.LocalBoosters(status.ID)
	if err != nil {
		return err
	}
	for _, id := range boosters {
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "update", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	return nil
}

// updateActor takes an actor's new document. A remote one keeps its verified
// handle and its key: these change only by a fresh fetch (SECURITY-RULES 7, 8).
func updateActor(env *Env, tx *store.Tx, a *Activity, doc *vocab.Object) error {
	if a.Origin == Local {
		reach, err := tx.ReachInboxes(a.Actor.ID)
		if err != nil {
			return err
		}
		return publish(tx, a, store.Public, reach)
	}
	account, err := AccountFromActor(doc)
	if err != nil {
		return refuse("the actor's document: %v", err)
	}
	// As it is now: its key may have been fetched anew since the signature was verified.
	old, err := tx.AccountToChange(a.Actor.URI)
	if err != nil {
		return err
	}
	if account.PublicKey != old.PublicKey || account.KeyID != old.KeyID || account.Username != old.Username {
		if err := Refresh(tx, old.URI); err != nil {
			return err
		}
	}
	account.Username, account.Domain = old.Username, old.Domain
	account.KeyID, account.PublicKey = old.KeyID, old.PublicKey
	account.NoHandle, account.HandleVerified = old.NoHandle, old.HandleVerified
	account.FetchedAt, account.SuspendedAt, account.DeletedAt = old.FetchedAt, old.SuspendedAt, old.DeletedAt
	account.SuspendedByUs = old.SuspendedByUs
	account.SuspendByOrigin(doc.Suspended)
	if env.Config.IsOwn(account.URL) {
		account.URL = account.URI // a page of ours is not theirs
	}
	return tx.PutAccount(account)
}
