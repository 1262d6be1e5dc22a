package activity

import (
	"slices"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// directly is up to how many deliveries are enqueued in the transaction that
// causes them. For more inboxes it writes one job, which enqueues them: whoever
// posts does not wait for a row for each server.
const directly = 8

// deliver enqueues one delivery for each inbox, once each, of a local account's
// activity; id is its row. Deliveries about one object arrive at an inbox in
// their order: an Update never before its Create, a Create never after its
// Delete, even when the first had to be retried.
func deliver(tx *store.Tx, a *Activity, id store.ObjectID, inboxes []string) error {
	all := FanOutArgs{
		Activity: id, Sender: a.Actor.ID, Inboxes: once(inboxes), First: a.Type == "Create",
		// What still waits is obsolete: a Delete does not wait for it.
		Replaces: a.Type == "Delete",
	}
	if subject := subjectOf(a); subject != "" {
		all.Order = []string{a.Actor.URI, subject}
	}
	return all.enqueue(tx)
}

// enqueue enqueues the deliveries, or what enqueues them.
func (all FanOutArgs) enqueue(tx *store.Tx) error {
	if err := all.leaveOutDead(tx); err != nil {
		return err
	}
	order := all.order()
	many := len(all.Inboxes) > directly
	if !many && order != 0 && !all.First {
		// Behind an earlier activity whose deliveries are not enqueued yet.
		var err error
		if many, err = tx.HasJobs(order); err != nil {
			return err
		}
	}
	if !many {
		return tx.Enqueue(all.deliveries()...)
	}
	first := true
	for inboxes := range slices.Chunk(all.Inboxes, fanOutMost) {
		part := all
		part.Inboxes = inboxes
		job := FanOutJob.Job(part)
		job.Order, job.First, job.Replaces = order, all.First && first, all.Replaces && first
		if err := tx.Enqueue(job); err != nil {
			return err
		}
		first = false
	}
	return nil
}

// leaveOutDead leaves out the inboxes of hosts that have not answered for days:
// of what is not enqueued nothing waits for them.
func (f *FanOutArgs) leaveOutDead(tx *store.Tx) error {
	hosts := make([]string, len(f.Inboxes))
	for i, inbox := range f.Inboxes {
		hosts[i] = vocab.Host(inbox)
	}
	if len(hosts) == 0 {
		return nil
	}
	dead, err := tx.DeadHosts(hosts)
	if err == nil && len(dead) > 0 {
		f.Inboxes = slices.DeleteFunc(slices.Clone(f.Inboxes), func(inbox string) bool { return dead[vocab.Host(inbox)] })
	}
	return err
}

// once leaves out what is in a list before.
func once(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// order is the key of the order in which activities about one object have their
// deliveries enqueued; 0 for none.
func (f FanOutArgs) order() int64 {
	if len(f.Order) == 0 {
		return 0
	}
	return jobs.Order(f.Order...)
}

// deliveries are the jobs of the inboxes, each in an order of its own.
func (f FanOutArgs) deliveries() (list []store.NewJob) {
	for _, inbox := range f.Inboxes {
		job := DeliverJob.Job(DeliverArgs{Activity: f.Activity, Sender: f.Sender, Inbox: inbox, Forward: f.Forward})
		if len(f.Order) > 0 {
			job.Order = jobs.Order(append(slices.Clone(f.Order), inbox)...)
		}
		job.First, job.Replaces = f.First, f.Replaces
		list = append(list, job)
	}
	return list
}

// fanOutMost is how many inboxes one FanOutJob has: each of its steps writes those
// that are left.
const fanOutMost = 500

// fanOutStep is how many deliveries one transaction of a FanOutJob enqueues.
const fanOutStep = 50

// FanOut enqueues the next deliveries of an activity, and returns what is left to
// enqueue; nothing for one that was retracted.
func FanOut(tx *store.Tx, all FanOutArgs) (left *FanOutArgs, err error) {
	if there, err := all.isThere(tx); err != nil || !there {
		return nil, err
	}
	if err := all.leaveOutDead(tx); err != nil || len(all.Inboxes) == 0 {
		return nil, err
	}
	next, rest := all, all
	n := min(fanOutStep, len(all.Inboxes))
	next.Inboxes, rest.Inboxes = all.Inboxes[:n], all.Inboxes[n:]
	if err := tx.Enqueue(next.deliveries()...); err != nil || len(rest.Inboxes) == 0 {
		return nil, err
	}
	return &rest, nil
}

// isThere reports whether what is to be delivered was not retracted.
func (f FanOutArgs) isThere(tx *store.Tx) (bool, error) {
	if f.Forward != 0 {
		return tx.HasForward(f.Forward)
	}
	o, err := tx.Object(f.Activity)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && o.DeletedAt.IsZero(), err
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
