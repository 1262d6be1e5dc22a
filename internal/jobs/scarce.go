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

// mayBegin lists the kinds of jobs that may begin now, as many as there are.
func (r *Runner) mayBegin() []string {
	if len(r.fetches) > 0 && r.o.Memory.Level() >= memory.Scarce {
		return r.others
	}
	return r.kinds
}

// claimFetch starts one job that fetches, if one is due and may begin, and
// returns when to look for the next; zero when none waits, or not before a
// running one has ended.
func (r *Runner) claimFetch(ctx, work context.Context, group *sync.WaitGroup) (next time.Time, err error) {
	full, free := r.room() // after what was just started
	if free < r.leastFree() {
		return time.Time{}, nil
	}
	now, next, err := r.fetchMayBegin(ctx, full)
	if err != nil || !now {
		return next, err
	}
	started, soon, err := r.claimSome(ctx, work, group, func() []string { return r.fetches }, 1)
	if started == 0 { // its queue had nothing that is due, or there was no room
		r.o.Memory.TakeBack(memory.Crawl)
		next = soon
	}
	return next, err
}

// nextFetch is when the next job that fetches is due, or memory is looked at for
// it; zero when none waits.
func (r *Runner) nextFetch(ctx context.Context, full []string) (next time.Time, due bool, err error) {
	waits := false
	if err := r.o.Store.View(ctx, func(tx *store.Tx) (err error) {
		next, waits, err = tx.NextRun(r.fetches, full)
		return err
	}); err != nil || !waits {
		return time.Time{}, false, err
	}
	if at := r.o.Store.Now(); !next.After(at) {
		return at.Add(lookForMemory), true, nil
	}
	return next, false, nil
}

// fetchMayBegin reports whether a job that fetches is due, and one may begin now;
// next is when to ask again, zero when none waits.
func (r *Runner) fetchMayBegin(ctx context.Context, full []string) (now bool, next time.Time, err error) {
	next, due, err := r.nextFetch(ctx, full)
	return due && r.o.Memory.Admit(memory.Crawl), next, err
}

// earlier is the earlier of two times; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
