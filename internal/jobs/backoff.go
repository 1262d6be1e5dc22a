package jobs

import (
	"math/rand/v2"
	"time"

	"kinglet/store"
)

// Backoff doubles from half a minute up to six hours, give or take a fifth.
func Backoff(failures int) time.Duration {
	d := 30 * time.Second << min(failures-1, 12)
	d = min(d, 6*time.Hour)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

func (r *Runner) failed(tx *store.Tx, j store.Job, err error) error {
	next := tx.Now().Add(r.o.Backoff(j.Attempts))
	if down, ok := isHostDown(err); ok {
		until, lerr := r.setAside(tx, j, down)
		if lerr != nil {
			return lerr
		}
		switch {
		case r.workers[j.Kind].fetches:
			// A stranger may have chosen the page: it waits as long as its host says,
			// and nothing else does.
			next = later(later(next, until), tx.Now().Add(down.retryAfter)).Add(store.StepBehind)
		case j.Attempts >= poison || down.host != j.Lane:
			next = until.Add(store.StepBehind)
		default:
			next = j.CreatedAt // it is its lane that waits
		}
	}
	giveUp := r.o.GiveUp
	if w := r.workers[j.Kind]; w.giveUp != 0 {
		giveUp = w.giveUp
	}
	givenUp := isPermanent(err) || tx.Now().Sub(j.CreatedAt) > giveUp
	tx.AfterCommit(func() {
		about := []any{"job", j.ID, "kind", j.Kind, "lane", j.Lane, "attempts", j.Attempts, "error", err}
		if givenUp {
			r.o.Log.Warn("job given up", about...)
		} else {
			r.o.Log.Info("job failed, will be retried", about...)
		}
	})
	if givenUp {
		return tx.KillJob(j, reason(err))
	}
	return tx.RetryJob(j, next, reason(err))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *Runner) setAside(tx *store.Tx, j store.Job, down hostDown) (until time.Time, err error) {
	fetches, least := r.workers[j.Kind].fetches, down.retryAfter
	if fetches {
		least = 0
	}
	until, err = tx.LaneFailed(store.LaneFailure{
		Lane: down.host, Why: reason(down), Wait: func(n int) time.Duration { return max(r.o.Backoff(n), least) },
		OfPage: fetches, Behind: r.fetches, Kind: j.Kind, Tries: poison,
		DeadAfter: r.o.DeadAfter, Died: func() error {
			tx.AfterCommit(func() {
				r.o.Log.Warn("host is dead, nothing more is delivered to it", "lane", down.host, "error", down.error)
			})
			if r.o.Died == nil {
				return nil
			}
			return r.o.Died(tx, j)
		},
	})
	if err != nil {
		return until, err
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		r.lanes.failed(down.host)
		r.mu.Unlock()
		r.o.Log.Info("host set aside", "lane", down.host, "until", until, "error", down.error)
	})
	return until, nil
}
