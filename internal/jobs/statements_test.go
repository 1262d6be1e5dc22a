package jobs

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// The end of a job is a reason to look for others only if some were left out for
// want of room: what a job costs is its own claim and its own end.
func TestStatementsOfAJob(t *testing.T) {
	for _, c := range []struct {
		name        string
		jobs, lanes int
		workers     int
		most        float64 // statements for a job
	}{
		{"one for each lane", 200, 200, 256, 1.5},
		{"more than workers", 500, 250, 64, 2},
		{"many in one lane", 40, 1, 64, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.SQLite(t)
			var done atomic.Int64
			var turn sync.Mutex
			all := make(chan struct{})
			b := newBench(t, s, Options{Workers: c.workers}, func(_ context.Context, what string) error {
				if what == "first" {
					return nil
				}
				if done.Add(1) == int64(c.jobs) {
					close(all)
				}
				turn.Lock() // as signing is: they end one after the other
				defer turn.Unlock()
				time.Sleep(2 * time.Millisecond)
				return nil
			})
			b.begin()
			for i := range c.lanes { // from now on they may have several at once
				b.add(fmt.Sprint(i), "first")
			}
			b.idle()
			before := s.Statements()
			b.update(func(tx *store.Tx) error {
				var list []store.NewJob
				for i := range c.jobs {
					list = append(list, testJob.Job(testArgs{fmt.Sprint(i % c.lanes), "x"}))
				}
				return tx.Enqueue(list...)
			})
			select {
			case <-all:
			case <-time.After(20 * time.Second):
				t.Fatalf("%d of %d jobs ran", done.Load(), c.jobs)
			}
			b.idle()
			if n := float64(s.Statements()-before) / float64(c.jobs); n > c.most {
				t.Errorf("%.1f statements for a job", n)
			} else {
				t.Logf("%.1f statements for a job", n)
			}
		})
	}
}
