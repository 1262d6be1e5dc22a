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
