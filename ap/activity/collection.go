package activity

import (
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// An Add to the actor's own featured collection pins one of its posts to the
// top of its profile, a Remove unpins it (ActivityPub §7.8, §7.9; the collection
// is Mastodon's). Other collections are not read here.
func addRule() Rule {
	return Rule{Type: "Add", Needs: addNeeds, Authorize: authorizeAdd, Apply: applyAdd}
}

func removeRule() Rule {
	return Rule{Type: "Remove", Authorize: authorizeRemove, Apply: applyRemove}
}

// MaxPins limits how many posts a remote account has pinned here.
const MaxPins = 20

// isFeatured reports whether the target of an Add or Remove is the featured
// collection of its actor.
func isFeatured(a *Activity) bool {
	target, err := vocab.Canonical(a.Target.ID)
	if err != nil || a.Actor.FeaturedURI == "" {
		return false
	}
	own, err := vocab.Canonical(a.Actor.FeaturedURI)
	return err == nil && own == target
}

// addNeeds asks for a post that is not known here, of an actor that somebody
// here follows.
func addNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	uri := a.Object.Object.ID
	if uri == "" || !isFeatured(a) || ownsID(env, a, uri) != nil {
		return nil, nil
	}
	known, err := tx.KnownURIs(uri)
	if err != nil || known[uri] {
		return nil, err
	}
	if followed, err := isFollowed(tx, a); err != nil || !followed {
		return nil, err
	}
	return []Need{{URI: uri}}, nil
}

// authorizeRemove checks that the collection and the post are the actor's own.
func authorizeRemove(_ *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if !isFeatured(a) {
		return unwanted("the collection %s is not the featured one of %s, others are not read here", a.Target.ID, a.Actor.URI), nil
	}
	o, err := tx.ObjectByURI(a.Object.Object.ID)
	if fault.Is(err, fault.NotFound) || err == nil && !o.DeletedAt.IsZero() {
		return unwanted("the status %s is not known here", a.Object.Object.ID), nil
	}
	if err == nil && o.AccountID != a.Actor.ID {
		return notAuthor(tx, a, o)
	}
	return "", err
}

func authorizeAdd(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if not, err := authorizeRemove(env, tx, a); not != "" || err != nil {
		return not, err
	}
	o, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return "", err
	}
	if !o.IsStatus || o.ReblogOfID != 0 || o.Visibility == store.Direct {
		return unwanted("%s can't be pinned", o.URI), nil
	}
	if a.Actor.Local() {
		return "", nil
	}
	pinned, err := tx.CountPins(a.Actor.ID)
	if err == nil && pinned >= MaxPins {
		return unwanted("%s has pinned %d posts already", a.Actor.URI, MaxPins), nil
	}
	return "", err
}

func applyAdd(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	o, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	most := MaxPins
	if a.Actor.Local() {
		most = env.Config.MaxPinned
	}
	changed, err := tx.PutPin(a.Actor.ID, o.ID, most)
	if err != nil {
		return Outcome{}, err
	}
	return toFollowers(tx, a, o, changed)
}

func applyRemove(_ *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	o, err := tx.ObjectByURI(a.Object.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	changed, err := tx.DeletePin(a.Actor.ID, o.ID)
	if err != nil {
		return Outcome{}, err
	}
	return toFollowers(tx, a, o, changed)
}

// toFollowers publishes a change of a profile's pins.
func toFollowers(tx *store.Tx, a *Activity, o *store.Object, changed bool) (Outcome, error) {
	out := Outcome{Object: o.ID}
	if !changed || !a.Origin.Publishes {
		return out, nil
	}
	inboxes, err := tx.FollowerInboxes(a.Actor.ID)
	out.Publish = &Publication{Visibility: o.Visibility, Inboxes: inboxes}
	return out, err
}
