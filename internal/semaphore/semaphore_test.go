package semaphore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// line has requests wait and notes in which order they get in.
type line struct {
	t       *testing.T
	s       *Semaphore
	entered []string
	errors  map[string]error
}

func (l *line) hold(client string) (release func()) {
	l.t.Helper()
	release, err := l.s.Acquire(l.t.Context(), client)
	if err != nil {
		l.t.Fatalf("%s: %v", client, err)
	}
	return release
}

// wait begins to wait for a place and gives it back at once.
func (l *line) wait(ctx context.Context, name, client string) {
	go func() {
		release, err := l.s.Acquire(ctx, client)
		if err != nil {
			l.errors[name] = err
			return
		}
		l.entered = append(l.entered, name)
		release()
	}()
	synctest.Wait()
}

func run(t *testing.T, o Options, fn func(l *line)) {
	synctest.Test(t, func(t *testing.T) {
		fn(&line{t: t, s: New(o), errors: map[string]error{}})
	})
}

func TestSemaphore(t *testing.T) {
	t.Run("in order, the trusted first", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			for _, client := range []string{"b", "c", Trusted} {
				l.wait(l.t.Context(), "client "+client, client)
			}
			release()
			synctest.Wait()
			if got := fmt.Sprint(l.entered); got != "[client  client b client c]" {
				t.Error(got)
			}
		})
	})
	t.Run("waiting is bounded in number", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			for i := range 6 {
				l.wait(l.t.Context(), fmt.Sprint(i), fmt.Sprint("client", i))
			}
			l.wait(l.t.Context(), "owner", Trusted)
			if len(l.errors) != 2 || l.errors["4"] != Busy || l.errors["5"] != Busy {
				t.Errorf("refused: %v", l.errors)
			}
			release()
			synctest.Wait()
			if got := fmt.Sprint(l.entered); got != "[owner 0 1 2 3]" {
				t.Error(got)
			}
		})
	})
	t.Run("the trusted wait in a bounded number as well", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 2, Wait: time.Second}, func(l *line) {
			release := l.hold(Trusted)
			for i := range 3 {
				l.wait(l.t.Context(), fmt.Sprint(i), Trusted)
			}
			if len(l.errors) != 1 || l.errors["2"] != Busy {
				t.Errorf("refused: %v", l.errors)
			}
			release()
			synctest.Wait()
		})
	})
	t.Run("one client fills half of the line", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			for i := range 4 {
				l.wait(l.t.Context(), fmt.Sprint(i), "a")
			}
			l.wait(l.t.Context(), "other", "b")
			release()
			synctest.Wait()
			if got := fmt.Sprint(l.entered, len(l.errors)); got != "[0 1 other] 2" {
				t.Error(got)
			}
		})
	})
	t.Run("one client takes not all places", func(t *testing.T) {
		run(t, Options{Places: 2, PerClient: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			l.wait(l.t.Context(), "again", "a")
			l.wait(l.t.Context(), "other", "b")
			if got := fmt.Sprint(l.entered); got != "[other]" {
				t.Error(got)
			}
			release()
			synctest.Wait()
			if got := fmt.Sprint(l.entered); got != "[other again]" {
				t.Error(got)
			}
		})
	})
	t.Run("waiting is bounded in time", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			l.wait(l.t.Context(), "b", "b")
			time.Sleep(time.Second)
			synctest.Wait()
			if l.errors["b"] != Busy || len(l.s.waiting) != 0 {
				t.Errorf("%v, %d wait", l.errors, len(l.s.waiting))
			}
			release()
		})
	})
	t.Run("who leaves waits no longer", func(t *testing.T) {
		run(t, Options{Places: 1, Waiting: 4, Wait: time.Second}, func(l *line) {
			release := l.hold("a")
			ctx, cancel := context.WithCancel(l.t.Context())
			l.wait(ctx, "b", "b")
			cancel()
			synctest.Wait()
			if !errors.Is(l.errors["b"], context.Canceled) || len(l.s.waiting) != 0 {
				t.Errorf("%v, %d wait", l.errors, len(l.s.waiting))
			}
			release()
			l.hold("c")()
		})
	})
}

func TestPlacesUnderLoad(t *testing.T) {
	s := New(Options{Places: 3, PerClient: 2, Waiting: 1000, Wait: time.Minute})
	var inside, most atomic.Int64
	done := make(chan struct{})
	for i := range 200 {
		go func() {
			defer func() { done <- struct{}{} }()
			release, err := s.Acquire(context.Background(), fmt.Sprint(i%5))
			if err != nil {
				t.Error(err)
				return
			}
			n := inside.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			inside.Add(-1)
			release()
			release() // twice does no harm
		}()
	}
	for range 200 {
		<-done
	}
	if most.Load() > 3 || s.held != 0 || len(s.holding) != 0 || len(s.waiting) != 0 {
		t.Errorf("%d at once; left: %d held, %v, %d wait", most.Load(), s.held, s.holding, len(s.waiting))
	}
}
