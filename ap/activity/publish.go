package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// Publish keeps an activity of an account here, so that its URI can be asked
// for, and has it delivered. What a Create or an Update says is kept once, in
// the row of the object: their own rows name it by its id, and the document is
// put in when they are served or delivered. So no edit leaves the old text
// behind, and a delivery that waited brings the newest.
func Publish(env *Env, tx *store.Tx, a *Activity, p *Publication) error {
	inboxes := deliverable(env, a, p)
	if p.AnswerTo != "" {
		return publishAnswer(tx, a, p, inboxes)
	}
	if p.Activity == 0 {
		o := row(a, p)
		if a.Type == "Update" {
			if err := stripActivities(tx, o.ObjectURI); err != nil {
				return err
			}
		}
		if _, err := tx.InsertObject(o); err != nil {
			return err
		}
		p.Activity = o.ID
	}
	return deliver(tx, a, p.Activity, inboxes)
}

// row is the row of an activity. That of a Create or an Update is read by those
// who may see its post, any other by whom it is addressed to.
func row(a *Activity, p *Publication) *store.Object {
	o := &store.Object{
		URI: a.ID, Type: a.Type, AccountID: a.Actor.ID, Local: true, Visibility: p.Visibility,
		ObjectURI: a.Object.Object.ID, PublishedAt: a.Published, JSON: a.Raw,
	}
	if !HasObjectByID(a.Type) {
		o.Draft = store.Draft{To: a.To, Cc: a.Cc}
	}
	return o
}

// HasObjectByID reports whether rows of an activity type name their object by
// its id.
func HasObjectByID(typ string) bool { return typ == "Create" || typ == "Update" }

// publishAnswer keeps and delivers the Accept or Reject of a Follow. The
// contrary, as far as it is not delivered yet, is no answer any more.
func publishAnswer(tx *store.Tx, a *Activity, p *Publication, inboxes []string) error {
	prefix, suffix := DeliverJob.Name+" ", " "+a.Actor.URI+" "+p.AnswerTo
	contrary := "Accept"
	if a.Type == "Accept" {
		contrary = "Reject"
	}
	if err := tx.DropDelivery(prefix + contrary + suffix); err != nil {
		return err
	}
	key := prefix + a.Type + suffix
	id, err := keptAnswer(tx, a, p.AnswerTo, key)
	if err != nil {
		return err
	}
	if id == 0 {
		o := row(a, p)
		o.ObjectURI, o.Draft.Follow = p.AnswerTo, a.Object.Object.ID
		if _, err := tx.InsertObject(o); err != nil {
			return err
		}
		id = o.ID
	}
	for _, inbox := range inboxes {
		if err := DeliverJob.Enqueue(tx, DeliverArgs{Activity: id, Sender: a.Actor.ID, Inbox: inbox}, jobs.Unique(key)); err != nil {
			return err
		}
	}
	return nil
}

// keptAnswer finds the answer that was given to a follow. An answer to another
// follow of the same follower is deleted, with its delivery.
func keptAnswer(tx *store.Tx, a *Activity, follower, key string) (store.ObjectID, error) {
	known, follow, err := tx.FollowAnswer(a.Actor.ID, a.Type, follower)
	if err != nil {
		return 0, ifNotFound(err)
	}
	if follow == a.Object.Object.ID {
		return known, nil
	}
	return 0, tx.DropActivity(known, key)
}

// stripActivities removes the texts from the activities about an object that an
// older Kinglet stored. It is only for such databases, and the one place that
// still parses documents of ours: the row of an activity has had the id of its
// object alone since there is Encode.
func stripActivities(tx *store.Tx, objectURI string) error {
	docs, err := tx.ActivityDocuments(objectURI)
	if err != nil {
		return err
	}
	for id, doc := range docs {
		if stripped := vocab.WithObjectID(doc); len(stripped) != len(doc) {
			if err := tx.SetDocument(id, stripped); err != nil {
				return err
			}
		}
	}
	return nil
}
