// Package activity holds the social rules: what a Create, a Follow, a Like …
// does, one file per activity type. Every change of the social state, whether
// it was written here, arrived in an inbox or was fetched, is an Activity that
// the pipeline of package ap takes through the same steps of its Rule: what
// must be fetched first (Needs), the work without a database (Prepare), whether
// the actor may do it (Authorize), what is written and who gets it (Apply).
//
// The package never dials and never answers HTTP: it works in the store's
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
	// Actor is the account that does it, verified by signature, sign-in or
	// fetch.
	Actor *store.Account
	// Followed reports whether a local account follows it, as Recheck found in
	// the transaction that applies the activity; nil before.
	Followed *bool
	// Recipient is the account whose own inbox it arrived in; 0 for the
	// shared inbox.
	Recipient store.AccountID
	// ByID reports that only the id of its object arrived, and that the
	// pipeline fetched the object from its origin.
	ByID bool
	// Forgotten reports that it is not remembered if it is an Undo of what is
	// not known here: its host has sent too many.
	Forgotten bool
	// Brought reports that another than its actor brought it, with a proof: it
	// may be an old one.
	Brought bool
	// Depth counts the fetches of a thread that led here, to limit them.
	Depth int
	// Quotes counts the quotes that were followed to fetch this.
	Quotes int
	// Cause is the URI of the actor whose message made us fetch this; ""
	// for a local user. Further fetches count against that actor's limits.
	Cause string
	// Relay is the relay that brought this; 0 for none.
	Relay int64
	// Command is what a local account requested beyond the published
	// document.
	Command Command
	// Prepared is what the rule's Prepare made of the object, before the transaction.
	Prepared *Prepared
}

// Command is what a local account requests that is not part of the published
// document.
type Command struct {
	Status          store.ObjectID     // the id that a new post is to have: its page's URL has it
	ApplicationID   int64              // what it was written with
	IdempotencyKey  string             // a second post of one key is the first
	KeepAttachments bool               // a Delete leaves them to the author for a day
	HideTotals      bool               // of a poll, until it ends
	Tallies         bool               // an Update of the results of a poll, and of nothing else
	Unchanged       bool               // an Update of a status whose row is written already
	Interaction     *store.Interaction // of an answer that an account here gives, if no row has it yet
	Kind            string             // of the interaction that an answer is about
	Decided         bool               // an answer that says what was decided, and changes nothing
	AtOnce          bool               // an Accept of a quote in the transaction that posts it
	Choices         []int              // of a vote, all of them
	Counted         bool               // of a vote whose choices another has
	Also            []*Activity        // the votes for the other choices
	// Write writes what belongs to the activity alone, in the same
	// transaction: the rows of a profile. It may run twice.
	Write func(tx *store.Tx, a *Activity) error
}

// Prepared is an activity's object as the rows that will be written for it.
type Prepared struct {
	*object.Reading
	// Mentioned are the accounts that its tags mention.
	Mentioned []store.Addressee
	// Here are the names of the local accounts that it is addressed to; from
	// Hidden on, those of whom nobody else is told (bto, bcc, audience).
	Here   []string
	Hidden int
	// Votes are what a Create has for its object, if these are votes.
	Votes []*vocab.Object
	// Reaction is what an EmojiReact reacts with.
	Reaction store.Reaction
	// Comment is what a Flag says, as plain text.
	Comment string
}

// cause is the URI of the actor whose limits the activity's fetches count
// against.
func (a *Activity) cause() string {
	if a.Origin.Unsolicited && a.Cause == "" {
		return a.Actor.URI
	}
	return a.Cause
}

// Need is something that must be known here before an activity can be applied.
type Need struct {
	URI   string
	Actor bool // an actor is wanted, not a status
	// Document wants what is there now in the place of the object's id.
	Document bool
	// Announced is a post that a community announces: it is taken as if it
	// had come, with its notifications.
	Announced bool
	// Update wants a known post as its origin has it now; Gone wants it
	// deleted here, if its origin says so.
	Update, Gone bool
	// An Optional need that could not be fetched does not stop the activity.
	Optional bool
}

// Rule is what one activity type does.
type Rule struct {
	// Type is its ActivityStreams name.
	Type string
	// Needs names what must be fetched first; nil when nothing ever is. Of a
	// Whole rule nothing is when the object itself came.
	Needs func(env *Env, tx *store.Tx, a *Activity) ([]Need, error)
	Whole bool
	// Prepare does all the work that needs no database, before the
	// transaction begins, and stores it in a.Prepared; nil for none.
	Prepare func(env *Env, a *Activity) error
	// Authorize returns a Forbidden error when the actor may not do this,
	// or the reason why it is not wanted here.
	Authorize func(env *Env, tx *store.Tx, a *Activity) (Reason, error)
	// Apply writes what the activity causes: nothing but SQL happens here.
	// Applying it twice changes nothing.
	Apply func(env *Env, tx *store.Tx, a *Activity) (Outcome, error)
	// Undo reverts the activity for its actor, if it is one of this rule's,
	// and returns the inboxes that get the Undo; nil for what can't be
	// undone.
	Undo func(env *Env, tx *store.Tx, undone *Activity) (inboxes []string, found bool, err error)
}

// Env is what the rules use besides the transaction.
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
		addRule(),
		removeRule(),
		flagRule(),
		moveRule(),
		requestRule("QuoteRequest"),
		requestRule("LikeRequest"),
		requestRule("ReplyRequest"),
		requestRule("AnnounceRequest"),
	}
}

// Rules returns the rule of each activity type.
func Rules() map[string]Rule {
	byType := map[string]Rule{}
	for _, r := range rules() {
		byType[r.Type] = r
	}
	return byType
}

// refuse returns the error for what the actor is not allowed to do.
func refuse(format string, args ...any) error {
	return fault.Errorf(fault.Forbidden, format, args...)
}

// unwanted returns the reason why something concerns no local account.
func unwanted(format string, args ...any) Reason {
	return Reason(fmt.Sprintf(format, args...))
}
