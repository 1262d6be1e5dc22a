package activity

import (
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// Deliver writes one delivery of a published activity of ours for each inbox,
// once each, in the lane of its host. What an account says of one thing comes to
// an inbox in the order in which it was said: an Update never before its
// Create, a Create never after its Delete, also when the first had to be tried
// again.
func Deliver(tx *store.Tx, published *store.Object, inboxes []string) error {
	subject, err := subjectOf(tx, published)
	if err != nil {
		return err
	}
	seen := map[string]bool{"": true}
	var list []store.NewJob
	for _, inbox := range inboxes {
		if seen[inbox] {
			continue
		}
		seen[inbox] = true
		job := DeliverJob.Job(DeliverArgs{Activity: published.ID, Sender: published.AccountID, Inbox: inbox})
		if subject != "" {
			job.Order = jobs.Order(published.AccountID.String(), subject, inbox)
		}
		job.First = published.Type == "Create"
		// What still waits is of no use any more: a Delete does not wait for it.
		job.Replaces = published.Type == "Delete"
		list = append(list, job)
	}
	return tx.Enqueue(list...)
}

// subjectOf is the thing that an activity is about, and of which an earlier or
// later one may say the contrary: the post of a Create, Update, Delete or
// Announce, the followed of a Follow, and of an Undo what the undone was about.
func subjectOf(tx *store.Tx, o *store.Object) (string, error) {
	if o.Type != "Undo" {
		return o.ObjectURI, nil
	}
	undone, err := tx.ObjectByURI(o.ObjectURI)
	if fault.Is(err, fault.NotFound) {
		return o.ObjectURI, nil
	}
	if err != nil {
		return "", err
	}
	return undone.ObjectURI, nil
}
