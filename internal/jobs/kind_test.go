package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A node does the kinds that it knows. What a newer version wrote waits for one
// that knows it, and is never given up.
func TestOlderNodeBesideNewer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newKind := Kind[struct{ N int }]{Name: "newer"}
		older, newer := newBench(t, s, Options{}, nil), newBench(t, s, Options{}, nil)
		done := 0
		newKind.Register(newer.Runner, func(context.Context, struct{ N int }) error { done++; return nil })
		for i := range 3 {
			older.add("a", fmt.Sprint(i))
			older.update(func(tx *store.Tx) error { return newKind.Enqueue(tx, struct{ N int }{i}) })
		}
		older.due(3)
		older.due(0)
		if at, ok, err := older.NextDue(t.Context()); ok || err != nil {
			t.Errorf("the older is to look again at %s, %v", at, err)
		}
		older.update(func(tx *store.Tx) error {
			dead, err := tx.DeadJobs(10)
			if n, cerr := tx.CountJobs("newer"); n != 3 || len(dead) != 0 {
				t.Errorf("%d wait, %d are given up; %v", n, len(dead), cerr)
			}
			if kinds, kerr := tx.OtherKinds(older.kinds); fmt.Sprint(kinds) != "[newer]" {
				t.Errorf("kinds that the older does not know: %v, %v", kinds, kerr)
			}
			return err
		})
		newer.due(3)
		if done != 3 {
			t.Errorf("the newer did %d", done)
		}
	})
}

// The older runs, and does not spin for what it does not know.
func TestUnknownKindsLeaveARunnerIdle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b := newBench(t, s, Options{}, nil)
		b.update(func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "newer", Lane: "a", Args: []byte("{}")})
		})
		b.begin()
		b.add("a", "1")
		b.idle()
		if b.ran() != "[1]" {
			t.Errorf("ran %s", b.ran())
		}
	})
}

// When a job is given up is said by its kind.
func TestGiveUp(t *testing.T) {
	const day = 24 * time.Hour
	refused := errors.New("not today")
	for _, c := range []struct {
		name   string
		giveUp time.Duration
		age    time.Duration
		err    error
		dead   bool
	}{
		{"young", time.Hour, time.Minute, refused, false},
		{"old", time.Hour, 2 * time.Hour, refused, true},
		{"old, of a host that is down", time.Hour, 2 * time.Hour, HostDown("h", refused, 0), true},
		{"as the runner has it", 0, 6 * day, refused, false},
		{"old as the runner has it", 0, 8 * day, refused, true},
		{"never", Never, 400 * day, refused, false},
		{"hopeless", Never, 0, Permanent(refused), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, clock := stepped(t, Options{}, nil)
			kind := Kind[struct{}]{Name: "kind", GiveUp: c.giveUp, Lane: func(struct{}) string { return "h" }}
			kind.Register(b.Runner, func(context.Context, struct{}) error { return c.err })
			b.update(func(tx *store.Tx) error { return kind.Enqueue(tx, struct{}{}) })
			clock.Advance(c.age)
			b.due(1)
			b.update(func(tx *store.Tx) error {
				dead, err := tx.DeadJobs(10)
				if got := len(dead) == 1; got != c.dead {
					t.Errorf("given up: %v", got)
				}
				if lanes, lerr := tx.Lanes(); len(lanes) != map[bool]int{true: 1}[strings.Contains(c.name, "host")] {
					t.Errorf("set aside: %v, %v", lanes, lerr)
				}
				return err
			})
		})
	}
}

// Arguments that can't be read may be another version's: they are tried again.
func TestUnreadableArguments(t *testing.T) {
	b, clock := stepped(t, Options{}, nil)
	b.update(func(tx *store.Tx) error {
		return tx.Enqueue(store.NewJob{Kind: "test", Lane: "a", Args: []byte(`{"What": 1}`)})
	})
	b.due(1)
	b.due(0)
	clock.Advance(time.Hour)
	b.due(1)
	if b.ran() != "[]" {
		t.Errorf("ran %s", b.ran())
	}
}

// Local work has lanes of its own, which no host's name can be.
func TestLocalLanes(t *testing.T) {
	local := Kind[struct{}]{Name: "purge"}
	if lane := local.Job(struct{}{}).Lane; lane != "local/purge" || !strings.Contains(lane, "/") {
		t.Errorf("lane %q", lane)
	}
	host := Kind[testArgs]{Name: "deliver", Lane: func(a testArgs) string { return a.Lane }}
	if lane := host.Job(testArgs{Lane: "b.test"}).Lane; lane != "b.test" {
		t.Errorf("lane %q", lane)
	}
	if again := Order("a"); Order("a", "bc") == Order("ab", "c") || again == 0 || Order("a") != again {
		t.Error("orders are mistaken for each other")
	}
}

// One purge that takes long holds up no other local work, nor deliveries.
func TestLocalWorkHoldsUpNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		long, short := Kind[struct{}]{Name: "long"}, Kind[struct{}]{Name: "short"}
		started, release, done := make(chan struct{}, 10), make(chan struct{}), make(chan struct{})
		b := newBench(t, s, Options{}, nil)
		long.Register(b.Runner, func(context.Context, struct{}) error { started <- struct{}{}; <-release; return nil })
		short.Register(b.Runner, func(context.Context, struct{}) error { close(done); return nil })
		b.update(func(tx *store.Tx) error {
			for range 10 {
				if err := long.Enqueue(tx, struct{}{}); err != nil {
					return err
				}
			}
			return nil
		})
		b.begin()
		<-started
		b.update(func(tx *store.Tx) error { return short.Enqueue(tx, struct{}{}) })
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("it waits for the long")
		}
		close(release)
		b.idle()
	})
}
