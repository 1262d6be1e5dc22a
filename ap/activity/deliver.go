package activity

import (
	"kinglet/internal/jobs"
	"kinglet/store"
)

// deliver writes one delivery for each inbox, once each, of an activity of an
// account here; id is its row. What an account says of one thing comes to an
// inbox in the order in which it was said: an Update never before its Create, a
// Create never after its Delete, also when the first had to be tried again.
func deliver(tx *store.Tx, a *Activity, id store.ObjectID, inboxes []string) error {
	subject := subjectOf(a)
	seen := map[string]bool{"": true}
	var list []store.NewJob
	for _, inbox := range inboxes {
		if seen[inbox] {
			continue
		}
		seen[inbox] = true
		job := DeliverJob.Job(DeliverArgs{Activity: id, Sender: a.Actor.ID, Inbox: inbox})
		if subject != "" {
			job.Order = jobs.Order(a.Actor.URI, subject, inbox)
		}
		job.First = a.Type == "Create"
		// What still waits is of no use any more: a Delete does not wait for it.
		job.Replaces = a.Type == "Delete"
		list = append(list, job)
	}
	return tx.Enqueue(list...)
}

// subjectOf is the thing that an activity is about, of which an earlier or
// later one may say the contrary: the post of a Create, Update, Delete or
// Announce, the followed of a Follow, and of an Undo what the undone was about.
func subjectOf(a *Activity) string {
	object := a.Object.Object
	if a.Type == "Undo" && object.Object != nil && object.Object.Object.ID != "" {
		return object.Object.Object.ID
	}
	return object.ID
}
