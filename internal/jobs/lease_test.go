package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// held is a bench whose jobs last until they are released or broken off.
type held struct {
	*bench
	started chan struct{}
	release chan error
}

func newHeld(t *testing.T, s *store.Store) *held {
	h := &held{started: make(chan struct{}, 1), release: make(chan error, 1)}
	h.bench = newBench(t, s, Options{}, func(ctx context.Context, _ string) error {
		h.started <- struct{}{}
		select {
		case err := <-h.release:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return h
}

// A job that takes longer than a lease stays its node's.
func TestLeasesAreRenewed(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		h := newHeld(t, s)
		h.add("a", "1")
		h.begin()
		<-h.started
		for range 3 {
			clock.Advance(2 * time.Minute)
			if err := h.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			at, _, err := h.NextDue(t.Context())
			if want := clock.Now().Add(3 * time.Minute); err != nil || !at.Equal(want) {
				t.Errorf("the lease ends at %s, want %s; %v", at, want, err)
			}
		}
		before := s.Statements()
		if err := h.renew(t.Context()); err != nil || s.Statements() != before {
			t.Errorf("a fresh lease is renewed: %v", err)
		}
		h.release <- nil
		h.idle()
		if _, ok, err := h.NextDue(t.Context()); ok || err != nil {
			t.Errorf("it is not done: %v", err)
		}
	})
}

// A node that was away for longer than its lease has lost the job: it breaks the
// work off, and what it says of it is not written.
func TestLostLease(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(t *testing.T, slow *held) // of the first node's work
	}{
		{"it notices", func(t *testing.T, slow *held) {
			if err := slow.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
		{"it succeeds", func(_ *testing.T, slow *held) { slow.release <- nil }},
		{"it fails", func(_ *testing.T, slow *held) { slow.release <- errors.New("late") }},
		{"it gives up", func(_ *testing.T, slow *held) { slow.release <- Permanent(errors.New("late")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, url := storetest.NewClock(), storetest.PostgresURL(t)
			slow := newHeld(t, storetest.Open(t, store.Options{Database: url, Now: clock.Now}))
			slow.add("a", "1")
			slow.begin()
			<-slow.started
			other := newHeld(t, storetest.Open(t, store.Options{Database: url, Now: clock.Now}))
			other.due(0)
			clock.Advance(3*time.Minute + time.Millisecond)
			other.begin()
			<-other.started
			c.end(t, slow)
			slow.idle()
			clock.Advance(time.Millisecond)
			other.due(0) // it is not due again
			slow.update(func(tx *store.Tx) error {
				n, err := tx.CountJobs("test")
				if n != 1 {
					t.Errorf("%d jobs wait, while the other node does it", n)
				}
				return err
			})
			other.release <- nil
			other.idle()
			slow.update(func(tx *store.Tx) error {
				n, err := tx.CountJobs("test")
				if n != 0 {
					t.Errorf("%d jobs wait, though it is done", n)
				}
				return err
			})
		})
	}
}

// What is remembered of a lane changes with the commit that says so, and not
// without it.
func TestMemoryFollowsTheCommit(t *testing.T) {
	for _, c := range []struct {
		name            string
		err             error
		breaks          bool
		proven, failing bool
	}{
		{"an answer", nil, false, true, false},
		{"no answer", HostDown("a", errors.New("no answer"), 0), false, false, true},
		{"an answer, not committed", nil, true, false, false},
		{"no answer, not committed", HostDown("a", errors.New("no answer"), 0), true, false, false},
		{"a failure of the job's own", errors.New("broken"), false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.SQLite(t)
			b := newBench(t, s, Options{}, func(context.Context, string) error {
				if c.breaks {
					s.Close()
				}
				return c.err
			})
			b.add("a", "1")
			if _, err := b.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if b.lanes.proven["a"] != c.proven || b.lanes.failing["a"] != c.failing {
				t.Errorf("proven %v, failing %v", b.lanes.proven["a"], b.lanes.failing["a"])
			}
		})
	}
}
