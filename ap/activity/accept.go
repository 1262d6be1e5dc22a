package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Accept answers a Follow (ActivityPub §6.6, §7.6), of which only the followed
// account may send it; or what is done with a status: see decision.go.
func acceptRule() Rule {
	return Rule{Type: "Accept", Authorize: authorizeAnswer, Apply: applyAccept, Undo: undoAccept}
}

// authorizeAnswer checks an Accept or Reject: its actor must be the target of
// the follow.
func authorizeAnswer(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if a.Actor.Local() && isDecision(a) {
		return authorizeDecision(tx, a)
	}
	f, err := answeredFollow(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		if r, err := answeredRelay(env, tx, a); err != nil || r != nil {
			return "", err
		}
		return authorizeDecision(tx, a)
	}
	if err != nil {
		return "", err
	}
	if f.TargetID != a.Actor.ID {
		return "", refuse("%s is not the target of the follow %s", a.Actor.URI, f.URI)
	}
	return "", nil
}

// answeredFollow finds the follow that an Accept, Reject or Undo is about: by
// follower and target, since two accounts on one host may give their follows
// the same id, or by its id, since some servers send nothing else.
func answeredFollow(env *Env, tx *store.Tx, a *Activity) (*store.Follow, error) {
	ref := a.Object.Object
	f, err := followOf(env, tx, ref.Object)
	if fault.Is(err, fault.NotFound) && ref.ID != "" {
		return tx.FollowByURI(ref.ID, 0)
	}
	return f, err
}

// followOf finds the relationship between the two accounts that a Follow names.
func followOf(env *Env, tx *store.Tx, follow *vocab.Object) (*store.Follow, error) {
	if follow == nil || follow.Type != "Follow" {
		return nil, fault.Errorf(fault.NotFound, "follow not found")
	}
	follower, err := accountAt(env, tx, follow.Actor.ID)
	if err != nil {
		return nil, err
	}
	target, err := accountAt(env, tx, follow.Object.ID)
	if err != nil {
		return nil, err
	}
	return tx.Follow(follower.ID, target.ID)
}

// applyOtherAnswer is what an Accept or Reject does that answers no Follow of an
// account: it is a relay's, or about an interaction.
func applyOtherAnswer(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	r, err := answeredRelay(env, tx, a)
	if err != nil {
		return Outcome{}, err
	}
	if r != nil {
		return answeredByRelay(env, tx, r, a)
	}
	return applyDecision(env, tx, a)
}

func applyAccept(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Actor.Local() && isDecision(a) {
		return applyDecision(env, tx, a)
	}
	f, err := answeredFollow(env, tx, a)
	if fault.Is(err, fault.NotFound) {
		return applyOtherAnswer(env, tx, a)
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := acceptFollow(tx, a, f.AccountID, f.TargetID); err != nil {
		return Outcome{}, err
	}
	if err := OpenProfile(env, tx, f.AccountID, a.Actor); err != nil {
		return Outcome{}, err
	}
	return answered(tx, a, f.AccountID)
}

// answered publishes the Accept or Reject of a local account to the follower.
func answered(tx *store.Tx, a *Activity, follower store.AccountID) (Outcome, error) {
	if !a.Origin.Publishes {
		return Outcome{}, nil
	}
	account, err := tx.Account(follower)
	if err != nil || account.Local() {
		return Outcome{}, err // who lives here is not written to
	}
	p := toAccount(a, account)
	p.AnswerTo = account.URI
	return Outcome{Publish: p}, nil
}

// acceptFollow makes a request a follow, with all that comes of it: the
// follower's feed is filled, and the followed is notified of what is new.
func acceptFollow(tx *store.Tx, a *Activity, follower, target store.AccountID) error {
	changed, err := tx.AcceptFollow(follower, target)
	if err != nil || !changed {
		return err
	}
	if err := tx.RetractNotification(target, "follow_request", follower, 0); err != nil {
		return err
	}
	if a.Origin.Notifies {
		if _, err := tx.Notify(&store.Notification{AccountID: target, Type: "follow", From: follower}); err != nil {
			return err
		}
	}
	local, err := tx.Account(follower)
	if err != nil || !local.Local() {
		return err
	}
	return tx.BackfillHome(follower, target)
}

// undoAccept ends the follow that the actor had accepted.
func undoAccept(env *Env, tx *store.Tx, undone *Activity) ([]string, bool, error) {
	f, err := answeredFollow(env, tx, undone)
	if err != nil {
		return nil, false, ifNotFound(err)
	}
	if f.TargetID != undone.Actor.ID {
		return nil, false, refuse("%s is not the target of the follow %s", undone.Actor.URI, f.URI)
	}
	return nil, true, endFollow(tx, f.AccountID, f.TargetID)
}
