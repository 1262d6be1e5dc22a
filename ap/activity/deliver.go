package activity

import (
	"kinglet/internal/jobs"
	"kinglet/store"
)

// deliver enqueues one delivery for each inbox, once each, of a local account's
// activity; id is its row. Deliveries about one object arrive at an inbox in
// their order: an Update never before its Create, a Create never after its
// Delete, even when the first had to be retried.
func deliver(tx *store.Tx, a *Activity, id store.ObjectID, inboxes []string) error {
	subject := subjectOf(a)
	seen := map[string]bool{}
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
		// What still waits is obsolete: a Delete does not wait for it.
		job.Replaces = a.Type == "Delete"
		list = append(list, job)
	}
	return tx.Enqueue(list...)
}

// subjectOf is the object that an activity is about, which an earlier or later
// one may revert: the post of a Create, Update, Delete or Announce, the target
// of a Follow, and for an Undo the subject of what is undone.
func subjectOf(a *Activity) string {
	object := a.Object.Object
	if a.Type == "Undo" && object.Object != nil && object.Object.Object.ID != "" {
		return object.Object.Object.ID
	}
	return object.ID
}
