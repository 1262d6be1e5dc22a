package jobs

import (
	"context"
	"errors"
	"strings"
	"sync"
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
	cause   error // why one was broken off
}

func newHeld(t *testing.T, s *store.Store) *held {
	h := &held{started: make(chan struct{}, 1), release: make(chan error, 1)}
	h.bench = newBench(t, s, Options{}, func(ctx context.Context, _ string) error {
		h.started <- struct{}{}
		select {
		case err := <-h.release:
			return err
		case <-ctx.Done():
			h.cause = context.Cause(ctx)
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
			if c.name == "it notices" && !errors.Is(slow.cause, errLost) {
				t.Errorf("it is broken off by %v", slow.cause)
			}
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

// A node that slept for longer than its lease, and claims its own job again before
// it renewed it, goes on with the job and does not begin it twice.
func TestOwnLeaseEnds(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		h := newHeld(t, s)
		h.lanes.answered("a") // more than one job of it may run
		h.add("a", "1")
		if err := h.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 2 {
			if _, err := h.claim(t.Context(), t.Context(), &group); err != nil {
				t.Fatal(err)
			}
			clock.Advance(3*time.Minute + time.Millisecond)
		}
		close(h.release)
		<-h.started
		group.Wait()
		if len(h.done) != 1 || len(h.running) != 0 || len(h.lanes.running) != 0 {
			t.Errorf("ran %v; %d run, in %v", h.done, len(h.running), h.lanes.running)
		}
		if n, err := store.Read(t.Context(), s, func(tx *store.Tx) (int64, error) { return tx.CountJobs("test") }); n != 0 || err != nil {
			t.Errorf("%d jobs wait, %v", n, err)
		}
	})
}

// What is remembered of a lane changes with the commit that says so, and not
// without it.
func TestMemoryFollowsTheCommit(t *testing.T) {
	down := HostDown("a", errors.New("no answer"), 0)
	for _, c := range []struct {
		name            string
		err             error
		rolledBack      error
		proven, failing bool
	}{
		{"an answer", nil, nil, true, false},
		{"no answer", down, nil, false, true},
		{"a failure of the job's own", errors.New("broken"), nil, false, false},
		{"an answer, rolled back", nil, errors.New("disk full"), false, false},
		{"no answer, rolled back", down, errors.New("disk full"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				b := newBench(t, s, Options{}, nil)
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					j := store.Job{ID: 1, Kind: "test", Lane: "a"}
					if c.err != nil {
						return errors.Join(b.failed(tx, j, c.err), c.rolledBack)
					}
					return errors.Join(b.succeeded(tx, []store.Job{j}), c.rolledBack)
				})
				if (err != nil) != (c.rolledBack != nil) {
					t.Fatal(err)
				}
				if b.lanes.proven["a"] != c.proven || b.lanes.failing["a"] != c.failing {
					t.Errorf("proven %v, failing %v", b.lanes.proven["a"], b.lanes.failing["a"])
				}
			})
		})
	}
}

// What others say in their errors is kept as far as a text can be.
func TestReason(t *testing.T) {
	b, _ := stepped(t, Options{}, func(_ context.Context, what string) error {
		err := errors.New("nul \x00, \xff and " + strings.Repeat("ü", 5000))
		if what == "down" {
			return HostDown("a", err, 0)
		}
		return Permanent(err)
	})
	b.add("a", "dead", "down")
	b.due(2)
	b.update(func(tx *store.Tx) error {
		dead, err := tx.DeadJobs(1)
		lanes, lerr := tx.Lanes()
		if len(dead) != 1 || len(lanes) != 1 || len(dead[0].Error) > 2100 || !strings.HasPrefix(lanes[0].Error, "nul , \ufffd and ü") {
			t.Errorf("given up %v, set aside %v", dead, lanes)
		}
		return errors.Join(err, lerr)
	})
}
