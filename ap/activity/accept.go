package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Accept answers a Follow (ActivityPub §6.6, §7.6). Only who was asked may.
func acceptRule() Rule {
	return Rule{Type: "Accept", Authorize: authorizeAnswer, Apply: applyAccept}
}

// authorizeAnswer checks an Accept or Reject: its actor is the one whom the
// follow asked.
func authorizeAnswer(env *Env, tx *store.Tx, a *Activity) error {
	f, err := answeredFollow(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return ignore("the follow it answers is not known here")
	}
	if err != nil {
		return err
	}
	if f.TargetID != a.Actor.ID {
		return refuse("%s was not asked by the follow %s", a.Actor.URI, f.URI)
	}
	return nil
}

// answeredFollow finds the follow that an Accept, Reject or Undo is about: by
// who follows whom, since neighbours on one host may give their follows the
// same id, or by its id, since some servers send nothing else.
func answeredFollow(env *Env, tx *store.Tx, a *Activity) (*store.Follow, error) {
	ref := a.Object.Object
	f, err := followOf(env, tx, ref.Object)
	if fault.Is(err, fault.NotFound) && ref.ID != "" {
		return tx.FollowByURI(ref.ID, 0)
	}
	return f, err
}

// followOf finds what stands between the two whom a Follow names.
func followOf(env *Env, tx *store.Tx, follow *vocab.Object) (*store.Follow, error) {
	if follow == nil || follow.Type != "Follow" {
		return nil, fault.Errorf(fault.NotFound, "follow not found")
	}
	follower, err := mentioned(env, tx, follow.Actor.ID)
	if err != nil {
		return nil, err
	}
	target, err := mentioned(env, tx, follow.Object.ID)
	if err != nil {
		return nil, err
	}
	return tx.Follow(follower.ID, target.ID)
}

func applyAccept(env *Env, tx *store.Tx, a *Activity) error {
	f, err := answeredFollow(env, tx, a)
	if err != nil {
		return err
	}
	if err := acceptFollow(tx, f.AccountID, f.TargetID); err != nil {
		return err
	}
	return answerLocally(tx, a, f)
}

// answerLocally publishes and delivers the Accept or Reject of an account here.
func answerLocally(tx *store.Tx, a *Activity, f *store.Follow) error {
	if a.Origin != Local {
		return nil
	}
	follower, err := tx.Account(f.AccountID)
	if err != nil {
		return err
	}
	inbox := ""
	if !follower.Local() {
		inbox = follower.Inbox
	}
	return publish(tx, a, store.Direct, []string{inbox})
}
