// Package activity holds the social rules: what a Create, a Follow, a Like …
// does, one file per activity type. Every change of the social state, whether
// it was written here, arrived in an inbox or was fetched, is an Activity that
// the pipeline of package ap carries through the same four steps of its Rule:
// what it needs known, whether it may, what it writes, what it causes.
//
// The package never dials and never answers HTTP: it works on the store's
// transaction. Read Activity, Rule and create.go first.
package activity

import (
	"fmt"
	"log/slog"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Origin says by which door an activity came in, which decides what it is
// believed for.
type Origin int

const (
	// Local was written by an account here, and built by us.
	Local Origin = iota
	// Inbox was signed by its actor and posted to an inbox.
	Inbox
	// Fetched was read by us from the origin of its object.
	Fetched
)

func (o Origin) String() string { return [...]string{"local", "inbox", "fetched"}[o] }

// Activity is one activity on its way through the pipeline.
type Activity struct {
	*vocab.Object
	Origin Origin
	// Actor is who does it, verified by signature, by sign-in or by fetching.
	Actor *store.Account
	// Recipient is whose own inbox it came to; 0 for the shared inbox.
	Recipient store.AccountID
	// ByID tells that only the id of its object came, and that the pipeline
	// fetched the object from its origin.
	ByID bool
	// Depth counts how many fetches of a thread led here; it bounds them.
	Depth int
	// Cause is the URI of the actor whose message had us fetch this; "" when
	// somebody here did. What fetching leads to is counted for it.
	Cause string

	// What only a local post has.
	ApplicationID  int64
	IdempotencyKey string

	// What only a local Delete has: the pictures are kept for a day, for the
	// author to write the post anew with them.
	KeepAttachments bool

	// Result is the status or activity that Apply wrote or found. A local
	// post brings the id it is to have.
	Result store.ObjectID
}

// cause is whom the fetches are counted for that an activity leads to.
func (a *Activity) cause() string {
	if a.Origin == Inbox {
		return a.Actor.URI
	}
	return a.Cause
}

// Need is something that must be known here before an activity can be judged.
type Need struct {
	URI   string
	Actor bool // an actor is wanted, not a status
	// Document wants what is there now in the place of the object's id.
	Document bool
	// Optional needs that can't be had don't stop the activity.
	Optional bool
}

// Rule is what one activity type does.
type Rule struct {
	// Type is its ActivityStreams name.
	Type string
	// Needs names what must be fetched first; nil for nothing ever.
	Needs func(env *Env, tx *store.Tx, a *Activity) ([]Need, error)
	// Authorize returns a Forbidden error unless the actor may do this.
	Authorize func(env *Env, tx *store.Tx, a *Activity) error
	// Apply writes everything the activity causes. Applying it twice changes
	// nothing.
	Apply func(env *Env, tx *store.Tx, a *Activity) error
}

// Env is what the rules know beside the transaction.
type Env struct {
	Config *config.Config
	Log    *slog.Logger
}

// Rules lists every activity type. To add one is to add its file and its line.
func Rules() map[string]Rule {
	rules := map[string]Rule{}
	for _, r := range []Rule{
		createRule(),
		updateRule(),
		deleteRule(),
		followRule(),
		acceptRule(),
		rejectRule(),
		undoRule(),
		likeRule(),
		announceRule(),
		blockRule(),
	} {
		rules[r.Type] = r
	}
	return rules
}

// Ignored is an activity that is not wrong but of no interest here: it is
// answered as accepted, so that the sender does not try again.
type Ignored struct{ Reason string }

func (i *Ignored) Error() string { return i.Reason }

// refuse makes the error for what the actor had no right to do.
func refuse(format string, args ...any) error {
	return fault.Errorf(fault.Forbidden, format, args...)
}

// ignore makes the error for what concerns nobody here.
func ignore(format string, args ...any) error {
	return &Ignored{fmt.Sprintf(format, args...)}
}
