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
			<-time.After(time.Second)
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

// Bytes and clients are bounded as places are, and one counts for all of its clients.
func TestBytesAndClients(t *testing.T) {
	for _, c := range []struct {
		name string
		size Options
		// What is let in first, then what is not, then what is all the same.
		inside [][]string
		bytes  int64
		no, ok []string
	}{
		{"count", Options{Places: 2, Bytes: 100, PerClient: 9}, [][]string{{"a"}, {"b"}}, 1, []string{"c"}, nil},
		{"bytes", Options{Places: 9, Bytes: 100, PerClient: 9}, [][]string{{"a"}, {"b"}}, 50, []string{"c"}, nil},
		{"the share of one client", Options{Places: 9, Bytes: 100, PerClient: 2}, [][]string{{"a", "x"}, {"a", "y"}}, 1, []string{"a", "z"}, []string{"b", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(c.size)
			var leave func()
			for _, p := range c.inside {
				var err error
				if leave, err = s.AcquireBytes(t.Context(), c.bytes, p...); err != nil {
					t.Fatal("it is full early")
				}
			}
			if _, err := s.AcquireBytes(t.Context(), c.bytes, c.no...); err != Busy {
				t.Error("it lets in too much")
			}
			if c.ok != nil {
				if _, err := s.AcquireBytes(t.Context(), c.bytes, c.ok...); err != nil {
					t.Error("it holds up another client")
				}
			}
			leave()
			leave() // twice is once
			if _, err := s.AcquireBytes(t.Context(), c.bytes, c.no...); err != nil {
				t.Error("room is not given back")
			}
			if _, err := s.AcquireBytes(t.Context(), c.bytes, c.no...); err != Busy {
				t.Error("room is given back twice")
			}
		})
	}
}

func TestWaitingForBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Places: 3, Bytes: 100, PerClient: 2, Waiting: 8, WaitingPerClient: 2, Wait: 5 * time.Second})
		enter := func(clients ...string) func() {
			leave, err := s.AcquireBytes(t.Context(), 10, clients...)
			if err != nil {
				t.Fatal("not let in")
			}
			return leave
		}
		a1, _ := enter("a"), enter("a")
		_ = enter("b")
		let := make(chan string, 20)
		wait := func(ctx context.Context, name string, bytes int64, clients ...string) {
			go func() {
				if _, err := s.AcquireBytes(ctx, bytes, clients...); err == nil {
					let <- name
				} else {
					let <- "not " + name
				}
			}()
			synctest.Wait()
		}
		wait(t.Context(), "a", 10, "a")
		wait(t.Context(), "second a", 10, "a")
		wait(t.Context(), "third a", 10, "a") // over a client's part of the line
		if got := <-let; got != "not third a" {
			t.Error(got)
		}
		wait(t.Context(), "too much", 101, "c")
		if got := <-let; got != "not too much" {
			t.Error(got)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		wait(cancelled, "one who leaves", 10, "d")
		cancel()
		if got := <-let; got != "not one who leaves" {
			t.Error(got)
		}
		wait(t.Context(), "e", 10, "e")
		a1() // the first in the line that fits
		if got := <-let; got != "a" {
			t.Error(got)
		}
		// e and the second a have waited long enough.
		started := time.Now()
		got := map[string]bool{<-let: true, <-let: true}
		if !got["not e"] || !got["not second a"] || time.Since(started) != 5*time.Second {
			t.Error(got, time.Since(started))
		}
		if n := s.Waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

// A full line turns away at once.
func TestLineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Places: 1, Bytes: 1 << 20, PerClient: 1, Waiting: 8, Wait: time.Minute})
		leave, _ := s.AcquireBytes(t.Context(), 1)
		turnedAway := make(chan struct{}, 100)
		for i := range 20 {
			go func() {
				if leave, err := s.AcquireBytes(t.Context(), 1, fmt.Sprint(i)); err == nil {
					leave()
					return
				}
				turnedAway <- struct{}{}
			}()
		}
		synctest.Wait()
		if n := len(turnedAway); n != 12 {
			t.Errorf("%d are turned away at once", n)
		}
		leave()
		synctest.Wait()
		if n := len(turnedAway); n != 12 || s.held != 0 || s.bytes != 0 || len(s.holding) != 0 {
			t.Errorf("%d are turned away, %d are inside with %d bytes, of %d clients", n, s.held, s.bytes, len(s.holding))
		}
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
