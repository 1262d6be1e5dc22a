package jobs

import (
	"context"
	"time"

	"kinglet/store"
)

// Step does the jobs that are due, one after the other in the order that they
// became so, until none is, and tells how many it did and when the next is due
// (zero for never). It takes the place of Run where a test owns the clock.
func (r *Runner) Step(ctx context.Context) (done int, next time.Time, err error) {
	if r.node == "" {
		if err := r.start(ctx); err != nil {
			return 0, time.Time{}, err
		}
	}
	for ctx.Err() == nil {
		var jobs []store.Job
		err := r.o.Store.Update(ctx, func(tx *store.Tx) (err error) {
			if jobs, _, err = tx.ClaimJobs(r.node, nil, r.roomIn(), 1, lease); err != nil || len(jobs) > 0 {
				return err
			}
			next, _, err = tx.NextRun(nil)
			return err
		})
		if err != nil || len(jobs) == 0 {
			return done, next, err
		}
		r.begin(jobs[0].Lane)
		r.run(ctx, jobs[0])
		done++
	}
	return done, time.Time{}, ctx.Err()
}
