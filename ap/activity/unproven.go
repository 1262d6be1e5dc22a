package activity

import (
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// What another than its actor brings, and nothing proves (Mastodon forwards the
// replies of a thread so, with an LD signature), is a hint: its origin is asked
// for what it is about, as far as somebody here wants that, and what the origin
// says counts.

// ForwardedJob asks an origin for what an unproven activity is about.
var ForwardedJob = jobs.Kind[ForwardedArgs]{Fetches: true, Name: "forwarded", Timeout: fetchTimeout, GiveUp: 24 * time.Hour, Lane: func(a ForwardedArgs) string { return vocab.Host(a.URI) }}

// ForwardedArgs says what to ask an origin for, and who brought it.
type ForwardedArgs struct {
	Type string `json:"type"` // Create, Update, Delete, Announce
	URI  string `json:"uri"`  // of the post; of the Announce itself
	By   string `json:"by"`   // whose limits the fetches count against
}

// Enqueue writes the job, once for each host that brings the same.
func (a ForwardedArgs) Enqueue(tx *store.Tx) error {
	return ForwardedJob.Enqueue(tx, a, jobs.Unique(ForwardedJob.Name+" "+vocab.Host(a.By)+" "+a.Type+" "+a.URI))
}

// refetchAfter is how old an actor's document is that is fetched again for who
// brings an Update of it.
const refetchAfter = time.Hour

// MayBring refuses what is between two, which nobody forwards: who kept an old
// Accept, with its proof, would end or begin with it what has changed since.
func MayBring(typ string) error {
	switch typ {
	case "Follow", "Accept", "Reject", "Block", "Flag":
		return refuse("a %s is brought by its actor alone", typ)
	}
	return nil
}

// Unproven decides what the origin of an activity is to be asked for. A reason
// says that there is nothing to do, a Forbidden error that nobody here asks for
// it. What came is a stranger's text, so the same is decided again of what was
// fetched.
func Unproven(env *Env, tx *store.Tx, doc *vocab.Object) (args ForwardedArgs, not Reason, err error) {
	actor, err := tx.AccountByURI(doc.Actor.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		actor = &store.Account{URI: doc.Actor.ID}
	case err != nil:
		return args, "", err
	case !actor.Active():
		return args, "", refuse("the account %s is suspended or gone", actor.URI)
	}
	a := &Activity{Object: doc, Origin: Forwarded, Actor: actor}
	switch doc.Type {
	case "Announce":
		return unprovenAnnounce(env, tx, a)
	case "Create", "Update", "Delete":
	default:
		return args, "", refuse("a %s that another brings needs a proof", doc.Type)
	}
	id := doc.Object.ID
	if err := ownsID(env, a, id); err != nil {
		return args, "", err
	}
	args = ForwardedArgs{Type: doc.Type, URI: id}
	if id == actor.URI {
		return unprovenProfile(tx, a, args)
	}
	known, err := tx.ObjectByURI(id)
	switch {
	case fault.Is(err, fault.NotFound) && doc.Type != "Delete":
		args.Type = "Create"
		note := doc.Object.Object
		if note == nil {
			note = &vocab.Object{}
		}
		if wanted, err := isAskedFor(env, tx, a, note); err != nil || wanted {
			return args, "", err
		}
		return args, "", refuse("nobody here asks for %s", id)
	case fault.Is(err, fault.NotFound):
		return args, unwanted("the object %s is not known here", id), nil
	case err != nil:
		return args, "", err
	case known.AccountID != actor.ID || !known.IsStatus || known.ReblogOfID != 0:
		return args, "", refuse("%s is no post of %s", id, actor.URI)
	case !known.DeletedAt.IsZero():
		return args, unwanted("the object %s is deleted", id), nil
	case doc.Type == "Create":
		return args, unwanted("the object %s is known here", id), nil
	}
	return args, "", nil
}

// unprovenAnnounce asks for the Announce itself, which says whose it is.
func unprovenAnnounce(env *Env, tx *store.Tx, a *Activity) (ForwardedArgs, Reason, error) {
	args := ForwardedArgs{Type: a.Type, URI: a.ID}
	if err := ownsID(env, a, a.ID); err != nil {
		return args, "", err
	}
	known, err := tx.KnownURIs(a.ID)
	if err != nil || known[a.ID] {
		return args, unwanted("the boost %s is known here", a.ID), err
	}
	status, err := tx.ObjectByURI(boosted(a.Object))
	if err != nil {
		if !fault.Is(err, fault.NotFound) {
			return args, "", err
		}
		status = nil
	}
	wanted, err := isBoostWanted(tx, a, status)
	if err == nil && !wanted {
		err = refuse("no local account follows %s", a.Actor.URI)
	}
	return args, "", err
}

// unprovenProfile asks for an actor that is known here: again if it changed, or
// whether it is gone.
func unprovenProfile(tx *store.Tx, a *Activity, args ForwardedArgs) (ForwardedArgs, Reason, error) {
	switch {
	case a.Actor.ID == 0 || a.Type == "Create":
		return args, "", refuse("the account %s is not known here", a.Actor.URI)
	case a.Type == "Update" && tx.Now().Sub(a.Actor.FetchedAt) < refetchAfter:
		return args, unwanted("%s was fetched lately", a.Actor.URI), nil
	}
	return args, "", nil
}
