// Package activity holds the social rules: what a Create, a Follow, a Like …
// does, one file per activity type. Every change of the social state, whether
// it was written here, arrived in an inbox or was fetched, is an Activity that
// the pipeline of package ap carries through the same steps of its Rule: what
// it needs known, what of it is work without a database, whether it may, what
// it writes, and whom that is for.
//
// The package never dials and never answers HTTP: it works on the store's
// transaction. Read Activity, Rule, Outcome and create.go first.
package activity

import (
	"fmt"
	"log/slog"

	"kinglet/ap/object"
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

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
	// Command is what an account here asked for beside what is published.
	Command Command
	// Prepared is what the rule's Prepare made of the object, before the transaction.
	Prepared *Prepared
}

// Command is what an account here asks for that is no part of the document
// which others get.
type Command struct {
	Status          store.ObjectID // the id that a new post is to have: its page's URL has it
	ApplicationID   int64          // what it was written with
	IdempotencyKey  string         // a second post of one key is the first
	KeepAttachments bool           // a Delete leaves them to the author for a day
	// Write writes, in the same transaction, what belongs to the activity and
	// is nobody else's: the rows of a profile. It may run twice.
	Write func(tx *store.Tx, a *Activity) error
}

// Prepared is an activity's object as the rows that will be written of it.
type Prepared struct {
	*object.Reading
	// Mentioned are those whom its tags mention.
	Mentioned []store.Addressee
	// Here are the names of the accounts here that it is addressed to.
	Here []string
	// Reaction is what an EmojiReact reacts with.
	Reaction store.Reaction
}

// cause is whom the fetches are counted for that an activity leads to.
func (a *Activity) cause() string {
	if a.Origin.Unsolicited {
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
	// An Optional need that could not be fetched does not stop the activity.
	Optional bool
}

// Rule is what one activity type does.
type Rule struct {
	// Type is its ActivityStreams name.
	Type string
	// Needs names what must be fetched first; nil for nothing ever.
	Needs func(env *Env, tx *store.Tx, a *Activity) ([]Need, error)
	// Prepare does all the work that needs no database, before the
	// transaction begins, and keeps it in a.Prepared; nil for none.
	Prepare func(env *Env, a *Activity) error
	// Authorize returns a Forbidden error unless the actor may do this, or
	// why it is not wanted here.
	Authorize func(env *Env, tx *store.Tx, a *Activity) (Reason, error)
	// Apply writes what the activity causes: nothing but SQL happens here.
	// Applying it twice changes nothing.
	Apply func(env *Env, tx *store.Tx, a *Activity) (Outcome, error)
	// Undo takes the activity back for its actor, if it is one of this rule's,
	// and says which inboxes are to get the Undo; nil for what is not undone.
	Undo func(env *Env, tx *store.Tx, undone *Activity) (inboxes []string, found bool, err error)
}

// Env is what the rules know beside the transaction.
type Env struct {
	Config *config.Config
	Log    *slog.Logger
	Policy policy.Chain
}

// rules lists every activity type. To add one is to add its file and its line.
func rules() []Rule {
	return []Rule{
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
		emojiReactRule(),
	}
}

// Rules gives the rule of each activity type.
func Rules() map[string]Rule {
	byType := map[string]Rule{}
	for _, r := range rules() {
		byType[r.Type] = r
	}
	return byType
}

// refuse makes the error for what the actor had no right to do.
func refuse(format string, args ...any) error {
	return fault.Errorf(fault.Forbidden, format, args...)
}

// unwanted says why something concerns nobody here.
func unwanted(format string, args ...any) Reason {
	return Reason(fmt.Sprintf(format, args...))
}
