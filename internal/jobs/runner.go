// Package jobs runs the work in the store's jobs table: deliveries, fetches,
// clean-up. Jobs are written in the transaction that causes them, so none is
// lost; a commit wakes the Runner, and without work it sleeps and sends no
// queries.
//
// Each remote host has a lane with its own limit, so that a slow one delays no
// other. A lane starts with one job at a time, and gets its full limit with the
// first success. A host that does not answer is set aside, longer each time,
// and then probed with one job.
//
// A job may run twice (a crash between its work and its end), so workers are
// idempotent. Jobs of one order (Order, store.NewJob) run one after the other.
// Several nodes share the table: each claims the kinds that it knows, for the
// time of a lease, which it renews while it works. Read Kind, Runner, and
// error.go for the errors of a worker.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"kinglet/internal/memory"
	"kinglet/store"
)

// Options are the options of a Runner; zero values are defaults.
type Options struct {
	Store *store.Store
	Log   *slog.Logger
	// Workers is how many jobs run at once, 256 if 0. Goroutines are
	// started on demand.
	Workers int
	// LaneLimit is how many jobs of one proven lane run at once, 4 if 0.
	LaneLimit int
	// GiveUp is the age from which a failing job is not retried.
	GiveUp time.Duration
	// Drain is how long Run waits for running jobs at its end.
	Drain time.Duration
	// Lease is how long jobs of a dead node stay claimed, 3 minutes if 0.
	Lease time.Duration
	// Memory has jobs that fetch wait while memory is scarce; nil never has.
	Memory *memory.Watch
	// Backoff is how long to wait after the nth failure in a row.
	Backoff func(failures int) time.Duration
	// DeadAfter is for how long a host may not answer before it is dead, and tried
	// once a day; 0 is for ever. Died is called then, with the job that failed.
	DeadAfter time.Duration
	Died      func(tx *store.Tx, j store.Job) error
}

// Runner claims due jobs and runs them.
type Runner struct {
	o       Options
	workers map[string]worker
	kinds   []string // that have one
	fetches []string // those of them that fetch, see Kind
	others  []string // the rest
	node    string   // the name that this process claims under
	wake    chan struct{}
	// endsWait is endsWait, but in tests.
	endsWait time.Duration

	mu      sync.Mutex
	changed *sync.Cond // of what follows
	running map[int64]*running
	lanes   lanes
	ends    *ends // the next ones to be written; nil for none
	asleep  bool
	leftOut leftOut
}

// leftOut is what the last look for due jobs did not start, since there was no room: the
// end of a job makes some. Without it an end is no reason to look again.
type leftOut struct {
	all   bool            // there are few workers, or lanes that share them
	lanes map[string]bool // that are full, or would be
}

// running is a job in progress.
type running struct {
	claimed time.Time // when its lease began
	lose    context.CancelCauseFunc
}

type worker struct {
	timeout time.Duration
	giveUp  time.Duration // 0 is Options.GiveUp
	fetches bool          // see Kind
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
	if o.Lease == 0 {
		o.Lease = 3 * time.Minute
	}
	if o.Backoff == nil {
		o.Backoff = Backoff
	}
	r := &Runner{o: o, workers: map[string]worker{}, wake: make(chan struct{}, 1), running: map[int64]*running{}, lanes: newLanes(o), endsWait: endsWait}
	r.changed = sync.NewCond(&r.mu)
	return r
}

// Kinds lists the kinds of jobs that the runner claims.
func (r *Runner) Kinds() []string { return slices.Clone(r.kinds) }

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

// Run runs jobs until ctx ends. It then claims no more, waits Options.Drain for
// the running ones, cancels them, and returns when all have ended. Cancelled
// jobs are due again at the next start.
func (r *Runner) Run(ctx context.Context) error {
	r.o.Store.OnJobs(r.Wake)
	if err := r.start(ctx); err != nil {
		return err
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var group sync.WaitGroup
	stopRenewing := r.keepRenewing(work)
	defer stopRenewing()
	for ctx.Err() == nil {
		next, err := r.claim(ctx, work, &group)
		if err != nil && ctx.Err() == nil {
			r.o.Log.Error("could not claim jobs", "error", err)
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
	var failing []store.Lane
	var unknown []string
	var err error
	if r.node, err = r.o.Store.HoldNode(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	err = r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) (err error) {
		if err := tx.ReleaseClaims(); err != nil {
			return err
		}
		if err := tx.ReleaseOrders(); err != nil {
			return err
		}
		if unknown, err = tx.OtherKinds(r.kinds); err != nil {
			return err
		}
		failing, err = tx.Lanes()
		return err
	})
	if err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if len(unknown) > 0 {
		r.o.Log.Warn("jobs of kinds that this version does not know wait for one that does", "kinds", unknown)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range failing {
		r.lanes.failed(l.Name)
	}
	return nil
}

// claimBatch is how many jobs one transaction claims.
const claimBatch = 64

// lookAgain is how long to wait when something is due that no claim gets: on
// PostgreSQL another transaction holds its queue. The end of that wakes us too.
const lookAgain = 10 * time.Millisecond

// afterError is how long to wait when the database fails.
const afterError = 5 * time.Second

// claimLeast is the share of the workers that have to be free for a look: with
// thousands of jobs waiting each end of one would cause a claim.
const claimLeast = 1.0 / 16

// claim starts all due jobs that there is room for, and returns when the next
// one is due; zero for never, or not before a running one has ended.
func (r *Runner) claim(ctx, work context.Context, group *sync.WaitGroup) (next time.Time, err error) {
	r.mu.Lock()
	r.leftOut = leftOut{lanes: map[string]bool{}}
	r.mu.Unlock()
	// By what was looked for: the level of memory may be another by now.
	passedOver := false
	_, next, err = r.claimSome(ctx, work, group, func() []string {
		kinds := r.mayBegin()
		passedOver = passedOver || len(kinds) < len(r.kinds)
		return kinds
	}, math.MaxInt)
	if err != nil || !passedOver {
		return next, err
	}
	fetch, err := r.claimFetch(ctx, work, group)
	return earlier(next, fetch), err
}

// claimSome is claim for some of the kinds, and up to a number of jobs; started
// is how many it was.
func (r *Runner) claimSome(ctx, work context.Context, group *sync.WaitGroup, of func() []string, most int) (started int, next time.Time, err error) {
	var passed []string // lanes seen to have no room, beside those that are full
	for look := true; look && ctx.Err() == nil && started < most; {
		kinds := of()
		full, free := r.room()
		full = append(full, passed...)
		if free < r.leastFree() {
			return started, time.Time{}, nil
		}
		var jobs []store.Job
		var left store.Unclaimed
		err := r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) (err error) {
			jobs, left, err = tx.ClaimJobs(store.Claim{
				Node: r.node, Kinds: kinds, Full: full, Room: r.roomIn(), Most: min(free, claimBatch, most-started), Lease: r.o.Lease,
			})
			next = time.Time{}
			if look = left.More && len(jobs)+len(left.Skipped) > 0; err == nil && !look {
				next, _, err = tx.NextRun(kinds, append(full, left.Skipped...))
			}
			return err
		})
		if err != nil {
			return started, time.Time{}, err
		}
		for _, j := range jobs {
			if mine, ok := r.begin(work, j); ok {
				group.Go(func() { r.run(mine, j) })
			}
		}
		started += len(jobs)
		passed = append(passed, left.Skipped...)
	}
	if now := r.o.Store.Now(); !next.IsZero() && !next.After(now) {
		next = now.Add(lookAgain)
	}
	return started, next, nil
}

// room returns the full lanes and the number of free workers, and remembers that
// what is held up by them is left out.
func (r *Runner) room() (full []string, free int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	full, free = r.lanes.full(), r.o.Workers-len(r.running)
	r.leftOut.all = r.leftOut.all || free < r.leastFree()
	for _, lane := range full {
		r.leftOut.lanes[lane] = true
	}
	return full, free
}

func (r *Runner) leastFree() int { return max(int(claimLeast*float64(r.o.Workers)), 1) }

// roomIn returns how many more jobs of a lane may start, during one claim. What
// there is no room for begins with an end in its lane, or with any.
func (r *Runner) roomIn() func(lane string, failing bool, due int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.lanes.room()
	return func(lane string, failing bool, due int) int {
		r.mu.Lock()
		defer r.mu.Unlock()
		n := room(lane, failing)
		if n < due {
			r.leftOut.lanes[lane] = true
			r.leftOut.all = r.leftOut.all || n <= 0 && r.lanes.running[lane] == 0
		}
		return n
	}
}

// errLost is why a job is aborted that this node no longer holds.
var errLost = errors.New("the job was dropped, or its lease ended and another node has it")

// begin returns the context of a job. It is not ok when the job runs here
// already: its lease ended before it was renewed (the machine slept, or the
// database did not answer), and this node itself has claimed it again.
func (r *Runner) begin(ctx context.Context, j store.Job) (_ context.Context, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Store.Now()
	if old := r.running[j.ID]; old != nil {
		old.claimed = now
		return nil, false
	}
	ctx, lose := context.WithCancelCause(ctx)
	r.lanes.begin(j.Lane)
	r.running[j.ID] = &running{claimed: now, lose: lose}
	return ctx, true
}

// end ends jobs whose results are written.
func (r *Runner) end(list ...store.Job) {
	look := false
	r.mu.Lock()
	for _, j := range list {
		r.lanes.end(j.Lane)
		r.running[j.ID].lose(nil)
		delete(r.running, j.ID)
		look = look || r.leftOut.all || r.leftOut.lanes[j.Lane]
	}
	r.asleep = r.asleep && !look // for Idle: it is not over
	r.changed.Broadcast()
	r.mu.Unlock()
	if look {
		r.Wake()
	}
}

// run runs one job and writes its result.
func (r *Runner) run(ctx context.Context, j store.Job) {
	err := r.Attempt(ctx, j)
	if errors.Is(context.Cause(ctx), errLost) || errors.Is(err, errLost) {
		r.o.Log.Info("job aborted", "job", j.ID, "kind", j.Kind, "reason", errLost)
		r.end(j)
		return
	}
	if err == nil {
		r.succeed(context.WithoutCancel(ctx), j)
		return
	}
	defer r.end(j)
	if werr := r.settle(context.WithoutCancel(ctx), j, err, ctx.Err() != nil); werr != nil {
		r.notRecorded(j, werr)
	}
}

// notRecorded logs that a job is claimed again when its lease ends.
func (r *Runner) notRecorded(j store.Job, err error) {
	r.o.Log.Error("could not record the result of a job", "job", j.ID, "kind", j.Kind, "error", err)
}

// Attempt runs a job's worker, and does not write the result.
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

// poison is after how many failures a probing job is moved behind the others of
// its lane, so that one that its host can't process does not block them all.
const poison = 3

// settle writes the result of a job that failed. The memory of lanes changes
// after the commit: the transaction may be run twice, or fail.
func (r *Runner) settle(ctx context.Context, j store.Job, err error, stopping bool) error {
	if stopping && errors.Is(err, context.Canceled) {
		return r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now(), "stopped") })
	}
	return r.o.Store.UpdateJobs(ctx, func(tx *store.Tx) error { return r.failed(tx, j, err) })
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
	for !r.asleep || len(r.running) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.changed.Wait()
	}
	return nil
}
