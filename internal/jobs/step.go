package jobs

import (
	"context"
	"time"

	"kinglet/store"
)

// A Runner without Run can be stepped, by tests: everything happens in RunDue,
// in the caller's goroutine, and nothing waits for a clock.

// RunDue runs the jobs that are due by the store's clock, one after the other,
// and those that they make due, until none is. It returns how many ran. A
// failed job waits for its next time, as it would in Run, until the clock is
// advanced.
func (r *Runner) RunDue(ctx context.Context) (ran int, err error) {
	for ctx.Err() == nil {
		one, err := r.Step(ctx)
		if err != nil || !one {
			return ran, err
		}
		ran++
	}
	return ran, ctx.Err()
}

// Step is RunDue for one job; false when none is due.
func (r *Runner) Step(ctx context.Context) (bool, error) {
	if r.node == "" {
		if err := r.start(ctx); err != nil {
			return false, err
		}
	}
	kinds := r.mayBegin()
	due, err := r.claimOne(ctx, kinds)
	if err == nil && len(due) == 0 && len(kinds) < len(r.kinds) {
		var now bool
		if now, _, err = r.fetchMayBegin(ctx, nil); now {
			due, err = r.claimOne(ctx, r.fetches)
		}
	}
	if err != nil || len(due) == 0 {
		return false, err
	}
	if mine, ok := r.begin(ctx, due[0]); ok {
		r.run(mine, due[0])
	}
	return true, nil
}

func (r *Runner) claimOne(ctx context.Context, kinds []string) (due []store.Job, err error) {
	for again := true; again && err == nil; {
		err = r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) (err error) {
			due, _, err = tx.ClaimJobs(store.Claim{
				Node: r.node, Kinds: kinds, Room: func(string, bool, int) int { return 1 }, Most: 1, Lease: r.o.Lease,
			})
			if again = false; err != nil || len(due) > 0 {
				return err
			}
			// The first queue may have had nothing that is due, as it knows now.
			next, ok, err := tx.NextRun(kinds, nil)
			again = ok && !next.After(tx.Now())
			return err
		})
	}
	return due, err
}

// NextDue is when the next job is due, which may be in the past; ok is false
// when none waits.
func (r *Runner) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	kinds := r.mayBegin()
	err = r.o.Store.View(ctx, func(tx *store.Tx) error {
		at, ok, err = tx.NextRun(kinds, nil)
		return err
	})
	if err == nil && len(kinds) < len(r.kinds) {
		fetch, _, err := r.nextFetch(ctx, nil)
		at = earlier(at, fetch)
		return at, !at.IsZero(), err
	}
	return at, ok, err
}
