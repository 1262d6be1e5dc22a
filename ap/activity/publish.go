package activity

import (
	"slices"

	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
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

func row(a *Activity, p *Publication) *store.Object {
	return &store.Object{
		URI: a.ID, Type: a.Type, AccountID: a.Actor.ID, Local: true, Visibility: p.Visibility,
		ObjectURI: a.Object.Object.ID, PublishedAt: a.Published, JSON: a.Raw,
	}
}

// ObjectByID lists the types of activities whose rows name their object by its
// id.
func ObjectByID() []string { return []string{"Create", "Update"} }

// HasObjectByID reports whether rows of an activity type name their object by
// its id.
func HasObjectByID(typ string) bool { return slices.Contains(ObjectByID(), typ) }

// Encode writes the bytes of an activity that was composed here, as its row
// has them, and those of its object: after the policies, before the transaction.
func Encode(a *Activity) {
	if inner := a.Object.Object.Object; inner != nil {
		inner.Raw = vocab.Encode(inner.Document)
	}
	if HasObjectByID(a.Type) {
		a.Raw = vocab.EncodeWithID(a.Object)
	} else {
		a.Raw = vocab.Encode(a.Document)
	}
}

// deliverable filters the inboxes that the policies let an activity go to.
func deliverable(env *Env, a *Activity, p *Publication) []string {
	var out []string
	asks := env.Policy.AsksDeliveries()
	for _, inbox := range p.Inboxes {
		if inbox == "" {
			continue
		}
		if !asks {
			out = append(out, inbox)
			continue
		}
		d := policy.Delivery{Host: vocab.Host(inbox), Author: a.Actor.URI, Type: a.Type, ID: a.ID, Visibility: p.Visibility}
		if v := env.Policy.Delivery(d); v.Refused {
			env.Log.Debug("delivery withheld", "inbox", inbox, "activity", a.ID, "policy", v.Policy, "reason", v.Reason)
			continue
		}
		out = append(out, inbox)
	}
	return out
}

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
		o.ObjectURI = p.AnswerTo
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
	known, err := tx.ActivityOn(a.Actor.ID, a.Type, follower)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	doc, err := tx.ObjectDocument(known.ID)
	if err != nil {
		return 0, err
	}
	if answer, err := vocab.Parse(doc); err == nil && answer.Object.ID == a.Object.Object.ID {
		return known.ID, nil
	}
	return 0, tx.DropActivity(known.ID, key)
}

// stripActivities removes the texts from the activities that an older Kinglet
// stored about an object.
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
