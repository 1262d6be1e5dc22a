package jobs

import (
	"context"
	"sync"
	"time"

	"kinglet/internal/memory"
	"kinglet/store"
)

// While memory is scarce jobs that fetch stay in the table: they take no worker,
// no attempt counts, and nothing of them is lost. Now and then one is run all the
// same (memory.Crawl), so that they go on however long that lasts.

// lookForMemory is how soon to look again for memory, while a job waits for it.
const lookForMemory = time.Second

func (r *Runner) isScarce() bool {
	return len(r.fetches) > 0 && r.o.Memory.LastLevel() >= memory.Scarce
}

// mayBegin lists the kinds of jobs that may begin now, as many as there are.
func (r *Runner) mayBegin() []string {
	if len(r.fetches) > 0 && r.o.Memory.Level() >= memory.Scarce {
		return r.others
	}
	return r.kinds
}

// claimFetch starts one job that fetches, if one is due and may begin, and
// returns when to look for the next; zero when none waits.
func (r *Runner) claimFetch(ctx, work context.Context, group *sync.WaitGroup) (next time.Time, err error) {
	r.mu.Lock()
	full := r.lanes.full()
	leftOut := r.leftOut
	r.mu.Unlock()
	now, next, err := r.fetchMayBegin(ctx, full)
	if err != nil || !now {
		return next, err
	}
	_, err = r.claimSome(ctx, work, group, func() []string { return r.fetches }, 1)
	r.mu.Lock()
	r.leftOut.all = r.leftOut.all || leftOut.all || len(leftOut.lanes) > 0 // of what else was looked for
	r.mu.Unlock()
	return next, err
}

// fetchMayBegin reports whether a job that fetches is due, and one may begin now;
// next is when to ask again, zero when none waits.
func (r *Runner) fetchMayBegin(ctx context.Context, full []string) (now bool, next time.Time, err error) {
	waits := false
	if err := r.o.Store.View(ctx, func(tx *store.Tx) (err error) {
		next, waits, err = tx.NextRun(r.fetches, full)
		return err
	}); err != nil || !waits {
		return false, time.Time{}, err
	}
	if at := r.o.Store.Now(); !next.After(at) {
		return r.o.Memory.Admit(memory.Crawl), at.Add(lookForMemory), nil
	}
	return false, next, nil
}

// earlier is the earlier of two times; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
