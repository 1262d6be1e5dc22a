package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"

	"github.com/google/uuid"
)

// A Follow asks to get what its object publishes (ActivityPub §6.5, §7.5). An
// account that is not locked accepts at once.
func followRule() Rule {
	return Rule{Type: "Follow", Authorize: authorizeFollow, Apply: applyFollow}
}

// objectAccount finds whom a Follow, Block or the like is about.
func objectAccount(env *Env, tx *store.Tx, a *Activity) (*store.Account, error) {
	return mentioned(env, tx, a.Object.Object.ID)
}

func authorizeFollow(env *Env, tx *store.Tx, a *Activity) error {
	target, err := objectAccount(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return ignore("the account %s is not known here", a.Object.Object.ID)
	}
	if err != nil {
		return err
	}
	if !target.Active() {
		return ignore("the account %s is gone", target.URI)
	}
	if a.Origin != Local && !target.Local() {
		return ignore("%s does not live here", target.URI)
	}
	if target.ID == a.Actor.ID {
		return refuse("an account can't follow itself")
	}
	if a.Origin != Local {
		return ownsID(env, a, a.ID)
	}
	blocked, err := tx.Blocked(a.Actor.ID, target.ID)
	if err == nil && blocked {
		err = fault.Errorf(fault.Forbidden, "This action is not allowed")
	}
	return err
}

func applyFollow(env *Env, tx *store.Tx, a *Activity) error {
	target, err := objectAccount(env, tx, a)
	if err != nil {
		return err
	}
	// A block, or the same follow from another client, waits or is seen here.
	if err := tx.LockPair(a.Actor.ID, target.ID); err != nil {
		return err
	}
	blocked, err := tx.Blocked(a.Actor.ID, target.ID)
	if err != nil {
		return err
	}
	if blocked {
		return answerFollow(env, tx, target, a.Actor, a.ID, "Reject")
	}
	f := &store.Follow{AccountID: a.Actor.ID, TargetID: target.ID, URI: a.ID, ShowReblogs: true}
	created, err := tx.PutFollow(f)
	if err != nil {
		return err
	}
	if a.Origin == Local {
		if !created {
			return nil
		}
		if err := publish(tx, a, store.Direct, nil); err != nil {
			return err
		}
	}
	switch {
	case !target.Local():
		o, err := tx.ObjectByURI(a.ID)
		if err != nil {
			return err
		}
		return Deliver(tx, o.ID, a.Actor.ID, []string{target.Inbox})
	case f.Accepted: // asked again: the other side lost our answer
		return answerFollow(env, tx, target, a.Actor, a.ID, "Accept")
	case target.Locked:
		_, err := tx.Notify(&store.Notification{AccountID: target.ID, Type: "follow_request", From: a.Actor.ID})
		return err
	}
	if err := acceptFollow(tx, a.Actor.ID, target.ID); err != nil {
		return err
	}
	return answerFollow(env, tx, target, a.Actor, a.ID, "Accept")
}

// acceptFollow makes a request a follow, with all that comes of it: the
// follower's feed is filled, and the followed is told.
func acceptFollow(tx *store.Tx, follower, target store.AccountID) error {
	changed, err := tx.AcceptFollow(follower, target)
	if err != nil || !changed {
		return err
	}
	if err := tx.Unnotify(target, "follow_request", follower, 0); err != nil {
		return err
	}
	if _, err := tx.Notify(&store.Notification{AccountID: target, Type: "follow", From: follower}); err != nil {
		return err
	}
	local, err := tx.Account(follower)
	if err != nil || !local.Local() {
		return err
	}
	return tx.FeedFollow(follower, target)
}

// answerFollow has a local account send an Accept or Reject of a follow to a
// remote follower. Of the Follow it embeds id, type, actor and object, which
// is what some servers look at, and nothing else of the stranger's. One answer
// of a type is kept for each follower: the same Follow again has the same
// answer delivered again, another one replaces it.
func answerFollow(env *Env, tx *store.Tx, target, follower *store.Account, follow, typ string) error {
	if follower.Local() {
		return nil
	}
	key := DeliverJob.Name + " " + typ + " " + target.URI + " " + follower.URI
	id, err := keptAnswer(tx, target, follower, follow, typ, key)
	if err != nil {
		return err
	}
	if id == 0 {
		uri := env.Config.ActivityURI(uuid.NewString())
		doc := vocab.BuildActivity(vocab.ActivityInput{
			ID: uri, Type: typ, Actor: target.URI, To: []string{follower.URI}, Published: tx.Now(),
			Object: vocab.BuildActivity(vocab.ActivityInput{ID: follow, Type: "Follow", Actor: follower.URI, Object: target.URI}),
		})
		o := &store.Object{URI: uri, Type: typ, AccountID: target.ID, Local: true, Visibility: store.Direct, ObjectURI: follower.URI, JSON: doc}
		if _, err := tx.InsertObject(o); err != nil {
			return err
		}
		id = o.ID
	}
	return DeliverJob.Enqueue(tx, DeliverArgs{Activity: id, Sender: target.ID, Inbox: follower.Inbox}, jobs.Unique(key))
}

// keptAnswer finds the answer that was given to a follow. One to another
// follow of the same follower is dropped, with its delivery.
func keptAnswer(tx *store.Tx, target, follower *store.Account, follow, typ, key string) (store.ObjectID, error) {
	known, err := tx.ActivityOn(target.ID, typ, follower.URI)
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
	if answer, err := vocab.Parse(doc); err == nil && answer.Object.ID == follow {
		return known.ID, nil
	}
	return 0, tx.DropActivity(known.ID, key)
}
