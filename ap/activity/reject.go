package activity

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// A Reject refuses a Follow, or ends one that was accepted (ActivityPub §6.7,
// §7.7). Only the followed account may send it.
func rejectRule() Rule {
	return Rule{Type: "Reject", Authorize: authorizeAnswer, Apply: applyReject}
}

func applyReject(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Actor.Local() && isDecision(a) {
		return applyDecision(env, tx, a)
	}
	f, err := answeredFollow(env, tx, a)
	if fault.Is(err, fault.NotFound) && !a.Actor.Local() {
		return applyOtherAnswer(env, tx, a)
	}
	if fault.Is(err, fault.NotFound) && a.Origin.Publishes {
		// A follow that was never accepted, or that a block ended, is rejected all
		// the same.
		follower, err := accountAt(env, tx, a.Object.Object.Object.Actor.ID)
		if err != nil {
			return Outcome{}, err
		}
		return answered(tx, a, follower.ID)
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := endFollow(tx, f.AccountID, f.TargetID); err != nil {
		return Outcome{}, err
	}
	return answered(tx, a, f.AccountID)
}

// endFollow deletes a follow or a request with all its effects.
func endFollow(tx *store.Tx, follower, target store.AccountID) error {
	ended, err := tx.DeleteFollow(follower, target)
	if err != nil || !ended {
		return err
	}
	for _, typ := range []string{"follow", "follow_request"} {
		if err := tx.RetractNotification(target, typ, follower, 0); err != nil {
			return err
		}
	}
	return tx.RemoveAuthorFromHome(follower, target)
}
