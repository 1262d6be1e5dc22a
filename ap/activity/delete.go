package activity

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A Delete takes back an object, or the actor itself with all it had
// (ActivityPub §6.4, §7.4). What is not known here costs nothing.
func deleteRule() Rule {
	return Rule{Type: "Delete", Authorize: authorizeDelete, Apply: applyDelete}
}

func authorizeDelete(_ *Env, tx *store.Tx, a *Activity) error {
	id := a.Object.Object.ID
	if id == "" {
		return refuse("the Delete has no object")
	}
	if id == a.Actor.URI {
		return nil
	}
	o, err := tx.ObjectByURI(id)
	if fault.Is(err, fault.NotFound) {
		return ignore("the object %s is not known here", id)
	}
	if err != nil {
		return err
	}
	if o.AccountID != a.Actor.ID {
		return notAuthor(tx, a, o)
	}
	return nil
}

func applyDelete(env *Env, tx *store.Tx, a *Activity) error {
	if a.Object.Object.ID == a.Actor.URI {
		return deleteActor(env, tx, a)
	}
	o, err := tx.ObjectToChange(a.Object.Object.ID)
	if err != nil {
		return err
	}
	a.Result = o.ID
	if !o.DeletedAt.IsZero() {
		return nil
	}
	var inboxes []string
	if a.Origin == Local {
		// Whom it went to, and who has it by boosting or favouring it: read
		// before what names them is gone.
		if inboxes, err = audience(tx, o); err != nil {
			return err
		}
		touched, err := tx.InteractorInboxes(o.ID)
		if err != nil {
			return err
		}
		inboxes = append(inboxes, touched...)
	}
	if a.KeepAttachments {
		if err := tx.DetachAttachments(o.ID); err != nil {
			return err
		}
	}
	if err := tx.Bury(o, tombstone(o, tx)); err != nil {
		return err
	}
	if a.Origin != Local {
		return dropWaiting(tx, a.Actor, o.URI)
	}
	return publish(tx, a, o.Visibility, inboxes)
}

// tombstone is what is left to read of a local object; of a remote one
// nothing is, its own server answers for it.
func tombstone(o *store.Object, tx *store.Tx) json.RawMessage {
	if !o.Local {
		return nil
	}
	return vocab.BuildTombstone(vocab.TombstoneInput{ID: o.URI, FormerType: o.Type, Deleted: tx.Now()})
}

// deleteActor ends an account: from this transaction on nobody sees it or
// anything of it. A job clears away what it left.
func deleteActor(_ *Env, tx *store.Tx, a *Activity) error {
	var inboxes []string
	var err error
	if a.Origin == Local {
		if inboxes, err = tx.KnownInboxes(); err != nil {
			return err
		}
	}
	if err := tx.DeleteAccount(a.Actor.ID); err != nil {
		return err
	}
	if a.Origin == Local {
		err = publish(tx, a, store.Public, inboxes)
	} else {
		err = dropWaiting(tx, a.Actor, "")
	}
	if err != nil {
		return err
	}
	return PurgeJob.Enqueue(tx, PurgeArgs{Account: a.Actor.ID}, jobs.Unique(PurgeJob.Name+" "+a.Actor.URI))
}

// dropWaiting drops what came to an inbox from an actor and still waits for
// something to be fetched, or was given up: all of it, or what brings the
// object that is being deleted.
func dropWaiting(tx *store.Tx, actor *store.Account, object string) error {
	list, err := tx.JobsInLane(IngestJob.Name, IngestLane(actor.URI))
	if err != nil {
		return err
	}
	for _, j := range list {
		var args IngestArgs
		if err := json.Unmarshal(j.Args, &args); err != nil || args.Actor != actor.ID {
			continue
		}
		doc, err := vocab.Parse(args.Activity)
		if err == nil && object != "" && doc.Object.ID != object {
			continue
		}
		if err := tx.FinishJob(j.ID); err != nil {
			return err
		}
	}
	return nil
}
