package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// MaxQuotes limits how many quotes are followed: a quoted status is fetched, and
// what that quotes, which is shown as a link.
const MaxQuotes = 2

// nameQuoted replaces the page of a status of ours that a status quotes by its
// id.
func nameQuoted(env *Env, tx *store.Tx, status *store.Object) error {
	if status.QuoteURI == "" || !env.Config.IsOwn(status.QuoteURI) {
		return nil
	}
	switch u := env.Config.ParseURL(status.QuoteURI); u.Kind {
	case config.NotOurURL:
	case config.StatusURL:
		id, _ := store.ParseID(u.ID)
		o, err := tx.Object(store.ObjectID(id))
		if err != nil {
			return ifNotFound(err)
		}
		if o.Local && o.IsStatus {
			status.QuoteURI = o.URI
		}
	default:
		status.QuoteURI = env.Config.MakeURL(u)
	}
	return nil
}

// keepQuote keeps what the author of what an edited status quotes has decided. An
// authorization of ours is the row's that we have, whatever the edit says.
func keepQuote(env *Env, a *Activity, before, status *store.Object) {
	if status.QuoteURI != before.QuoteURI {
		return
	}
	if a.Actor.Local() {
		status.QuoteState, status.QuoteStamp = before.QuoteState, before.QuoteStamp
	} else if env.Config.IsOwn(before.QuoteURI) {
		status.QuoteState = before.QuoteState
	}
}

// completeQuote enqueues the fetch of a quoted status that is not known here,
// within the same limits as that of a parent.
func completeQuote(env *Env, tx *store.Tx, a *Activity, status *store.Object) error {
	if a.Origin.Completes && status.QuoteID != 0 && status.QuoteState == "" && status.QuoteStamp != "" && !env.Config.IsOwn(status.QuoteStamp) {
		may, err := mayWait(env, tx, a, QuoteConsentJob.Name, status.QuoteStamp)
		if err != nil || !may {
			return err
		}
		return AskConsent(tx, QuoteConsentArgs{Status: status.ID, Stamp: status.QuoteStamp, Cause: a.cause()})
	}
	if !a.Origin.Completes || status.QuoteURI == "" || status.QuoteID != 0 || status.QuoteState != "" || a.Quotes >= MaxQuotes || env.Config.IsOwn(status.QuoteURI) {
		return nil
	}
	if may, err := mayWait(env, tx, a, QuoteJob.Name, status.QuoteURI); err != nil || !may {
		return err
	}
	args := QuoteArgs{URI: status.QuoteURI, Quotes: a.Quotes + 1, Cause: a.cause()}
	return QuoteJob.Enqueue(tx, args, jobs.Unique(QuoteJob.Name+" "+status.QuoteURI))
}

// AskConsent enqueues the fetch of a quoted author's consent.
func AskConsent(tx *store.Tx, args QuoteConsentArgs) error {
	return QuoteConsentJob.Enqueue(tx, args, jobs.Unique(QuoteConsentJob.Name+" "+args.Status.String()+" "+args.Stamp))
}

// completeQuotesOf does the same for the statuses that waited for a new one which
// they quote.
func completeQuotesOf(tx *store.Tx, a *Activity, quoted *store.Object) error {
	if !a.Origin.Completes {
		return nil
	}
	return AskConsents(tx, quoted)
}

// AskConsents enqueues the fetches of what is said to be the consent to quotes of
// a status.
func AskConsents(tx *store.Tx, quoted *store.Object) error {
	if quoted.Local || !quoted.QuotesNeedStamp && quoted.Visibility <= store.Unlisted {
		return nil
	}
	list, err := tx.QuotesWithoutConsent(quoted)
	if err != nil {
		return err
	}
	for _, q := range list {
		if err := AskConsent(tx, QuoteConsentArgs{Status: q.Status, Stamp: q.Stamp, Cause: q.Author}); err != nil {
			return err
		}
	}
	return nil
}

// notifyOfQuote notifies the author here whose post a status quotes, if it is
// shown in it.
func notifyOfQuote(tx *store.Tx, a *Activity, status *store.Object) error {
	if status.QuoteID == 0 || status.QuoteState != store.QuoteAccepted {
		return nil
	}
	quoted, err := tx.Object(status.QuoteID)
	if err != nil || !quoted.Local || !quoted.DeletedAt.IsZero() {
		return ifNotFound(err)
	}
	_, err = tx.Notify(&store.Notification{AccountID: quoted.AccountID, Type: "quote", From: a.Actor.ID, StatusID: status.ID})
	return err
}

// quotesOurs reports whether a note quotes a post of an account here that does
// not block the actor.
func quotesOurs(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	q := store.Object{QuoteURI: vocab.QuoteOf(note).URI}
	if err := nameQuoted(env, tx, &q); err != nil || q.QuoteURI == "" || !env.Config.IsOwn(q.QuoteURI) {
		return false, err
	}
	quoted, err := tx.ObjectByURI(q.QuoteURI)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return tx.MaySee(a.Actor.ID, quoted.ID)
}
