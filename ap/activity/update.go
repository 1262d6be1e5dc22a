package activity

import (
	"maps"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Update replaces a Note its actor wrote, or the actor's own document
// (ActivityPub §6.3, §7.3).
func updateRule() Rule {
	return Rule{Type: "Update", Needs: updateNeeds, Whole: true, Prepare: prepareObject, Authorize: authorizeUpdate, Apply: applyUpdate}
}

// updateNeeds asks for the object when only its id came: the actor itself, a
// post of the actor's that is known here, or one that someone here wants.
func updateNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.ID == "" || ownsID(env, a, ref.ID) != nil {
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

// authorizeUpdateByID decides about an Update that names an id which was not
// fetched, or which is the actor's own.
func authorizeUpdateByID(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	id := a.Object.Object.ID
	if id == "" {
		return "", refuse("the Update has no object")
	}
	if id == a.Actor.URI {
		return "", nil
	}
	if err := ownsID(env, a, id); err != nil {
		return "", err
	}
	known, err := tx.ObjectByURI(id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if err == nil && known.AccountID != a.Actor.ID {
		return notAuthor(tx, a, known)
	}
	return unwanted("the status %s concerns no local account", id), nil
}

func authorizeUpdate(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	o := a.Object.Object.Object
	if o == nil {
		return authorizeUpdateByID(env, tx, a)
	}
	if vocab.IsActorType(o.Type) {
		if o.ID != a.Actor.URI {
			return "", refuse("%s may not update the actor %s", a.Actor.URI, o.ID)
		}
		return "", nil
	}
	if not, err := ownsNote(env, a, o); not != "" || err != nil {
		return not, err
	}
	known, err := tx.ObjectByURI(o.ID)
	if fault.Is(err, fault.NotFound) {
		if !isAddressed(a, o) {
			return "", refuse("the object %s is addressed to nobody", o.ID)
		}
		if wanted, err := isWanted(env, tx, a, o); err != nil || wanted {
			return "", err
		}
		return unwanted("the status %s is not known here and concerns no local account", o.ID), nil
	}
	if err != nil {
		return "", err
	}
	if known.AccountID != a.Actor.ID {
		return notAuthor(tx, a, known)
	}
	if !known.IsStatus || known.ReblogOfID != 0 {
		return unwanted("%s is a boost, which has no text to edit", o.ID), nil
	}
	return "", nil
}

func applyUpdate(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	o := a.Object.Object.Object
	switch {
	case o == nil:
		return Outcome{}, nil
	case vocab.IsActorType(o.Type):
		return updateActor(tx, a, o)
	}
	known, err := tx.ObjectToChange(o.ID)
	if fault.Is(err, fault.NotFound) {
		answer, goesOn, err := judgedReply(env, tx, a)
		if err != nil || !goesOn {
			return answer, err
		}
		status, _, err := putStatus(env, tx, a)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Object: status.ID, Then: answer.Then}, linkJudged(tx, a, store.ReplyTo, answer, status)
	}
	if err != nil {
		return Outcome{}, err
	}
	if known.AccountID != a.Actor.ID { // it came since authorizeUpdate looked
		not, err := notAuthor(tx, a, known)
		return NotWanted(not), err
	}
	if !known.DeletedAt.IsZero() {
		return Outcome{Object: known.ID}, nil // it was deleted: an edit does not bring it back
	}
	if a.Command.Unchanged {
		return sendUnchanged(tx, a, known)
	}
	if a.Command.Tallies {
		return sendTallies(tx, a, known)
	}
	return editStatus(env, tx, a, known)
}

// editStatus applies the new text of a known status. Author, visibility and
// place in the thread stay the original's (SECURITY-RULES 16). An edit older
// than the stored one arrived late and changes nothing.
func editStatus(env *Env, tx *store.Tx, a *Activity, status *store.Object) (Outcome, error) {
	before := *status
	status.TakeText(a.Prepared.Status)
	checkTimes(tx, status)
	keepPublished(a, status)
	if status.EditedAt.IsZero() {
		// Only the counts of a poll, a pin or the like changed, or a server
		// that gives no time of editing.
		status.EditedAt = before.EditedAt
		if status.Content != before.Content || status.SpoilerText != before.SpoilerText || !isSamePoll(status.Poll, before.Poll) {
			status.EditedAt = tx.Now()
		}
	}
	out := Outcome{Object: status.ID}
	if status.EditedAt.Before(before.EditedAt) {
		return out, nil
	}
	if err := nameQuoted(env, tx, status); err != nil {
		return Outcome{}, err
	}
	keepQuote(env, a, &before, status)
	if err := editPoll(tx, a, &before, status); err != nil {
		return Outcome{}, err
	}
	if err := tx.UpdateStatus(status); err != nil {
		return Outcome{}, err
	}
	if err := completeQuote(env, tx, a, status); err != nil {
		return Outcome{}, err
	}
	was, err := tx.MentionedLocally(status.ID)
	if err != nil {
		return Outcome{}, err
	}
	mentioned, err := putParts(tx, a, status, true)
	if err != nil {
		return Outcome{}, err
	}
	if err := mentionQuoted(tx, status); err != nil {
		return Outcome{}, err
	}
	if a.Origin.Notifies {
		edited := status.EditedAt.After(before.EditedAt)
		if err := notifyOfEdit(tx, a, status, mentioned, was, edited); err != nil {
			return Outcome{}, err
		}
	}
	if err := forward(env, tx, a, status); err != nil {
		return Outcome{}, err
	}
	if out.Publish, err = toReaders(tx, a, status); err == nil {
		err = toRelays(env, tx, a, status, out.Publish)
	}
	if err == nil {
		err = stillHeld(tx, status, out.Publish)
	}
	return out, err
}

// notifyOfEdit notifies the newly mentioned accounts, and those that boosted
// the status when its text changed.
func notifyOfEdit(tx *store.Tx, a *Activity, status *store.Object, mentioned []store.AccountID, was map[store.AccountID]bool, edited bool) error {
	for _, id := range mentioned {
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

// updateActor applies an actor's new document. A remote actor keeps its
// verified handle and its key: these change only by a fresh fetch
// (SECURITY-RULES 7, 8). A local account has written its rows itself
// (Command.Write).
func updateActor(tx *store.Tx, a *Activity, doc *vocab.Object) (Outcome, error) {
	if a.Actor.Local() {
		if !a.Origin.Publishes {
			return Outcome{}, nil
		}
		inboxes, err := tx.ReachInboxes(a.Actor.ID)
		return Outcome{Publish: &Publication{Visibility: store.Public, Inboxes: inboxes}}, err
	}
	changed := *a.Prepared.Account
	account := &changed
	// The current row: its key may have been fetched again since the
	// signature was verified.
	old, err := tx.AccountToChange(a.Actor.URI)
	if err != nil {
		return Outcome{}, err
	}
	keys, err := tx.AccountKeys(old.ID)
	if err != nil {
		return Outcome{}, err
	}
	if account.PublicKey != old.PublicKey || account.KeyID != old.KeyID || account.Username != old.Username || otherKeys(old, keys, account) {
		if err := Refresh(tx, old.URI); err != nil {
			return Outcome{}, err
		}
	}
	account.Username, account.Domain = old.Username, old.Domain
	account.KeyID, account.PublicKey = old.KeyID, old.PublicKey
	account.NoHandle, account.HandleVerified = old.NoHandle, old.HandleVerified
	account.FetchedAt, account.SuspendedAt, account.DeletedAt = old.FetchedAt, old.SuspendedAt, old.DeletedAt
	account.SuspendedByUs = old.SuspendedByUs
	account.SuspendByOrigin(doc.Suspended)
	return Outcome{}, tx.PutAccount(account)
}

// otherKeys reports whether an actor's new document has other keys than are known,
// whatever their ids: some sign with ids that no key has, which are kept too.
func otherKeys(old *store.Account, known []store.AccountKey, account *store.Account) bool {
	texts := func(first string, keys []store.AccountKey) map[string]bool {
		set := map[string]bool{first: true}
		for _, k := range keys {
			if k.PublicKey != "" {
				set[k.PublicKey] = true
			}
		}
		return set
	}
	return !maps.Equal(texts(old.PublicKey, known), texts(account.PublicKey, account.Keys))
}
