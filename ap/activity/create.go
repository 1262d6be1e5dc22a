package activity

import (
	"kinglet/ap/vocab"
	"kinglet/store"
)

// A Create publishes a Note or its like (ActivityPub §6.2, §7.2).
func createRule() Rule {
	return Rule{Type: "Create", Needs: createNeeds, Authorize: authorizeCreate, Apply: applyCreate}
}

// createNeeds asks for the object when only its id came.
func createNeeds(_ *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	ref := a.Object.Object
	if ref.Object != nil || ref.ID == "" {
		return nil, nil
	}
	known, err := tx.KnownURIs(ref.ID)
	if err != nil || known[ref.ID] {
		return nil, err
	}
	return []Need{{URI: ref.ID}}, nil
}

func authorizeCreate(env *Env, tx *store.Tx, a *Activity) error {
	note := a.Object.Object.Object
	if note == nil {
		if a.Object.Object.ID == "" {
			return refuse("the Create has no object")
		}
		return nil // it was fetched from its origin, and stands here by that
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

// ownsNote checks that the actor is the author of a note, and that the note
// has the origin of its author (SECURITY-RULES 3, 4, 6).
func ownsNote(env *Env, a *Activity, note *vocab.Object) error {
	if !vocab.IsStatusType(note.Type) {
		return ignore("objects of type %q are not statuses", note.Type)
	}
	if len(note.AttributedTo) == 0 {
		return refuse("the object has no author")
	}
	for _, author := range note.AttributedTo {
		if author.ID == a.Actor.URI {
			return ownsID(env, a, note.ID)
		}
	}
	return refuse("the object is attributed to %s, not to %s who acts", note.AttributedTo[0].ID, a.Actor.URI)
}

// ownsID checks that an id may be given by the actor: its own origin's, and,
// unless written here, not ours.
func ownsID(env *Env, a *Activity, id string) error {
	if a.Origin != Local && env.Config.IsOwn(id) {
		return refuse("the id %s is this server's own", id)
	}
	if !vocab.SameOrigin(id, a.Actor.URI) {
		return refuse("the id %s has another origin than its author %s", id, a.Actor.URI)
	}
	return nil
}

// isWanted tells whether a note from an inbox concerns anyone here: someone
// follows its author, it came to somebody's own inbox, it is addressed to
// someone here, or it answers something known here.
func isWanted(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (bool, error) {
	if a.Recipient != 0 {
		return true, nil
	}
	for _, uri := range recipients(a, note) {
		if _, ok := env.Config.LocalUsername(uri); ok {
			return true, nil
		}
	}
	if ok, err := tx.FollowedBySomeoneHere(a.Actor.ID); ok || err != nil {
		return ok, err
	}
	if note.InReplyTo.ID == "" {
		return false, nil
	}
	known, err := tx.KnownURIs(note.InReplyTo.ID)
	return known[note.InReplyTo.ID], err
}

// recipients is everyone an activity or its object is addressed to, blind
// ones as well (SECURITY-RULES 13).
func recipients(a *Activity, note *vocab.Object) []string {
	var all []string
	for _, list := range [][]string{a.To, a.Cc, a.Bto, a.Bcc, a.Audience, note.To, note.Cc, note.Bto, note.Bcc, note.Audience} {
		all = append(all, list...)
	}
	return all
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
		if err := stripActivities(tx, o.ObjectURI); err != nil {
			return err
		}
	}
	if _, err := tx.InsertObject(o); err != nil {
		return err
	}
	return Deliver(tx, o.ID, a.Actor.ID, inboxes)
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
