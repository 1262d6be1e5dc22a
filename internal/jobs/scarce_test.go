package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kinglet/internal/memory"
	"kinglet/store"
	"kinglet/store/storetest"
)

var fetchJob = Kind[testArgs]{Name: "test fetch", Fetches: true, Lane: func(a testArgs) string { return a.Lane }}

// gauge says how many percent of the memory are in use.
type gauge struct{ percent atomic.Int64 }

func (g *gauge) Read() []memory.Use { return []memory.Use{{Bytes: g.percent.Load(), Limit: 100}} }
func (g *gauge) Collect()           {}

// scarce is a runner of jobs that fetch and of others, with a gauge.
type scarce struct {
	*bench
	gauge *gauge

	mu  sync.Mutex
	ran []string
}

func newScarce(t testing.TB, s *store.Store, now func() time.Time) *scarce {
	sc := &scarce{gauge: &gauge{}}
	work := func(_ context.Context, what string) error {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.ran = append(sc.ran, what)
		return nil
	}
	sc.bench = newBench(t, s, Options{Memory: memory.New(slog.New(slog.DiscardHandler), sc.gauge, now)}, work)
	fetchJob.Register(sc.Runner, func(ctx context.Context, a testArgs) error { return work(ctx, a.What) })
	return sc
}

func (sc *scarce) done() []string {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return slices.Clone(sc.ran)
}

func (sc *scarce) enqueue(fetches int) {
	sc.update(func(tx *store.Tx) error {
		for i := range fetches {
			if err := fetchJob.Enqueue(tx, testArgs{fmt.Sprint("host", i), fmt.Sprint("fetch ", i)}); err != nil {
				return err
			}
		}
		return testJob.Enqueue(tx, testArgs{"host", "deliver"})
	})
}

// While memory is scarce jobs that fetch wait in the table, and nothing else does;
// one is run in a while, and all of them when there is memory again, each once
// and at its first attempt.
func TestFetchesWaitForMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		clock := storetest.NewClock()
		sc := newScarce(t, s, clock.Now)
		run := func() []string {
			t.Helper()
			before := len(sc.done())
			if _, err := sc.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			return sc.done()[before:]
		}
		sc.gauge.percent.Store(90)
		sc.enqueue(4)
		if ran := run(); fmt.Sprint(ran) != "[deliver fetch 0]" {
			t.Fatalf("ran %v", ran)
		}
		for second := range 9 {
			clock.Advance(time.Second)
			if ran := run(); len(ran) != 0 {
				t.Errorf("after %d s: %v", second+1, ran)
			}
		}
		clock.Advance(time.Second)
		if ran := run(); fmt.Sprint(ran) != "[fetch 1]" {
			t.Errorf("after ten seconds: %v", ran)
		}
		if next, ok, err := sc.NextDue(t.Context()); !ok || err != nil || !next.After(s.Now()) {
			t.Errorf("it looks again at %v, %v, %v", next, ok, err)
		}
		sc.gauge.percent.Store(20)
		clock.Advance(2 * time.Second)
		if ran := run(); fmt.Sprint(ran) != "[fetch 2 fetch 3]" {
			t.Errorf("when there is memory: %v", ran)
		}
		s.View(t.Context(), func(tx *store.Tx) error {
			if n, err := tx.CountJobs(fetchJob.Name); n != 0 || err != nil {
				t.Errorf("%d are left, %v", n, err)
			}
			return nil
		})
	})
}

// A running Runner looks for memory while jobs wait for it, and sleeps when none
// does.
func TestRunnerLooksForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.SQLite(t)
		sc := newScarce(t, s, time.Now)
		sc.gauge.percent.Store(90)
		sc.enqueue(3)
		stop := sc.begin()
		defer stop()
		time.Sleep(5 * time.Second)
		if ran := sc.done(); len(ran) != 2 || !slices.Contains(ran, "deliver") {
			t.Errorf("while it is scarce: %v", ran)
		}
		sc.gauge.percent.Store(20)
		time.Sleep(5 * time.Second)
		if ran := sc.done(); len(ran) != 4 {
			t.Errorf("when there is memory: %v", ran)
		}
	})
}

// Jobs that were passed over are looked at again, though memory is found to be
// enough before that look is over.
func TestMemoryComesBackDuringALook(t *testing.T) {
	clock := storetest.NewClock()
	var sc *scarce
	comesBack := false
	sc = newScarce(t, storetest.Open(t, store.Options{Database: storetest.SQLiteFile(t, storetest.Folder(t)), Now: func() time.Time {
		if comesBack && sc.o.Memory.LastLevel() == memory.Scarce {
			comesBack = false
			sc.gauge.percent.Store(20)
			clock.Advance(time.Minute)
			sc.o.Memory.Level()
		}
		return clock.Now()
	}}), clock.Now)
	if err := sc.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	sc.gauge.percent.Store(90)
	sc.enqueue(2)
	comesBack = true
	var group sync.WaitGroup
	next, err := sc.claim(t.Context(), t.Context(), &group)
	group.Wait()
	if comesBack || err != nil {
		t.Fatal(comesBack, err)
	}
	if ran := sc.done(); len(ran) < 3 && (next.IsZero() || next.After(clock.Now().Add(lookForMemory))) {
		t.Errorf("ran %v, and it looks again at %s", ran, next)
	}
}

// The job that is run in a while is run as soon as it can be: when what goes to its
// host, or what has the workers, has ended, and though other jobs that fetch are
// first in the table that are not due.
func TestOneFetchIsRunInAWhile(t *testing.T) {
	for _, c := range []struct {
		name    string
		workers int
		busy    string // lane of what ends after three seconds
		aside   string // lane that was set aside
		want    string
	}{
		{"its host is busy", 0, "host0", "", "[deliver fetch 0]"},
		{"the workers are", 2, "host", "", "[deliver fetch 0]"},
		{"the first is set aside", 0, "host", "host0", "[fetch 1 deliver]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := storetest.SQLite(t)
				b := &scarce{gauge: &gauge{}}
				note := func(what string) error {
					b.mu.Lock()
					defer b.mu.Unlock()
					b.ran = append(b.ran, what)
					return nil
				}
				b.bench = newBench(t, s, Options{Workers: c.workers, Memory: memory.New(slog.New(slog.DiscardHandler), b.gauge, time.Now)}, func(_ context.Context, what string) error {
					time.Sleep(3 * time.Second)
					return note(what)
				})
				fetchJob.Register(b.Runner, func(_ context.Context, a testArgs) error { return note(a.What) })
				b.gauge.percent.Store(90)
				b.add(c.busy, "deliver")
				b.update(func(tx *store.Tx) error {
					for i := range 2 {
						if err := fetchJob.Enqueue(tx, testArgs{fmt.Sprint("host", i), fmt.Sprint("fetch ", i)}); err != nil || c.aside == "" {
							return err
						}
					}
					_, err := tx.LaneFailed(store.LaneFailure{Lane: c.aside, Wait: func(int) time.Duration { return time.Hour }})
					return err
				})
				stop := b.begin()
				defer stop()
				time.Sleep(6 * time.Second)
				if ran := b.done(); fmt.Sprint(ran) != c.want {
					t.Errorf("ran %v, want %s", ran, c.want)
				}
			})
		})
	}
}
