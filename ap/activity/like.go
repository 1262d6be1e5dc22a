package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A Like marks a status as favourite (ActivityPub §6.8, §7.8). One with an emoji
// is a reaction.
func likeRule() Rule {
	return Rule{Type: "Like", Prepare: prepareReaction, Authorize: authorizeLike, Apply: applyLike, Undo: undoLike}
}

// authorizeLike checks that the actor may see the status that it likes or
// reacts to.
func authorizeLike(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the status %s is not known here", a.Object.Object.ID), nil
	}
	if err != nil {
		return "", err
	}
	if !a.Actor.Local() {
		if err := ownsID(env, a, a.ID); err != nil {
			return "", err
		}
	}
	may, err := tx.MaySee(a.Actor.ID, status.ID)
	if err == nil && !may {
		// As if it did not exist: see authorizeAnnounce.
		return unwanted("the status %s is not known here", a.Object.Object.ID), nil
	}
	if err != nil {
		return "", err
	}
	return "", mayDo(tx, a, store.LikeOf, status)
}

func applyLike(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	answer, goesOn, err := judged(env, tx, a, store.LikeOf, status, a.ID)
	if err != nil || !goesOn {
		return answer, err
	}
	if r := reactionTo(a, status); r.Name != "" {
		return applyReaction(tx, a, status, r)
	}
	created, err := tx.PutFavourite(a.Actor.ID, status.ID, a.ID)
	if err != nil || !created {
		return Outcome{Object: status.ID, Then: answer.Then}, err
	}
	if _, err := ask(tx, a, store.LikeOf, status, a.ID, 0, false); err != nil {
		return Outcome{}, err
	}
	out, err := notifyAuthor(tx, a, status, "favourite")
	out.Then = answer.Then
	return out, err
}

// notifyAuthor notifies a local author of a status, or publishes to a remote
// one, what was done to the status.
func notifyAuthor(tx *store.Tx, a *Activity, status *store.Object, notification string) (Outcome, error) {
	out := Outcome{Object: status.ID}
	if a.Origin.Notifies {
		if _, err := tx.Notify(&store.Notification{AccountID: status.AccountID, Type: notification, From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return Outcome{}, err
		}
	}
	if !a.Origin.Publishes {
		return out, nil
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return Outcome{}, err
	}
	out.Publish = toAccount(a, author)
	return out, nil
}

func undoLike(_ *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	if err := tx.DropInteraction(undone.Actor.ID, store.LikeOf, undone.ID); err != nil {
		return nil, false, err
	}
	id, ok, err := tx.FavouriteByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		if inboxes, found, err := undoReaction(tx, undone); found || err != nil {
			return inboxes, found, err
		}
		if name := emojiOf(undone.Object); name != "" && !vocab.IsShortcode(name) {
			return nil, false, nil // that was no favourite
		}
		o, err := tx.ObjectByURI(undone.Object.Object.ID)
		if err != nil {
			return nil, false, ifNotFound(err)
		}
		id = o.ID
	}
	if _, ok, err = tx.DeleteFavourite(undone.Actor.ID, id); err != nil || !ok {
		return nil, false, err
	}
	inboxes, err := retractFromAuthor(tx, undone, id, "favourite")
	return inboxes, true, err
}

// retractFromAuthor reverts what notifyAuthor did, and returns the inboxes that
// get the Undo.
func retractFromAuthor(tx *store.Tx, undone *Activity, id store.ObjectID, notification string) ([]string, error) {
	status, err := tx.Object(id)
	if err != nil {
		return nil, err
	}
	if err := tx.RetractNotification(status.AccountID, notification, undone.Actor.ID, id); err != nil {
		return nil, err
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return nil, err
	}
	return inboxOf(author), nil
}
