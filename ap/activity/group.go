package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A community (an actor of type Group: Lemmy, PieFed, Mbin, NodeBB …) announces
// the activities of its members (FEP-1b12). What it embeds is a hint and never
// believed: a post is fetched from its own origin, whoever is said to have
// written it. The Create of a post boosts it; a comment is stored where its
// thread is known here; an edit is fetched; a deletion is believed when the
// origin says so too, or when the post says that it is the community's. All
// else (Like, Dislike, Lock, Add, Block …) changes nothing here, and costs no
// fetch.

// announced is the activity that an Announce embeds; nil when it is an object or
// only an id.
func announced(o *vocab.Object) *vocab.Object {
	inner := o.Object.Object
	if inner == nil || inner.Type == "" || object.IsStatus(inner.Type) || vocab.IsActorType(inner.Type) || inner.Actor.ID == "" {
		return nil
	}
	return inner
}

// boosted is the id of what an Announce boosts: its object or, of a Create, what
// that created.
func boosted(o *vocab.Object) string {
	if inner := announced(o); inner != nil && inner.Type == "Create" {
		return inner.Object.ID
	}
	return o.Object.ID
}

// groupNeeds asks for what an announced activity is about.
func groupNeeds(env *Env, tx *store.Tx, a *Activity, inner *vocab.Object) ([]Need, error) {
	uri, parent := inner.Object.ID, replyTo(inner)
	if not := notOfGroup(a, inner); not != "" || env.Config.IsOwn(uri) {
		return nil, nil
	}
	for _, kept := range []string{uri, parent, inner.Actor.ID} { // until it is fetched
		if _, err := vocab.ParseURI(kept); err != nil && kept != "" {
			return nil, nil
		}
	}
	known, err := tx.ObjectByURI(uri)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	followed, ferr := isFollowed(tx, a)
	if ferr != nil {
		return nil, ferr
	}
	switch {
	case uri == "":
	case err != nil && inner.Type == "Create" && followed:
		// A comment is wanted where its thread is.
		if parent != "" {
			if uris, err := tx.KnownURIs(parent); err != nil || !uris[parent] {
				return nil, err
			}
		}
		return []Need{{URI: uri, Announced: true}}, nil
	case err != nil || !known.DeletedAt.IsZero() || !known.IsStatus || known.ReblogOfID != 0:
	case inner.Type == "Update" && followed:
		return []Need{{URI: uri, Update: true}}, nil
	case inner.Type == "Delete":
		ours, err := inCommunity(tx, a, known)
		if err != nil || ours || !followed {
			return nil, err
		}
		return []Need{{URI: uri, Gone: true}}, nil
	}
	return nil, nil
}

// replyTo is what the post of an announced Create says it replies to.
func replyTo(create *vocab.Object) string {
	if post := create.Object.Object; post != nil {
		return post.InReplyTo.ID
	}
	return ""
}

// inCommunity reports whether a post says that it is in the community that
// announces.
func inCommunity(tx *store.Tx, a *Activity, o *store.Object) (bool, error) {
	community, err := tx.Community(o.ID)
	return community != "" && community == a.Actor.URI, err
}

// notOfGroup says why nothing is done because of an announced activity, as far
// as it is known without the database.
func notOfGroup(a *Activity, inner *vocab.Object) Reason {
	if a.Actor.Type != "Group" {
		return unwanted("%s announces an activity (%s) and is not a group", a.Actor.URI, inner.Type)
	}
	switch inner.Type {
	case "Create", "Update", "Delete":
		return ""
	}
	return unwanted("a %s that a group announces changes nothing here", inner.Type)
}

// authorizeGroup decides about an announced activity when what it needed is
// known. A Create is decided as the boost of its post.
func authorizeGroup(env *Env, tx *store.Tx, a *Activity, inner *vocab.Object) (Reason, error) {
	if not := notOfGroup(a, inner); not != "" {
		return not, nil
	}
	known, err := tx.ObjectByURI(inner.Object.ID)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the %s that %s announces is about what is not known here: %s", inner.Type, a.Actor.URI, inner.Object.ID), nil
	}
	if err != nil {
		return "", err
	}
	switch inner.Type {
	case "Create":
		if known.InReplyToURI != "" {
			return unwanted("%s is a comment, which is not boosted", known.URI), nil
		}
		return "", nil
	case "Update":
		if followed, err := isFollowed(tx, a); err != nil || followed {
			return "", err
		}
		return unwanted("no local account follows %s", a.Actor.URI), nil
	case "Delete":
		if !known.DeletedAt.IsZero() {
			return unwanted("%s is deleted already", known.URI), nil
		}
		ours, err := inCommunity(tx, a, known)
		if err == nil && !ours {
			return unwanted("%s announces that %s is deleted, which its origin does not say", a.Actor.URI, known.URI), nil
		}
		return "", err
	}
	return "", nil
}

// applyGroup does what is left of an announced Update or Delete: an edit was
// fetched, or its author's own server said that it is gone. What the moderators
// of its community deleted is deleted here; of a post of an account here only
// the community's boost is.
func applyGroup(tx *store.Tx, a *Activity, inner *vocab.Object) (Outcome, error) {
	o, err := tx.ObjectToChange(inner.Object.ID)
	if err != nil {
		return Outcome{}, err
	}
	if inner.Type != "Delete" || !o.DeletedAt.IsZero() {
		return Outcome{Object: o.ID}, nil
	}
	if !o.Local {
		return Outcome{Object: o.ID}, tx.DeleteObject(o, nil)
	}
	boost, err := tx.ActivityOn(a.Actor.ID, "Announce", o.URI)
	if err != nil {
		return Outcome{}, ifNotFound(err)
	}
	return Outcome{Object: o.ID}, tx.DeleteObject(boost, nil)
}
