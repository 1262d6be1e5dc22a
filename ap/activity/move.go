package activity

import (
	"slices"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// A Move says that its actor has another account from now on (ActivityStreams
// Vocabulary §3.1.23, as Mastodon uses it): its followers here follow that one.
// It is believed when the target, as its own origin describes it now, names the
// actor in alsoKnownAs: neither side alone can move anybody.
func moveRule() Rule {
	return Rule{Type: "Move", Needs: moveNeeds, Authorize: authorizeMove, Apply: applyMove}
}

// Nobody moves again within these times: each move causes a Follow and an Undo
// for every follower.
const (
	moveCooldown = 7 * 24 * time.Hour
	// moveCooldownHere is that of accounts here.
	moveCooldownHere = 30 * 24 * time.Hour
)

// moveNeeds asks for the target as it is now, of a Move that somebody here wants.
func moveNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	not, err := wantedMove(tx, a)
	if fault.Is(err, fault.Forbidden) {
		return nil, nil // as the rule will say
	}
	if err != nil || not != "" || a.Actor.Local() || env.Config.IsOwn(a.Target.ID) {
		return nil, err
	}
	return []Need{{URI: a.Target.ID, Actor: true}}, nil
}

// wantedMove decides as far as it can without the target.
func wantedMove(tx *store.Tx, a *Activity) (Reason, error) {
	switch {
	case a.Object.Object.ID != a.Actor.URI:
		return "", refuse("%s may not move %s", a.Actor.URI, a.Object.Object.ID)
	case a.Target.ID == "":
		return "", refuse("the Move has no target")
	case a.Target.ID == a.Actor.URI:
		return "", refuse("an account can't move to itself")
	}
	if known, err := tx.KnownHere(a.Actor.ID); err != nil || !known && !a.Actor.Local() {
		return unwanted("no local account knows %s", a.Actor.URI), err
	}
	last, err := tx.LastMove(a.Actor.ID)
	if err != nil || last.At.IsZero() {
		return "", err
	}
	again := last.At.Add(moveCooldown)
	if a.Actor.Local() {
		again = last.At.Add(moveCooldownHere)
	}
	if now := tx.Now(); now.Before(again) {
		return unwanted("%s moved at %s, and can't again before %s", a.Actor.URI, last.At.Format(time.DateTime), again.Format(time.DateTime)), nil
	}
	return "", nil
}

func authorizeMove(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if not, err := wantedMove(tx, a); not != "" || err != nil {
		return not, err
	}
	target, err := accountAt(env, tx, a.Target.ID)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the account %s is not known here", a.Target.ID), nil
	}
	if err != nil {
		return "", err
	}
	return isTarget(a.Actor, target), nil
}

// isTarget says why an account can't move to another. One that has itself moved
// takes nobody: moves can neither be chained nor go in a circle.
func isTarget(actor, target *store.Account) Reason {
	switch {
	case target.ID == actor.ID:
		return unwanted("an account can't move to itself")
	case !target.Active():
		return unwanted("the account %s is gone or suspended", target.URI)
	case !slices.Contains(target.AlsoKnownAs, actor.URI):
		return unwanted("the account %s does not name %s in its alsoKnownAs", target.URI, actor.URI)
	case target.MovedToURI != "":
		return unwanted("the account %s has itself moved", target.URI)
	}
	return ""
}

func applyMove(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	target, err := accountAt(env, tx, a.Target.ID)
	if err != nil {
		return Outcome{}, err
	}
	if err := tx.PutMove(a.Actor.ID, target); err != nil {
		return Outcome{}, err
	}
	// Whoever knows it here goes along, each in a transaction of its own.
	args := MoveArgs{Account: a.Actor.ID, Target: target.ID}
	if err := MoveJob.Enqueue(tx, args, jobs.Unique(MoveJob.Name+" "+a.Actor.URI)); err != nil || !a.Origin.Publishes {
		return Outcome{}, err
	}
	inboxes, err := tx.FollowerInboxes(a.Actor.ID)
	if err != nil {
		return Outcome{}, err
	}
	moved, err := tx.Account(a.Actor.ID)
	if err != nil {
		return Outcome{}, err
	}
	// What is delivered of the Update is the document as it is then.
	update := causedHere(env, tx, moved, "Update", vocab.Public, object.ActorDraft(moved, nil))
	return Outcome{Publish: &Publication{Visibility: store.Public, Inboxes: inboxes}, Then: []*Activity{update}}, nil
}

// afterMove refuses what an account here that has moved would begin: it reads,
// edits, deletes, takes back and blocks.
func afterMove(actor *store.Account, typ string) error {
	if actor.MovedToURI == "" {
		return nil
	}
	switch typ {
	case "Create", "Follow", "Like", "EmojiReact", "Announce":
		return refuse("This account has moved to %s", actor.MovedToURI)
	}
	return nil
}
