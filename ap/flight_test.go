package ap

import (
	"context"
	"testing"
	"testing/synctest"
)

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
