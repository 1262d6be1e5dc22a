package activity

import "kinglet/store"

// Reason says why a valid activity is not wanted here, "" when it is wanted.
// Its sender gets the same answer as for an accepted one, so that it does not
// retry and learns nothing about us.
type Reason string

// Outcome is what came of an activity.
type Outcome struct {
	// NotWanted is why nothing was done.
	NotWanted Reason
	// Postponed reports that it was stored, and something is fetched first.
	Postponed bool
	// Object is the status that was written, changed or found.
	Object store.ObjectID
	// Publish makes the pipeline publish the activity, if its origin
	// publishes; nil when nothing changed.
	Publish *Publication
	// Then lists what local accounts do because of it, in the same
	// transaction: the Accept of a Follow.
	Then []*Activity
}

// NotWanted returns the outcome of what concerns no local account.
func NotWanted(why Reason) Outcome { return Outcome{NotWanted: why} }

// Publication says who gets an activity.
type Publication struct {
	// Visibility says who may read it under its id.
	Visibility store.Visibility
	// Inboxes are where it is delivered.
	Inboxes []string
	// Activity is its row when Apply has written one (a boost is a status);
	// 0 makes the pipeline write it.
	Activity store.ObjectID
	// AnswerTo is the account whose Follow this answers. One answer of a
	// type is stored for each follower: the same Follow again gets the same
	// answer delivered again, another Follow replaces it. Of what is done with a
	// status it is store.InteractionKey.
	AnswerTo string
}
