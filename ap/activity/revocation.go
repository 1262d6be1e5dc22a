package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An authorization is taken back by the Delete of it.

// isAuthorization reports whether a row is an authorization that an account here
// has given.
func isAuthorization(o *store.Object) bool {
	for _, typ := range authorizationTypes {
		if o.Type == typ && o.Local {
			return true
		}
	}
	return false
}

// revoke ends what an account here has authorized. It is told to whom the
// authorization was given, to all who may show what it was for, and to those who
// get the author's posts.
func revoke(env *Env, tx *store.Tx, a *Activity, stamp *store.Object) (Outcome, error) {
	out := Outcome{Object: stamp.ID}
	i, err := tx.InteractionByStamp(stamp.URI)
	if err != nil {
		return out, err
	}
	if i, err = tx.InteractionToChange(i.AccountID, i.URI, i.Kind, i.TargetID); err != nil {
		return out, err
	}
	status, err := tx.Object(i.TargetID)
	if err != nil {
		return out, err
	}
	if out.Publish, err = toCopies(tx, a, status); err != nil || out.Publish == nil {
		return out, err
	}
	who, err := tx.Account(i.AccountID)
	if err != nil {
		return out, err
	}
	out.Publish.Inboxes = append(out.Publish.Inboxes, inboxOf(who)...)
	if i.StatusID != 0 {
		shown, err := tx.Object(i.StatusID)
		if err != nil {
			return out, err
		}
		readers, err := copiesOf(tx, shown)
		if err != nil {
			return out, err
		}
		out.Publish.Inboxes = append(out.Publish.Inboxes, readers...)
		if shown.Local {
			if readers, err = audience(tx, shown); err != nil {
				return out, err
			}
			out.Publish.Inboxes = append(out.Publish.Inboxes, readers...)
		}
	}
	if out.Then, err = endInteraction(env, tx, i, false); err != nil {
		return out, err
	}
	return out, tx.DeleteObject(stamp, tombstone(stamp, tx.Now()))
}

// dropAuthorization makes an authorization of an account here a tombstone.
func dropAuthorization(tx *store.Tx, uri string) error {
	stamp, err := tx.ObjectToChange(uri)
	if err != nil || !isAuthorization(stamp) || !stamp.DeletedAt.IsZero() {
		return ifNotFound(err)
	}
	return tx.DeleteObject(stamp, tombstone(stamp, tx.Now()))
}

// AuthorizationDraft is the draft of the authorization of an interaction with a
// status of author's.
func AuthorizationDraft(author *store.Account, status *store.Object, i *store.Interaction) *vocab.Object {
	return &vocab.Object{
		ID: i.Stamp, Type: authorizationTypes[i.Kind], AttributedTo: []vocab.Ref{{ID: author.URI}}, Object: vocab.Ref{ID: i.URI}, Target: vocab.Ref{ID: status.URI},
	}
}

// revokedByAuthor ends the quotes that an author elsewhere has authorized, by the
// Delete of the authorization; found is false if there are none.
func revokedByAuthor(env *Env, tx *store.Tx, a *Activity) (out Outcome, found bool, err error) {
	stamp := a.Object.Object.ID
	i, err := tx.InteractionByStamp(stamp)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return out, false, err
	}
	if err == nil {
		status, err := tx.Object(i.TargetID)
		if err != nil {
			return out, false, err
		}
		if status.AccountID == a.Actor.ID {
			if out.Then, err = endInteraction(env, tx, i, false); err != nil {
				return out, false, err
			}
			found = true
		}
	}
	quotes, err := tx.StampedQuotes(a.Actor.ID, stamp)
	for _, id := range quotes {
		quote, err := tx.Object(id)
		if err != nil {
			return out, false, err
		}
		if err := tx.EndQuote(id, quote.QuoteID, store.QuoteRevoked); err != nil {
			return out, false, err
		}
		found = true
	}
	return out, found, err
}
