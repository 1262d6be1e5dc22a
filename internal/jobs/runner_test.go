package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

type testArgs struct{ Lane, What string }

var testJob = Kind[testArgs]{Name: "test", Timeout: 10 * time.Second, Lane: func(a testArgs) string { return a.Lane }}

// bench is a runner on a store, and what its jobs did.
type bench struct {
	t testing.TB
	*Runner
	s *store.Store

	mu   sync.Mutex
	done []string // the arguments of the jobs, in the order they ran
}

func newBench(t testing.TB, s *store.Store, o Options, run func(ctx context.Context, what string) error) *bench {
	b := &bench{t: t, s: s}
	o.Store, o.Log = s, slog.New(slog.DiscardHandler)
	if o.Backoff == nil {
		o.Backoff = func(int) time.Duration { return time.Hour }
	}
	b.Runner = New(o)
	testJob.Register(b.Runner, func(ctx context.Context, args testArgs) error {
		b.mu.Lock()
		b.done = append(b.done, args.What)
		b.mu.Unlock()
		if run == nil {
			return nil
		}
		return run(ctx, args.What)
	})
	return b
}

// begin runs the runner until the test ends, or stop is called.
func (b *bench) begin() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	b.t.Cleanup(stop)
	return stop
}

func (b *bench) add(lane string, what ...string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		for _, w := range what {
			if err := testJob.Enqueue(tx, testArgs{lane, w}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) update(fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.s.Update(context.Background(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) idle() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.Idle(ctx); err != nil {
		b.t.Fatal("the jobs do not come to rest")
	}
}

func (b *bench) ran() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.done)
}

func TestRunsWhatACommitBrings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBench(t, s, Options{LaneLimit: 1}, nil)
		b.add("a", "1", "2")
		b.begin()
		b.idle()
		b.add("a", "3")
		b.idle()
		if b.ran() != "[1 2 3]" {
			t.Errorf("ran %s", b.ran())
		}
	})
}

func TestUniqueKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBench(t, s, Options{}, nil)
		b.update(func(tx *store.Tx) error {
			j := testJob.Job(testArgs{"a", "1"})
			j.UniqueKey = "k"
			return tx.Enqueue(j, j, j)
		})
		b.begin()
		b.idle()
		if b.ran() != "[1]" {
			t.Errorf("ran %s", b.ran())
		}
	})
}

// Hosts that never answer, more of them than there are workers, hold up
// nobody else.
func TestSilentLanesDelayNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		release := make(chan struct{})
		var held atomic.Int32
		b := newBench(t, s, Options{Workers: 16, Drain: time.Millisecond}, func(ctx context.Context, what string) error {
			if what == "silent" {
				held.Add(1)
				select {
				case <-release:
				case <-ctx.Done():
				}
			}
			return ctx.Err()
		})
		served := make(chan struct{})
		servedJob := Kind[struct{}]{Name: "served", Lane: func(struct{}) string { return "well" }}
		servedJob.Register(b.Runner, func(context.Context, struct{}) error { close(served); return nil })
		b.add("well", "first") // a lane that is known to answer
		b.begin()
		b.idle()
		for i := range 40 {
			b.add(fmt.Sprint("silent", i), "silent")
		}
		b.update(func(tx *store.Tx) error { return servedJob.Enqueue(tx, struct{}{}) })
		select {
		case <-served:
		case <-time.After(20 * time.Second):
			t.Error("the lane that answers was not served")
		}
		if n := held.Load(); n == 0 || n > 12 {
			t.Errorf("%d of 16 workers wait for the silent", n)
		}
		close(release)
		b.idle()
	})
}

// A host that is down is set aside with all that waits for it, probed with one
// job, and served in order once it is back.
func TestLaneIsSetAsideAndRecovers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var down atomic.Bool
		down.Store(true)
		b := newBench(t, s, Options{LaneLimit: 1}, func(context.Context, string) error {
			if down.Load() {
				return HostDown("a", errors.New("no answer"), 0)
			}
			return nil
		})
		b.add("a", "1", "2", "3")
		b.begin()
		b.idle()
		if b.ran() != "[1]" {
			t.Errorf("a host that is down was asked for %s", b.ran())
		}
		b.add("a", "4") // it has to wait as well
		b.idle()
		b.update(func(tx *store.Tx) error {
			lanes, err := tx.Lanes()
			if len(lanes) != 1 || lanes[0].Failures != 1 || lanes[0].Error != "no answer" {
				t.Errorf("lanes %v", lanes)
			}
			down.Store(false)
			return errors.Join(err, tx.LaneRecovered("a", []string{"test"}))
		})
		b.idle()
		if b.ran() != "[1 1 2 3 4]" {
			t.Errorf("ran %s", b.ran())
		}
	})
}

func TestFailuresAreTriedAgainAndGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var fails atomic.Int32
		b := newBench(t, s, Options{Backoff: func(int) time.Duration { return time.Millisecond }}, func(_ context.Context, what string) error {
			switch what {
			case "hopeless":
				return Permanent(errors.New("refused"))
			case "panic":
				if fails.Add(1) == 1 {
					panic("oh")
				}
			case "later":
				if fails.Add(1) < 3 {
					return errors.New("not yet")
				}
			}
			return nil
		})
		b.begin()
		count := func(what string) (n int) {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, d := range b.done {
				if d == what {
					n++
				}
			}
			return n
		}
		for what, times := range map[string]int{"hopeless": 1, "panic": 2, "later": 3} {
			fails.Store(0)
			b.add(what, what)
			deadline := time.After(20 * time.Second)
			for left := int64(1); left > 0; {
				b.update(func(tx *store.Tx) (err error) { left, err = tx.CountJobs("test"); return err })
				select {
				case <-deadline:
					t.Fatal(what, " does not end")
				default:
				}
			}
			if n := count(what); n != times {
				t.Errorf("%s ran %d times", what, n)
			}
		}
		b.update(func(tx *store.Tx) error {
			dead, err := tx.DeadJobs(10)
			if len(dead) != 1 || dead[0].Error != "refused" {
				t.Errorf("dead %v", dead)
			}
			return err
		})
	})
}

// What a stopped runner had not ended is due again at the next start.
func TestStopLosesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		started := make(chan struct{})
		first := newBench(t, s, Options{Drain: time.Millisecond}, func(ctx context.Context, _ string) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
		first.add("a", "1")
		stop := first.begin()
		<-started
		stop()
		second := newBench(t, s, Options{}, nil)
		second.begin()
		second.idle()
		if second.ran() != "[1]" {
			t.Errorf("the next ran %s", second.ran())
		}
	})
}

// A runner without work asks the database nothing.
func TestIdleIsSilent(t *testing.T) {
	s := storetest.SQLite(t)
	b := newBench(t, s, Options{}, nil)
	b.add("a", "1")
	b.begin()
	b.idle()
	before := s.Statements()
	b.idle()
	timer := time.NewTimer(50 * time.Millisecond) // the time in which nothing is to happen
	<-timer.C
	if after := s.Statements(); after != before {
		t.Errorf("%d statements without work", after-before)
	}
}

// Two nodes on one database do every job once.
func TestTwoNodes(t *testing.T) {
	url := storetest.MigratedPostgresURL(t)
	var counts [2]*bench
	for i := range counts {
		s, err := store.Open(t.Context(), store.Options{Database: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.ListenForWakes(); err != nil {
			t.Fatal(err)
		}
		counts[i] = newBench(t, s, Options{}, nil)
		counts[i].begin()
	}
	for i := range 100 {
		counts[0].add(fmt.Sprint("lane", i%10), fmt.Sprint(i))
	}
	deadline := time.After(20 * time.Second)
	for left := int64(1); left > 0; {
		counts[0].update(func(tx *store.Tx) (err error) { left, err = tx.CountJobs("test"); return err })
		select {
		case <-deadline:
			t.Fatal("the jobs do not end")
		default:
		}
	}
	if n := len(counts[0].done) + len(counts[1].done); n != 100 {
		t.Errorf("100 jobs ran %d times", n)
	}
}

func BenchmarkJobs(b *testing.B) {
	s := storetest.SQLite(b)
	r := newBench(b, s, Options{}, nil)
	r.begin()
	for b.Loop() {
		r.update(func(tx *store.Tx) error {
			var list []store.NewJob
			for i := range 1000 {
				list = append(list, testJob.Job(testArgs{fmt.Sprint(i), "x"}))
			}
			return tx.Enqueue(list...)
		})
		r.idle()
	}
}
