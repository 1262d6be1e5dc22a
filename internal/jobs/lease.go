package jobs

import (
	"context"
	"sync"
	"time"

	"kinglet/store"
)

// keepRenewing renews the leases of running jobs until stop is called, which
// waits for it. Without running jobs it sends no query.
func (r *Runner) keepRenewing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(r.o.Lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := r.renew(ctx); err != nil && ctx.Err() == nil {
				r.o.Log.Error("could not renew the leases of jobs", "error", err)
			}
		}
	})
	return func() { cancel(); group.Wait() }
}

// renew renews the leases of which a third is over, and aborts jobs that this
// node no longer holds.
func (r *Runner) renew(ctx context.Context) error {
	now := r.o.Store.Now()
	old := r.claimedBefore(now.Add(-r.o.Lease / 3))
	if len(old) == 0 {
		return nil
	}
	var kept []int64
	err := r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.RenewClaims(r.node, old, r.o.Lease)
		return err
	})
	if err != nil {
		return err
	}
	ours := map[int64]bool{}
	for _, id := range kept {
		ours[id] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range old {
		job := r.running[id]
		switch {
		case job == nil: // it ended meanwhile
		case ours[id]:
			job.claimed = now
		default:
			job.lose(errLost)
		}
	}
	return nil
}

func (r *Runner) claimedBefore(t time.Time) (list []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, job := range r.running {
		if !job.claimed.After(t) {
			list = append(list, id)
		}
	}
	return list
}
