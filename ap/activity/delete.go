package activity

import (
	"encoding/json"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A Delete removes an object, or the actor itself with all it had (ActivityPub
// §6.4, §7.4). What is not known here costs nothing.
func deleteRule() Rule {
	return Rule{Type: "Delete", Authorize: authorizeDelete, Apply: applyDelete}
}

func authorizeDelete(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	id := a.Object.Object.ID
	if id == "" {
		return "", refuse("the Delete has no object")
	}
	if id == a.Actor.URI {
		return "", nil
	}
	o, err := tx.ObjectByURI(id)
	if fault.Is(err, fault.NotFound) {
		if ownsID(env, a, id) == nil && !a.Actor.Local() {
			return "", nil // it may still come: see retracted.go
		}
		return unwanted("the object %s is not known here", id), nil
	}
	if err != nil {
		return "", err
	}
	if o.AccountID != a.Actor.ID {
		return notAuthor(tx, a, o)
	}
	return "", nil
}

func applyDelete(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Object.Object.ID == a.Actor.URI {
		return deleteActor(tx, a)
	}
	o, err := tx.ObjectToChange(a.Object.Object.ID)
	if fault.Is(err, fault.NotFound) && !a.Actor.Local() {
		if out, found, err := revokedByAuthor(env, tx, a); found || err != nil {
			return out, err
		}
		if err := tx.DropInteraction(a.Actor.ID, store.ReplyTo, a.Object.Object.ID); err != nil { // it waited
			return Outcome{}, err
		}
		if err := retract(tx, a, a.Object.Object.ID, retractedFor); err != nil {
			return Outcome{}, err
		}
		return NotWanted(unwanted("the object %s is not known here: its Delete is remembered", a.Object.Object.ID)), nil
	}
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Object: o.ID}
	if !o.DeletedAt.IsZero() {
		return out, nil
	}
	if isAuthorization(o) {
		return revoke(env, tx, a, o)
	}
	// The recipients are read before the rows that name them are deleted.
	if out.Publish, err = toCopies(tx, a, o); err != nil {
		return Outcome{}, err
	}
	if err := toRelays(env, tx, a, o, out.Publish); err != nil {
		return Outcome{}, err
	}
	if a.Command.KeepAttachments {
		if err := tx.DetachAttachments(o.ID); err != nil {
			return Outcome{}, err
		}
	}
	if err := tx.DeleteObject(o, tombstone(o, tx.Now())); err != nil {
		return Outcome{}, err
	}
	if a.Actor.Local() {
		return out, nil
	}
	if err := forward(env, tx, a, o); err != nil {
		return Outcome{}, err
	}
	return out, dropWaiting(tx, a.Actor, o.URI)
}

// tombstone is the document that remains of a local object; of a remote one
// nothing remains, since its own server serves the tombstone.
func tombstone(o *store.Object, deleted time.Time) json.RawMessage {
	if !o.Local {
		return nil
	}
	return Tombstone(o.URI, o.Type, deleted)
}

// Tombstone is the document of what was deleted, of a type if that is still
// known.
func Tombstone(uri, formerType string, deleted time.Time) json.RawMessage {
	return vocab.Encode(object.Compose(object.TombstoneDraft(uri, formerType, deleted)).Document)
}

// deleteActor deletes an account: from this transaction on it and all it wrote
// is invisible. A job purges the rest.
func deleteActor(tx *store.Tx, a *Activity) (out Outcome, err error) {
	if a.Origin.Publishes {
		out.Publish = &Publication{Visibility: store.Public}
		if out.Publish.Inboxes, err = tx.KnownInboxes(); err != nil {
			return Outcome{}, err
		}
		relays, err := tx.RelaysToSend()
		if err != nil {
			return Outcome{}, err
		}
		for _, r := range relays {
			out.Publish.Inboxes = append(out.Publish.Inboxes, r.Inbox)
		}
	}
	return out, EndAccount(tx, a.Actor)
}

// EndAccount deletes an account that its actor has deleted, or of which its own
// server says that it is gone.
func EndAccount(tx *store.Tx, account *store.Account) error {
	if err := tx.DeleteAccount(account.ID); err != nil {
		return err
	}
	if !account.Local() {
		if err := dropWaiting(tx, account, ""); err != nil {
			return err
		}
		if err := tx.EndRelay(account.URI); err != nil {
			return err
		}
	}
	return PurgeJob.Enqueue(tx, PurgeArgs{Account: account.ID}, jobs.Unique(PurgeJob.Name+" "+account.URI))
}

// dropWaiting drops an actor's inbox activities that still wait for a fetch, or
// that failed: all of them, or those that bring the object that is being
// deleted.
func dropWaiting(tx *store.Tx, actor *store.Account, deleted string) error {
	list, err := tx.JobsInLane(IngestJob.Name, IngestLane(actor.URI))
	if err != nil {
		return err
	}
	for _, j := range list {
		if by, object := waiting(j); by != actor.ID || deleted != "" && object != deleted {
			continue
		}
		if err := tx.DropJob(j.ID); err != nil {
			return err
		}
	}
	return nil
}

// waiting is whose a waiting activity is, and what it is about. The activity
// itself is not parsed: this holds the writer.
func waiting(j store.Job) (by store.AccountID, object string) {
	var args struct {
		Actor  store.AccountID `json:"actor"`
		Object *string         `json:"object"`
	}
	if json.Unmarshal(j.Args, &args) != nil {
		return 0, ""
	}
	if args.Object != nil {
		return args.Actor, *args.Object
	}
	// It was put off before the object's id was kept beside it.
	var old IngestArgs
	if json.Unmarshal(j.Args, &old) == nil {
		if doc, err := vocab.Parse(old.Activity); err == nil {
			object = doc.Object.ID
		}
	}
	return args.Actor, object
}
