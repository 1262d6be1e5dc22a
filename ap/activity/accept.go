package activity

import (
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
	if store.Is(err, store.NotFound) {
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
// its id, or, since some servers lose or rewrite it, by who follows whom.
func answeredFollow(env *Env, tx *store.Tx, a *Activity) (*store.Follow, error) {
	ref := a.Object.Object
	if ref.ID != "" {
		f, err := tx.FollowByURI(ref.ID)
		if !store.Is(err, store.NotFound) {
			return f, err
		}
	}
	if ref.Object == nil || ref.Object.Type != "Follow" {
		return nil, store.Errorf(store.NotFound, "follow not found")
	}
	follower, err := mentioned(env, tx, ref.Object.Actor.ID)
	if err != nil {
		return nil, err
	}
	target, err := mentioned(env, tx, ref.Object.Object.ID)
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
