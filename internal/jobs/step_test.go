package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// stepped is a bench whose runner is stepped, on a clock that the test moves.
func stepped(t *testing.T, o Options, run func(ctx context.Context, what string) error) (*bench, *storetest.Clock) {
	t.Helper()
	clock := storetest.NewClock()
	s, err := store.Open(t.Context(), store.Options{Database: t.TempDir() + "/kinglet.db", Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newBench(t, s, o, run), clock
}

// due runs what is due and compares how many jobs that were.
func (b *bench) due(want int) {
	b.t.Helper()
	if ran, err := b.RunDue(context.Background()); ran != want || err != nil {
		b.t.Errorf("%d jobs ran, want %d; %v", ran, want, err)
	}
}

// Nothing runs but when it is asked for, and what is due by the clock of the
// test.
func TestRunDue(t *testing.T) {
	down := true
	var b *bench
	b, clock := stepped(t, Options{}, func(_ context.Context, what string) error {
		switch {
		case what == "cause":
			b.add("b", "effect")
		case what == "probe" && down:
			return HostDown("c", errors.New("no answer"), 0)
		}
		return nil
	})
	b.due(0)
	b.add("a", "cause")
	b.due(2)
	b.add("c", "probe", "second")
	b.due(1)
	b.due(0)
	at, ok, err := b.NextDue(t.Context())
	if want := clock.Now().Add(time.Hour); !ok || err != nil || !at.Equal(want) {
		t.Errorf("the next is due at %s, %v, want %s; %v", at, ok, want, err)
	}
	clock.Advance(time.Hour - time.Millisecond)
	b.due(0)
	down = false
	clock.Advance(time.Millisecond)
	b.due(2)
	if _, ok, err := b.NextDue(t.Context()); ok || err != nil {
		t.Errorf("something waits: %v", err)
	}
	if b.ran() != "[cause effect probe probe second]" {
		t.Errorf("ran %s", b.ran())
	}
}

// A lane of which nothing is due any more, since its host was set aside or its
// job was dropped, does not hide what is due in others.
func TestRunDueBesideLanesWithout(t *testing.T) {
	b, _ := stepped(t, Options{}, func(_ context.Context, what string) error {
		if what == "probe" {
			return HostDown("a", errors.New("no answer"), 0)
		}
		return nil
	})
	b.add("a", "probe", "second")
	b.add("b", "other")
	b.due(2)
	b.add("b", "dropped")
	b.update(func(tx *store.Tx) error {
		list, err := tx.JobsInLane(testJob.Name, "b")
		if err != nil {
			return err
		}
		return tx.DropJob(list[0].ID)
	})
	b.add("c", "last")
	b.due(1)
}

// A page that fails again and again is asked for less and less often, its host
// is set aside for the shortest time each time, and what goes to the host comes
// first.
func TestFetchesStepBehind(t *testing.T) {
	backoff := func(failures int) time.Duration { return time.Duration(failures) * time.Hour }
	b, clock := stepped(t, Options{Backoff: backoff}, nil)
	fetch := Kind[testArgs]{Name: "fetch", Fetches: true, Lane: func(a testArgs) string { return a.Lane }}
	asked := 0
	fetch.Register(b.Runner, func(context.Context, testArgs) error {
		asked++
		return HostDown("a", errors.New("busy"), 0)
	})
	b.update(func(tx *store.Tx) error { return fetch.Enqueue(tx, testArgs{Lane: "a"}) })
	b.due(1)
	for n := 1; n <= 4; n++ { // the nth failure is behind us
		clock.Advance(backoff(n))
		b.due(0)
		b.add("a", "post")
		b.due(1)
		clock.Advance(store.StepBehind)
		b.due(1)
	}
	if asked != 5 {
		t.Errorf("the page was asked for %d times", asked)
	}
}
