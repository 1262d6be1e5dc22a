package activity

import (
	"kinglet/ap/vocab"
	"kinglet/store"
)

// An Update replaces a Note its actor wrote, or the actor's own document
// (ActivityPub §6.3, §7.3).
func updateRule() Rule {
	return Rule{Type: "Update", Needs: updateNeeds, Authorize: authorizeUpdate, Apply: applyUpdate}
}

// updateNeeds asks for the object when only its id came.
func updateNeeds(_ *Env, _ *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.Object != nil || ref.ID == "" {
		return nil, nil
	}
	return []Need{{URI: ref.ID, Actor: ref.ID == a.Actor.URI}}, nil
}

func authorizeUpdate(env *Env, tx *store.Tx, a *Activity) error {
	o := a.Object.Object.Object
	if o == nil {
		if a.Object.Object.ID == "" {
			return refuse("the Update has no object")
		}
		return nil // it was fetched anew, and stands here by that
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
	if store.Is(err, store.NotFound) {
		if wanted, err := isWanted(env, tx, a, o); err != nil || wanted {
			return err
		}
		return ignore("the status %s is not known here and concerns nobody", o.ID)
	}
	if err != nil {
		return err
	}
	if known.AccountID != a.Actor.ID {
		return refuse("%s is not the author of %s", a.Actor.URI, o.ID)
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
	if store.Is(err, store.NotFound) {
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
	old := a.Actor
	if account.PublicKey != old.PublicKey || account.KeyID != old.KeyID || account.Username != old.Username {
		job := newJob(JobRefresh, old.URI, RefreshArgs{URI: old.URI})
		job.UniqueKey = JobRefresh + " " + old.URI
		if err := tx.Enqueue(job); err != nil {
			return err
		}
	}
	account.Username, account.Domain = old.Username, old.Domain
	account.KeyID, account.PublicKey = old.KeyID, old.PublicKey
	account.FetchedAt, account.SuspendedAt, account.DeletedAt = old.FetchedAt, old.SuspendedAt, old.DeletedAt
	return tx.PutAccount(account)
}
