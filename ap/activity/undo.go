package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Undo reverts what its actor did: any activity whose rule has an Undo
// (ActivityPub §6.10, §7.10). An Undo of an Accept ends the follow.
func undoRule() Rule {
	return Rule{Type: "Undo", Authorize: authorizeUndo, Apply: applyUndo}
}

// authorizeUndo checks that what is undone was the actor's own. Objects are
// looked up under the actor, so a false claim finds nothing.
func authorizeUndo(_ *Env, _ *store.Tx, a *Activity) (Reason, error) {
	ref := a.Object.Object
	if ref.ID == "" && ref.Object == nil {
		return "", refuse("the Undo has no object")
	}
	if ref.Object != nil && ref.Object.Actor.ID != "" && ref.Object.Actor.ID != a.Actor.URI {
		return "", refuse("%s may not undo what %s did", a.Actor.URI, ref.Object.Actor.ID)
	}
	if ref.ID != "" && !vocab.SameOrigin(ref.ID, a.Actor.URI) {
		return "", refuse("%s may not undo %s", a.Actor.URI, ref.ID)
	}
	return "", nil
}

func applyUndo(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	undone := &Activity{Object: a.Object.Object.Object, Origin: a.Origin, Actor: a.Actor}
	if undone.Object == nil {
		undone.Object = &vocab.Object{ID: a.Object.Object.ID}
	}
	var inboxes []string
	var anothers error // what a rule found is another's: who gave its own the same id
	taken := false
	for _, rule := range rules() {
		// When only an id arrived, every rule is tried.
		if rule.Undo == nil || undone.Type != "" && undone.Type != rule.Type {
			continue
		}
		list, found, err := rule.Undo(env, tx, undone)
		if fault.Is(err, fault.Forbidden) {
			anothers = err
			continue
		}
		if err != nil {
			return Outcome{}, err
		}
		inboxes = append(inboxes, list...)
		if taken = found; taken {
			break
		}
	}
	if !taken && anothers != nil {
		return Outcome{}, anothers
	}
	if !a.Origin.Publishes {
		if !taken && (undone.Type == "" || isRetractable(undone.Type)) {
			return Outcome{}, retractUndone(tx, a, undone)
		}
		if taken && !a.Forgotten {
			return Outcome{}, rememberUndone(tx, a, undone)
		}
		return Outcome{}, nil
	}
	if err := tx.RetractActivity(undone.ID); err != nil {
		return Outcome{}, err
	}
	return Outcome{Publish: &Publication{Visibility: store.Direct, Inboxes: inboxes}}, nil
}

// retractUndone remembers an Undo of what is not known here: it may still come.
func retractUndone(tx *store.Tx, a, undone *Activity) error {
	if a.Forgotten {
		return nil
	}
	keep := retractedFor
	if undone.Type == "Follow" {
		keep = unfollowedFor
	}
	return retract(tx, a, undone.ID, keep)
}

func ifNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
