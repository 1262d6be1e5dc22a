package jobs

import (
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// While a transaction holds a queue that is due, the runner looks now and then,
// and not all the time; then it runs what is there.
func TestHeldQueue(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		if !engine.IsPostgres(database) {
			t.Skip("one transaction at a time")
		}
		s, other := storetest.Open(t, store.Options{Database: database}), storetest.Open(t, store.Options{Database: database})
		b := newBench(t, s, Options{}, nil)
		b.add("lane", "first")
		if err := other.Update(t.Context(), func(tx *store.Tx) error {
			if err := testJob.Enqueue(tx, testArgs{"lane", "second"}); err != nil {
				return err
			}
			b.begin()
			before := s.Statements()
			time.Sleep(300 * time.Millisecond) // what is measured
			if n := s.Statements() - before; n > 300 {
				t.Errorf("%d statements in 0.3 s", n)
			} else {
				t.Logf("%d statements in 0.3 s", n)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for b.ran() != "[first second]" {
			b.idle()
		}
	})
}
