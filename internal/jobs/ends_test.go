package jobs

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// The ends of jobs that run at the same time are written in one transaction, of
// one statement: when there are enough of them, when no other runs, or after a
// moment.
func TestEndsAreWrittenTogether(t *testing.T) {
	const never = time.Hour
	for _, c := range []struct {
		name           string
		running, ended int
		wait           time.Duration
		statements     int64
	}{
		{"the only one", 1, 1, never, 1},
		{"all that run", 4, 4, never, 1},
		{"others go on", 5, 3, 20 * time.Millisecond, 1},
		{"enough, while others go on", 20, endsMost, never, 1},
		{"more than enough", 40, 2*endsMost + 3, 20 * time.Millisecond, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.SQLite(t)
			r := New(Options{Store: s})
			r.endsWait = c.wait
			var list []store.Job
			if err := s.Update(t.Context(), func(tx *store.Tx) (err error) {
				for i := range c.running {
					if err := testJob.Enqueue(tx, testArgs{fmt.Sprint(i), ""}); err != nil {
						return err
					}
				}
				list, _, err = tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"test"}, Room: func(string, bool, int) int { return 1 }, Most: c.running, Lease: time.Hour})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			for _, j := range list {
				r.begin(t.Context(), j)
			}
			before := s.Statements()
			var group sync.WaitGroup
			for _, j := range list[:c.ended] {
				group.Go(func() { r.succeed(t.Context(), j) })
			}
			group.Wait()
			if n := s.Statements() - before; n != c.statements || len(r.running) != c.running-c.ended {
				t.Errorf("%d statements, %d run; want %d and %d", n, len(r.running), c.statements, c.running-c.ended)
			}
			if n, err := store.Read(t.Context(), s, func(tx *store.Tx) (int64, error) { return tx.CountJobs("test") }); n != int64(c.running-c.ended) || err != nil {
				t.Errorf("%d jobs are left, %v", n, err)
			}
		})
	}
}
