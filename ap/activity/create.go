package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A Create publishes a Note or its like (ActivityPub §6.2, §7.2).
func createRule() Rule {
	return Rule{Type: "Create", Needs: createNeeds, Authorize: authorizeCreate, Apply: applyCreate}
}

// createNeeds asks for the object when only its id came, provided that it can
// be the actor's and that someone here wants it: the actor is followed here,
// or the activity is addressed to someone here. A stranger can't have us fetch
// what others wrote.
func createNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.Object != nil || ref.ID == "" || ownsID(env, a, ref.ID) != nil {
		return nil, nil
	}
	known, err := tx.KnownURIs(ref.ID)
	if err != nil || known[ref.ID] {
		return nil, err
	}
	wanted, err := isWantedUnread(env, tx, a, &vocab.Object{})
	if err != nil || !wanted {
		return nil, err
	}
	return []Need{{URI: ref.ID, Document: true}}, nil
}

func authorizeCreate(env *Env, tx *store.Tx, a *Activity) error {
	note := a.Object.Object.Object
	if note == nil {
		return authorizeCreateByID(env, tx, a)
	}
	if err := ownsNote(env, a, note); err != nil {
		return err
	}
	if a.Origin != Inbox {
		return nil
	}
	wanted, err := isWanted(env, tx, a, note)
	if err != nil || wanted {
		return err
	}
	return ignore("nobody here follows %s, is mentioned, or is answered", a.Actor.URI)
}

// authorizeCreateByID judges a Create that names an id which was not fetched:
// it is known here, which changes nothing, or nobody here wants it.
func authorizeCreateByID(env *Env, tx *store.Tx, a *Activity) error {
	id := a.Object.Object.ID
	if id == "" {
		return refuse("the Create has no object")
	}
	if err := ownsID(env, a, id); err != nil {
		return err
	}
	o, err := tx.ObjectByURI(id)
	if fault.Is(err, fault.NotFound) {
		return ignore("nobody here follows %s or is addressed", a.Actor.URI)
	}
	if err == nil && o.AccountID != a.Actor.ID {
		err = notAuthor(tx, a, o)
	}
	return err
}

func applyCreate(env *Env, tx *store.Tx, a *Activity) error {
	note := a.Object.Object.Object
	if note == nil {
		o, err := tx.ObjectByURI(a.Object.Object.ID)
		if err == nil {
			a.Result = o.ID
		}
		return err
	}
	if a.IdempotencyKey != "" {
		// Before anything is written: of two posts with one key the first takes
		// it, and the second waits here for its status.
		since := tx.Now().Add(-env.Config.Retention.IdempotencyKeys)
		first, taken, err := tx.TakeIdempotencyKey(a.Actor.ID, a.IdempotencyKey, a.Result, since)
		if err != nil || !taken {
			a.Result = first
			return err
		}
	}
	status, created, err := putNote(env, tx, a, note)
	if err != nil {
		return err
	}
	a.Result = status.ID
	if a.Origin != Local || !created {
		return nil
	}
	return publishToAudience(tx, a, status)
}

// publishToAudience keeps a local activity about a status and delivers it to
// all whom the status is for.
func publishToAudience(tx *store.Tx, a *Activity, status *store.Object) error {
	inboxes, err := audience(tx, status)
	if err != nil {
		return err
	}
	return publish(tx, a, status.Visibility, inboxes)
}

// publish keeps a local activity, so that its URI can be asked for, and
// delivers it. What a Create or an Update says is kept once, in the row of the
// object: their own rows name it by its id, and the document is put in when
// they are served or delivered. So no edit leaves the old text behind, and a
// delivery that waited brings the newest.
func publish(tx *store.Tx, a *Activity, v store.Visibility, inboxes []string) error {
	o := &store.Object{
		URI: a.ID, Type: a.Type, AccountID: a.Actor.ID, Local: true, Visibility: v,
		ObjectURI: a.Object.Object.ID, PublishedAt: a.Published, JSON: a.Raw,
	}
	if a.Type == "Create" || a.Type == "Update" {
		o.JSON = vocab.WithObjectID(a.Raw)
	}
	if a.Type == "Update" {
		if err := stripActivities(tx, o.ObjectURI); err != nil {
			return err
		}
	}
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	return Deliver(tx, o, inboxes)
}

// audience lists the inboxes that a local status is delivered to: those it
// mentions, whom it answers or boosts, and, unless it is direct, the author's
// followers.
func audience(tx *store.Tx, status *store.Object) ([]string, error) {
	inboxes, err := tx.AddresseeInboxes(status.ID)
	if err != nil || status.Visibility == store.Direct {
		return inboxes, err
	}
	followers, err := tx.FollowerInboxes(status.AccountID)
	return append(inboxes, followers...), err
}

// stripActivities takes the texts out of the activities that an older Kinglet
// kept about an object.
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
