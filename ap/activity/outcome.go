package activity

import "kinglet/store"

// Reason says why an activity is not wrong but not wanted here, "" when it is
// wanted. Its sender is answered as if it had been taken, so that it does not
// try again and learns nothing of us.
type Reason string

// Outcome is what came of an activity.
type Outcome struct {
	// NotWanted is why nothing was done.
	NotWanted Reason
	// Object is the status that was written, changed or found.
	Object store.ObjectID
	// Publish has the pipeline publish the activity, if its origin publishes;
	// nil when it changed nothing.
	Publish *Publication
	// Then is what accounts here do because of it, in the same transaction:
	// the Accept of a Follow.
	Then []*Activity
}

// NotWanted makes the outcome of what concerns nobody here.
func NotWanted(why Reason) Outcome { return Outcome{NotWanted: why} }

// Publication says who is to get an activity.
type Publication struct {
	// Visibility says who may read it under its id.
	Visibility store.Visibility
	// Inboxes are where it is delivered.
	Inboxes []string
	// Activity is its row when Apply has written one (a boost is a status);
	// 0 has the pipeline write it.
	Activity store.ObjectID
	// AnswerTo is the account whose Follow this answers. One answer of a type
	// is kept for each follower: the same Follow again has the same answer
	// delivered again, another one replaces it.
	AnswerTo string
}
