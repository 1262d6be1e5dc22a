package jobs

import (
	"context"
	"slices"
	"strings"
	"time"

	"kinglet/store"
)

// ends are jobs that succeeded, whose ends are written in one transaction. For a
// host that is near, a job takes a millisecond, and a commit of its own for each
// end would cost a tenth of that. A job whose end is not written yet counts as
// running; after a crash it is run again, as one that was cut off in its work.
type ends struct {
	jobs    []store.Job
	timer   *time.Timer
	written chan struct{}
}

const (
	// endsWait is how long an end waits for others.
	endsWait = 5 * time.Millisecond
	// endsMost is how many ends one transaction writes.
	endsMost = 16
)

// succeed writes the end of a job, together with those of others that run now:
// when there are enough, or no other runs, or after a moment. It returns when
// that is done.
func (r *Runner) succeed(ctx context.Context, j store.Job) {
	r.mu.Lock()
	e := r.ends
	if e == nil {
		e = &ends{written: make(chan struct{})}
		e.timer = time.AfterFunc(r.endsWait, func() { r.write(ctx, e) })
		r.ends = e
	}
	e.jobs = append(e.jobs, j)
	now := len(e.jobs) >= endsMost || len(e.jobs) == len(r.running)
	r.mu.Unlock()
	if now {
		r.write(ctx, e)
	}
	<-e.written
}

// write writes ends, unless another does.
func (r *Runner) write(ctx context.Context, e *ends) {
	r.mu.Lock()
	mine := r.ends == e
	if mine {
		r.ends = nil
	}
	r.mu.Unlock()
	if !mine {
		return
	}
	e.timer.Stop()
	err := r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) error { return r.succeeded(tx, e.jobs) })
	if err != nil {
		for _, j := range e.jobs {
			r.notRecorded(j, err)
		}
	}
	r.end(e.jobs...)
	close(e.written)
}

// succeeded writes that jobs succeeded. The memory of lanes changes after the
// commit: the transaction may be run twice, or fail.
func (r *Runner) succeeded(tx *store.Tx, list []store.Job) error {
	// In the order in which an Enqueue takes the queues: two transactions that take
	// the same lanes don't wait for each other.
	list = slices.SortedFunc(slices.Values(list), func(a, b store.Job) int { return strings.Compare(a.Lane, b.Lane) })
	for _, j := range list {
		if j.LaneFailing || r.isFailing(j.Lane) {
			// What fetches keeps its time behind the others.
			if err := tx.LaneRecovered(j.Lane, r.others); err != nil {
				return err
			}
		}
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, j := range list {
			r.lanes.answered(j.Lane)
		}
	})
	return tx.FinishJobs(list...)
}

func (r *Runner) isFailing(lane string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lanes.failing[lane]
}
