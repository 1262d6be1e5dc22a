package ap

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateBoundsWhatIsInside(t *testing.T) {
	for _, c := range []struct {
		name string
		size gateSize
		// What is let in first, then what is not, then what is all the same.
		inside [][]string
		bytes  int64
		no, ok []string
	}{
		{"count", gateSize{most: 2, mostBytes: 100, share: 9}, [][]string{{"a"}, {"b"}}, 1, []string{"c"}, nil},
		{"bytes", gateSize{most: 9, mostBytes: 100, share: 9}, [][]string{{"a"}, {"b"}}, 50, []string{"c"}, nil},
		{"the share of one party", gateSize{most: 9, mostBytes: 100, share: 2}, [][]string{{"a", "x"}, {"a", "y"}}, 1, []string{"a", "z"}, []string{"b", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(c.size)
			var leave func()
			for _, p := range c.inside {
				var ok bool
				if leave, ok = g.enter(t.Context(), c.bytes, p...); !ok {
					t.Fatal("it is full early")
				}
			}
			if _, ok := g.enter(t.Context(), c.bytes, c.no...); ok {
				t.Error("it lets in too much")
			}
			if c.ok != nil {
				if _, ok := g.enter(t.Context(), c.bytes, c.ok...); !ok {
					t.Error("it holds up another party")
				}
			}
			leave()
			leave() // twice is once
			if _, ok := g.enter(t.Context(), c.bytes, c.no...); !ok {
				t.Error("room is not given back")
			}
			if _, ok := g.enter(t.Context(), c.bytes, c.no...); ok {
				t.Error("room is given back twice")
			}
		})
	}
}

func TestGateLetsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateSize{most: 3, mostBytes: 100, share: 2, waiting: 8, patience: 5 * time.Second})
		enter := func(parties ...string) func() {
			leave, ok := g.enter(t.Context(), 10, parties...)
			if !ok {
				t.Fatal("not let in")
			}
			return leave
		}
		a1, _ := enter("a"), enter("a")
		_ = enter("b")
		let := make(chan string, 20)
		wait := func(ctx context.Context, name string, bytes int64, parties ...string) {
			go func() {
				if _, ok := g.enter(ctx, bytes, parties...); ok {
					let <- name
				} else {
					let <- "not " + name
				}
			}()
			synctest.Wait()
		}
		wait(t.Context(), "a", 10, "a")
		wait(t.Context(), "second a", 10, "a")
		wait(t.Context(), "third a", 10, "a") // over a party's quarter of the queue
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
		a1() // the first in the queue that fits
		if got := <-let; got != "a" {
			t.Error(got)
		}
		// e and the second a have waited long enough.
		started := time.Now()
		got := map[string]bool{<-let: true, <-let: true}
		if !got["not e"] || !got["not second a"] || time.Since(started) != 5*time.Second {
			t.Error(got, time.Since(started))
		}
		if n := g.queue.Len(); n != 0 {
			t.Errorf("%d still wait", n)
		}
		for name, p := range g.parties {
			if p.waiting != 0 {
				t.Errorf("%s has %d waiting", name, p.waiting)
			}
		}
	})
}

// A full queue turns away at once.
func TestGateQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateSize{most: 1, mostBytes: 1 << 20, share: 1, waiting: 8, patience: time.Minute})
		leave, _ := g.enter(t.Context(), 1)
		turnedAway := make(chan struct{}, 100)
		for i := range 20 {
			go func() {
				if leave, ok := g.enter(t.Context(), 1, fmt.Sprint(i)); ok {
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
		if n := len(turnedAway); n != 12 || g.count != 0 || g.bytes != 0 || len(g.parties) != 0 {
			t.Errorf("%d are turned away, %d are inside with %d bytes, of %d parties", n, g.count, g.bytes, len(g.parties))
		}
	})
}

func TestFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		release := make(chan struct{})
		results := make(chan int, 10)
		times := 0
		do := func(ctx context.Context, key string) {
			go func() {
				v, err := f.do(ctx, key, func() (int, error) { times++; <-release; return 7, nil })
				if err != nil {
					v = -1
				}
				results <- v
			}()
			synctest.Wait()
		}
		do(t.Context(), "a")
		do(t.Context(), "a")
		leaving, cancel := context.WithCancel(t.Context())
		do(leaving, "a")
		cancel()
		if v := <-results; v != -1 {
			t.Error("who leaves gets", v)
		}
		close(release)
		if v, w := <-results, <-results; v != 7 || w != 7 || times != 1 {
			t.Errorf("%d %d, done %d times", v, w, times)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = f.do(t.Context(), "a", func() (int, error) { panic("x") })
		}()
		if v, err := f.do(t.Context(), "a", func() (int, error) { return 8, nil }); v != 8 || err != nil {
			t.Error("after a panic:", v, err)
		}
	})
}
