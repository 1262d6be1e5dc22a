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
