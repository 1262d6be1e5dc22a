package activity

import (
	"kinglet/store"

	"kinglet/internal/fault"
)

// A Like favours a status (ActivityPub §6.8, §7.8).
func likeRule() Rule {
	return Rule{Type: "Like", Authorize: authorizeLike, Apply: applyLike}
}

func authorizeLike(env *Env, tx *store.Tx, a *Activity) error {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if fault.Is(err, fault.NotFound) {
		return ignore("the status %s is not known here", a.Object.Object.ID)
	}
	if err != nil {
		return err
	}
	if a.Origin != Local {
		if err := ownsID(env, a, a.ID); err != nil {
			return err
		}
	}
	may, err := tx.MaySee(a.Actor.ID, status.ID)
	if err == nil && !may {
		// As if it were not there: see authorizeAnnounce.
		err = ignore("the status %s is not known here", a.Object.Object.ID)
	}
	return err
}

func applyLike(_ *Env, tx *store.Tx, a *Activity) error {
	status, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return err
	}
	a.Result = status.ID
	created, err := tx.PutFavourite(a.Actor.ID, status.ID, a.ID)
	if err != nil || !created {
		return err
	}
	if _, err := tx.Notify(&store.Notification{AccountID: status.AccountID, Type: "favourite", From: a.Actor.ID, StatusID: status.ID}); err != nil {
		return err
	}
	if a.Origin != Local {
		return nil
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return err
	}
	return publish(tx, a, store.Direct, inboxOf(author))
}

func undoLike(_ *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	id, ok, err := tx.FavouriteByURI(undone.Actor.ID, undone.ID)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		o, err := tx.ObjectByURI(undone.Object.Object.ID)
		if err != nil {
			return nil, false, ifNotFound(err)
		}
		id = o.ID
	}
	if _, ok, err = tx.DeleteFavourite(undone.Actor.ID, id); err != nil || !ok {
		return nil, false, err
	}
	status, err := tx.Object(id)
	if err != nil {
		return nil, false, err
	}
	if err := tx.Unnotify(status.AccountID, "favourite", undone.Actor.ID, id); err != nil {
		return nil, false, err
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return nil, false, err
	}
	return inboxOf(author), true, nil
}
