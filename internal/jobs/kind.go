package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kinglet/store"
)

// Kind is one kind of job, with A as its arguments. To add one is to declare
// it, in one line, and to Register its worker, in another:
//
//	var RefreshJob = jobs.Kind[RefreshArgs]{Name: "refresh", Timeout: time.Minute, Lane: host}
//	RefreshJob.Register(runner, s.refreshActor)
type Kind[A any] struct {
	// Name is the kind in the table. Nodes of another version may use the
	// same table: arguments that they could not parse need another name.
	Name string
	// Timeout limits one attempt; 0 is a minute.
	Timeout time.Duration
	// GiveUp is the age from which a failing job is not retried. 0 is
	// Options.GiveUp.
	GiveUp time.Duration
	// Lane is the remote host that a job sends requests to. Without it the
	// work is local, and has a lane of its own.
	Lane func(args A) string
	// Fetches marks work that fetches a page which a stranger may have chosen.
	// A host where that fails is set aside all the same, but for the shortest time,
	// and such work steps behind the rest in the host's lane: no page can hold up
	// what goes to the host.
	Fetches bool
}

// Never is the GiveUp of work that must be done in the end.
const Never = time.Duration(1<<63 - 1)

// LocalLane names a lane of local work. No host has such a name.
func LocalLane(parts ...string) string { return "local/" + strings.Join(parts, "/") }

// LaneOf is the lane that a job waits in.
func (k Kind[A]) LaneOf(args A) string {
	if k.Lane == nil {
		return LocalLane(k.Name)
	}
	return k.Lane(args)
}

// Job makes a job, for Tx.Enqueue. The caller sets its time and its unique key.
func (k Kind[A]) Job(args A) store.NewJob {
	b, err := json.Marshal(args)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	return store.NewJob{Kind: k.Name, Lane: k.LaneOf(args), Args: b}
}

// Enqueue writes a job in the transaction that causes it.
func (k Kind[A]) Enqueue(tx *store.Tx, args A, options ...Option) error {
	job := k.Job(args)
	for _, set := range options {
		set(&job)
	}
	return tx.Enqueue(job)
}

// Option is a property of one job.
type Option func(job *store.NewJob)

// At runs a job at a time, not at once.
func At(t time.Time) Option { return func(job *store.NewJob) { job.RunAt = t } }

// Unique skips a job while another with the same key waits.
func Unique(key string) Option { return func(job *store.NewJob) { job.UniqueKey = key } }

// Order is the key of jobs that must run in sequence: see store.NewJob.
func Order(parts ...string) int64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return max(int64(binary.BigEndian.Uint64(h.Sum(nil))>>1), 1)
}

// Register sets the worker of this kind of jobs.
func (k Kind[A]) Register(r *Runner, work func(ctx context.Context, args A) error) {
	k.register(r, func(ctx context.Context, _ store.Job, args A) error { return work(ctx, args) })
}

// RegisterSteps sets a worker of which each step is a transaction that does a
// part of the work and returns what is left; nil ends the job. The part and what
// is left are written together: whatever happens in between, no part is done
// twice, and none is left out.
func (k Kind[A]) RegisterSteps(r *Runner, step func(tx *store.Tx, args A) (left *A, err error)) {
	k.register(r, func(ctx context.Context, j store.Job, args A) error {
		for {
			var left *A
			var now store.Job
			err := r.o.Store.Update(ctx, func(tx *store.Tx) (err error) {
				left, now, err = k.step(tx, j, args, step)
				return err
			})
			if err != nil || left == nil {
				return err
			}
			j, args = now, *left
		}
	})
}

// step does one step of a job, and returns the job as it is then.
func (k Kind[A]) step(tx *store.Tx, j store.Job, args A, step func(tx *store.Tx, args A) (*A, error)) (left *A, now store.Job, err error) {
	if left, err = step(tx, args); err != nil {
		return nil, j, err
	}
	ours := false
	if left == nil {
		ours, err = tx.EndJob(j)
	} else {
		ours, now, err = tx.ContinueJob(j, k.Job(*left).Args)
	}
	if err == nil && !ours {
		err = errLost
	}
	return left, now, err
}

func (k Kind[A]) register(r *Runner, work func(ctx context.Context, j store.Job, args A) error) {
	if _, twice := r.workers[k.Name]; twice {
		panic("two workers for jobs of kind " + k.Name)
	}
	timeout := k.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	r.kinds = append(r.kinds, k.Name)
	if k.Fetches {
		r.fetches = append(r.fetches, k.Name)
	} else {
		r.others = append(r.others, k.Name)
	}
	if k.Lane == nil {
		r.lanes.answered(k.LaneOf(*new(A))) // nobody has to answer in it
	}
	r.workers[k.Name] = worker{timeout: timeout, giveUp: k.GiveUp, fetches: k.Fetches, run: func(ctx context.Context, j store.Job) error {
		var args A
		if err := json.Unmarshal(j.Args, &args); err != nil {
			// Another version, whose nodes may still run, may have written them.
			return fmt.Errorf("read the arguments of a job of kind %s: %w", k.Name, err)
		}
		return work(ctx, j, args)
	}}
}
