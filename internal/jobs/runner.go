// Package jobs does the work that waits in the store's jobs table: deliveries,
// fetches, clean-up. Jobs are written in the transaction that causes them, so
// none is lost; a commit wakes the Runner, and without work it sleeps and asks
// the database nothing.
//
// Each remote host has a lane with its own limit, so that one that is slow
// holds up no other. A lane starts with one job at a time, and gets its full
// limit with the first success. A host that does not answer is set aside,
// longer each time, and then probed with one job.
//
// A job may run twice (a crash between its work and its end), so workers are
// idempotent. Read Runner, and error.go for what a worker may answer.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"kinglet/store"
)

// Options set a Runner up; zero values choose.
type Options struct {
	Store *store.Store
	Log   *slog.Logger
	// Workers is how many jobs run at once, 256 if 0. Goroutines are made for
	// them on demand.
	Workers int
	// LaneLimit is how many of one proven lane do, 4 if 0.
	LaneLimit int
	// GiveUp is how old a job may be when it fails, to be tried again.
	GiveUp time.Duration
	// Drain is how long Run waits for running jobs at its end.
	Drain time.Duration
	// Backoff is how long to wait after the nth failure in a row.
	Backoff func(failures int) time.Duration
}

// Runner claims due jobs and runs them.
type Runner struct {
	o       Options
	workers map[string]worker
	node    string // the name that this process claims under
	wake    chan struct{}

	mu      sync.Mutex
	changed *sync.Cond // of what follows
	running map[string]int
	total   int
	asleep  bool
	proven  map[string]bool // lanes that had a success in this process
	failing map[string]bool // lanes with a row in lanes, as far as is known here
}

type worker struct {
	timeout time.Duration
	giveUp  time.Duration // 0 is Options.GiveUp
	run     func(ctx context.Context, j store.Job) error
}

// New makes a runner; register the workers of its kinds (Kind.Register), then
// Run it.
func New(o Options) *Runner {
	if o.Workers == 0 {
		o.Workers = 256
	}
	if o.LaneLimit == 0 {
		o.LaneLimit = 4
	}
	if o.GiveUp == 0 {
		o.GiveUp = 7 * 24 * time.Hour
	}
	if o.Drain == 0 {
		o.Drain = 6 * time.Second
	}
	if o.Backoff == nil {
		o.Backoff = Backoff
	}
	r := &Runner{
		o: o, workers: map[string]worker{}, wake: make(chan struct{}, 1),
		running: map[string]int{}, proven: map[string]bool{}, failing: map[string]bool{},
	}
	r.changed = sync.NewCond(&r.mu)
	return r
}

// Backoff doubles from half a minute up to six hours, give or take a fifth.
func Backoff(failures int) time.Duration {
	d := 30 * time.Second << min(failures-1, 12)
	d = min(d, 6*time.Hour)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

// Wake has the runner look for due jobs. It never blocks.
func (r *Runner) Wake() {
	r.mu.Lock()
	r.asleep = false
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run does jobs until ctx ends. It then claims no more, gives those that run
// the time of Options.Drain, cancels them, and returns when all have ended.
// What was cut off is due again at the next start.
func (r *Runner) Run(ctx context.Context) error {
	r.o.Store.OnJobs(r.Wake)
	if err := r.start(ctx); err != nil {
		return err
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var group sync.WaitGroup
	for ctx.Err() == nil {
		next, err := r.claim(ctx, work, &group)
		if err != nil && ctx.Err() == nil {
			r.o.Log.Error("jobs can't be claimed", "error", err)
			next = r.o.Store.Now().Add(afterError)
		}
		r.sleep(ctx, next)
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(r.o.Drain):
		cancel()
		<-ended
	}
	return nil
}

func (r *Runner) start(ctx context.Context) error {
	var lanes []store.Lane
	var err error
	if r.node, err = r.o.Store.HoldNode(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	err = r.o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.ReleaseClaims(); err != nil {
			return err
		}
		lanes, err = tx.Lanes()
		return err
	})
	if err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	for _, l := range lanes {
		r.failing[l.Name] = true
	}
	return nil
}

// claimBatch is how many jobs one transaction claims.
const claimBatch = 64

// lease is how long a claim holds; longer than any worker's timeout.
const lease = 10 * time.Minute

// afterError is how long to wait when the database fails.
const afterError = 5 * time.Second

// claim starts all due jobs that there is room for, and tells when the next
// one is due; zero for never, or not before one of those that run has ended.
func (r *Runner) claim(ctx, work context.Context, group *sync.WaitGroup) (next time.Time, err error) {
	var passed []string // lanes seen to have no room, beside those that are full
	for ctx.Err() == nil {
		full, free := r.room()
		full = append(full, passed...)
		if free <= 0 {
			return time.Time{}, nil
		}
		var jobs []store.Job
		var skipped []string
		err := r.o.Store.Update(ctx, func(tx *store.Tx) (err error) {
			if jobs, skipped, err = tx.ClaimJobs(r.node, full, r.roomIn(), min(free, claimBatch), lease); err != nil {
				return err
			}
			next = time.Time{}
			if len(jobs)+len(skipped) == 0 {
				next, _, err = tx.NextRun(full)
			}
			return err
		})
		if err != nil {
			return time.Time{}, err
		}
		for _, j := range jobs {
			r.begin(j.Lane)
			group.Go(func() { r.run(work, j) })
		}
		if len(jobs)+len(skipped) == 0 {
			return next, nil
		}
		passed = append(passed, skipped...)
	}
	return time.Time{}, nil
}

// unprovenShare is how much of the workers lanes without a success may take:
// many hosts that never answer must leave room for those that do.
const unprovenShare = 0.75

func (r *Runner) room() (full []string, free int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for lane, n := range r.running {
		if n >= r.limit(lane) {
			full = append(full, lane)
		}
	}
	return full, r.o.Workers - r.total
}

// roomIn gives how many more jobs of a lane may start, for the span of one
// claim, in which lanes without a success take from what is left for them.
func (r *Runner) roomIn() func(lane string) int {
	r.mu.Lock()
	unproven := 0
	for lane, n := range r.running {
		if !r.proven[lane] {
			unproven += n
		}
	}
	r.mu.Unlock()
	left := int(unprovenShare*float64(r.o.Workers)) - unproven
	given := map[string]bool{}
	return func(lane string) int {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.proven[lane] && !given[lane] {
			if left <= 0 {
				return 0
			}
			left--
			given[lane] = true
		}
		return r.limit(lane) - r.running[lane]
	}
}

// limit is called with mu held.
func (r *Runner) limit(lane string) int {
	if r.proven[lane] && !r.failing[lane] {
		return r.o.LaneLimit
	}
	return 1
}

func (r *Runner) begin(lane string) {
	r.mu.Lock()
	r.running[lane]++
	r.total++
	r.mu.Unlock()
}

func (r *Runner) end(lane string) {
	r.mu.Lock()
	if r.running[lane]--; r.running[lane] == 0 {
		delete(r.running, lane)
	}
	r.total--
	r.mu.Unlock()
	r.Wake()
}

// maxProven bounds the memory of who answered.
const maxProven = 20_000

func (r *Runner) noteLane(lane string, ok bool) (wasFailing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wasFailing = r.failing[lane]
	if ok {
		if len(r.proven) >= maxProven {
			clear(r.proven)
		}
		r.proven[lane] = true
		delete(r.failing, lane)
	} else {
		delete(r.proven, lane)
		r.failing[lane] = true
	}
	return wasFailing
}

// run does one job and writes what came of it.
func (r *Runner) run(ctx context.Context, j store.Job) {
	defer r.end(j.Lane)
	err := r.Attempt(ctx, j)
	end := context.WithoutCancel(ctx)
	if werr := r.settle(end, j, err, ctx.Err() != nil); werr != nil {
		// The lease brings it back.
		r.o.Log.Error("the end of a job can't be written", "job", j.ID, "kind", j.Kind, "error", werr)
	}
}

// Attempt has a job's worker do it, and writes nothing of what came of it.
func (r *Runner) Attempt(ctx context.Context, j store.Job) (err error) {
	w, ok := r.workers[j.Kind]
	if !ok {
		return Permanent(fmt.Errorf("no worker for jobs of kind %q", j.Kind))
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.run(ctx, j)
}

// poison is after how many failures a probing job steps behind the others of
// its lane, lest one that its host chokes on hold them all up.
const poison = 3

func (r *Runner) settle(ctx context.Context, j store.Job, err error, stopping bool) error {
	after, down := isLaneDown(err)
	now := r.o.Store.Now()
	stopped := stopping && errors.Is(err, context.Canceled)
	giveUp := r.o.GiveUp
	if w := r.workers[j.Kind]; w.giveUp != 0 {
		giveUp = w.giveUp
	}
	givenUp := isPermanent(err) || now.Sub(j.CreatedAt) > giveUp
	// What is kept in memory changes here: the transaction may be run twice.
	wasFailing := false
	switch {
	case err == nil:
		wasFailing = r.noteLane(j.Lane, true)
	case stopped:
	case givenUp:
		r.o.Log.Warn("job given up", "job", j.ID, "kind", j.Kind, "lane", j.Lane, "attempts", j.Attempts, "error", err)
	case down:
		r.noteLane(j.Lane, false)
	default:
		r.o.Log.Info("job failed, to be tried again", "job", j.ID, "kind", j.Kind, "lane", j.Lane, "attempts", j.Attempts, "error", err)
	}
	werr := r.o.Store.Update(ctx, func(tx *store.Tx) error {
		switch {
		case err == nil:
			if wasFailing {
				if err := tx.LaneHealed(j.Lane); err != nil {
					return err
				}
			}
			return tx.FinishJob(j.ID)
		case stopped:
			return tx.RetryJob(j.ID, now, "stopped")
		case givenUp:
			return tx.KillJob(j.ID, err.Error())
		case down:
			until, lerr := tx.LaneFailed(j.Lane, func(n int) time.Duration { return max(r.o.Backoff(n), after) }, err.Error())
			if lerr != nil {
				return lerr
			}
			if j.Attempts >= poison {
				until = until.Add(time.Second)
			}
			tx.AfterCommit(func() {
				r.o.Log.Info("host set aside", "lane", j.Lane, "until", until, "error", err)
			})
			return tx.RetryJob(j.ID, until, err.Error())
		}
		return tx.RetryJob(j.ID, now.Add(r.o.Backoff(j.Attempts)), err.Error())
	})
	if werr != nil && wasFailing {
		r.noteLane(j.Lane, false) // the lane is still set aside
	}
	return werr
}

// sleep waits for a wake or, unless it is zero, for the next job's time.
func (r *Runner) sleep(ctx context.Context, next time.Time) {
	var timer <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(next.Sub(r.o.Store.Now()) + time.Millisecond)
		defer t.Stop()
		timer = t.C
	}
	r.mu.Lock()
	r.asleep = len(r.wake) == 0
	r.changed.Broadcast()
	r.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-timer:
	}
	r.mu.Lock()
	r.asleep = false
	r.mu.Unlock()
}

// Idle waits until no job runs and none is due, for tests.
func (r *Runner) Idle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, r.changed.Broadcast)
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.asleep || r.total > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.changed.Wait()
	}
	return nil
}
