package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/store"

	"github.com/google/uuid"
)

// An answer or a boost of ours that waits for an author's approval goes to that
// author alone: it is held. Once it is accepted it is sent again, to all, and says
// where the approval is; when it is refused nobody else has it. So GoToSocial does
// it, whose servers drop what waits for another's approval.

// hold leaves of those who get an answer or a boost of ours the author of the other
// status, if it is held.
func hold(tx *store.Tx, held bool, author store.AccountID, p *Publication) error {
	if !held || p == nil {
		return nil
	}
	account, err := tx.Account(author)
	if err == nil {
		p.Inboxes = inboxOf(account)
	}
	return err
}

// stillHeld is hold for the Update of an answer of ours.
func stillHeld(tx *store.Tx, status *store.Object, p *Publication) error {
	if !status.Local || status.InReplyToAccountID == 0 || p == nil {
		return nil
	}
	i, err := tx.InteractionOf(status.AccountID, status.URI, store.ReplyTo, status.InReplyToID)
	if err != nil {
		return ifNotFound(err)
	}
	return hold(tx, i.Held && i.State == store.InteractionPending, status.InReplyToAccountID, p)
}

// approvalOf is where an Accept says that its author allows an answer, a boost or a
// like of ours. GoToSocial up to 0.20 means the Accept itself, of which it gives no
// result.
func approvalOf(env *Env, a *Activity, kind string) (stamp string, byAccept bool, err error) {
	stamp = resultOf(a)
	if _, says := a.Document["result"]; !says && kind != store.QuoteOf {
		stamp, byAccept = a.ID, true
	}
	if stamp == "" || ownsID(env, a, stamp) != nil {
		return "", false, refuse("the Accept of %s has no authorization of its actor's origin", a.Object.Object.ID)
	}
	return stamp, byAccept, nil
}

// sendApproved sends an answer or a boost of ours again, which was accepted, with
// what its author has given for it. A like nobody else has.
func sendApproved(env *Env, tx *store.Tx, i *store.Interaction) ([]*Activity, error) {
	if i.Kind == store.LikeOf || i.StatusID == 0 {
		return nil, nil
	}
	status, err := tx.Object(i.StatusID)
	if err != nil || !status.DeletedAt.IsZero() {
		return nil, err
	}
	if i.Kind == store.ReplyTo && !i.Held {
		return sendAgain(env, tx, status.ID)
	}
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return nil, err
	}
	row, typ := status, "Announce"
	about := status.ObjectURI
	if i.Kind == store.ReplyTo {
		created, err := tx.ActivitiesOn("Create", []string{status.URI})
		if err != nil {
			return nil, err
		}
		if row = created[status.URI]; row == nil {
			return sendAgain(env, tx, status.ID)
		}
		typ, about = "Create", status.URI
	}
	again := &Activity{Object: &vocab.Object{ID: row.URI, Type: typ, Object: vocab.Ref{ID: about}}, Origin: Local, Actor: author}
	p, err := toAudience(tx, again, status)
	if err != nil || p == nil {
		return nil, err
	}
	if i.Kind == store.ReplyTo {
		if err := toRelays(env, tx, again, status, p); err != nil {
			return nil, err
		}
	}
	// Not as the first of what is about it: the author's server has got that.
	return nil, FanOutArgs{
		Activity: row.ID, Sender: author.ID, Inboxes: once(deliverable(env, again, p)), Order: []string{author.URI, about},
	}.enqueue(tx)
}

// endOwn ends an answer or a boost of ours that the author of the other status
// refuses (rejected), or does not allow any more. An answer that nobody else has
// is deleted, as GoToSocial does; one that others have stays, without the approval.
func endOwn(env *Env, tx *store.Tx, i *store.Interaction, was string, rejected bool) ([]*Activity, error) {
	if i.StatusID == 0 {
		return nil, nil
	}
	status, err := tx.Object(i.StatusID)
	if err != nil || !status.Local || !status.DeletedAt.IsZero() {
		return nil, ifNotFound(err)
	}
	switch {
	case i.Held && was == store.InteractionPending && rejected:
		return nil, tx.DeleteObject(status, tombstone(status, tx.Now()))
	case i.Kind == store.AnnounceOf:
		return undoBoost(env, tx, i, status)
	case was == store.InteractionAccepted:
		return sendAgain(env, tx, status.ID)
	}
	return nil, nil
}

// undoBoost is the Undo of a boost of ours, addressed as the boost was.
func undoBoost(env *Env, tx *store.Tx, i *store.Interaction, boost *store.Object) ([]*Activity, error) {
	booster, err := tx.Account(boost.AccountID)
	if err != nil {
		return nil, err
	}
	target, err := tx.Object(i.TargetID)
	if err != nil {
		return nil, err
	}
	author, err := tx.Account(target.AccountID)
	if err != nil {
		return nil, err
	}
	to, cc := Addressing(booster, boost.Visibility, []*store.Account{author})
	undone := &vocab.Object{
		ID: boost.URI, Type: "Announce", Actor: vocab.Ref{ID: booster.URI}, Object: vocab.Ref{ID: boost.ObjectURI}, To: to, Cc: cc, Published: boost.PublishedAt,
	}
	draft := &vocab.Object{
		ID: env.Config.ActivityURI(uuid.NewString()), Type: "Undo", Actor: vocab.Ref{ID: booster.URI}, To: to, Cc: cc, Published: tx.Now(),
		Object: vocab.Ref{ID: undone.ID, Object: undone},
	}
	return []*Activity{{Object: object.Compose(draft), Origin: Local, Actor: booster}}, nil
}
