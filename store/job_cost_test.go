package store_test

import (
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// What a job costs does not depend on how many others wait: in its lane, in one
// that is full, for hosts that are set aside, for a node that knows their kind.
func TestJobsCostTheSame(t *testing.T) {
	t.Parallel()
	type cost struct {
		name  string
		steps int64
	}
	measure := func(waiting int) (list []cost) {
		s := storetest.SQLite(t)
		w := newWorld(t, s)
		for i, c := range []struct {
			kind, lane string
			from       time.Duration
		}{{"k", "full", 0}, {"k", "busy", 0}, {"k", "aside", time.Hour}, {"of a newer version", "busy", -time.Hour}} {
			if err := store.Exec(t.Context(), s, `
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				INSERT INTO jobs (id, kind, lane, args, run_at, created_at)
				SELECT $2 + i, $5, $3, '{}', $4, $4 FROM n`, waiting, int64(i+1)<<32, c.lane, w.Now().Add(c.from).UnixMilli(), c.kind); err != nil {
				t.Fatal(err)
			}
		}
		var steps int64
		ctx := engine.WithWork(t.Context(), func(_ string, work engine.Work) { steps += int64(work.Steps) })
		do := func(name string, fn func(tx *store.Tx) error) {
			t.Helper()
			for range 2 { // the first one prepares the statements
				steps = 0
				if err := s.Update(ctx, fn); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			list = append(list, cost{name, steps})
		}
		var claimed []store.Job
		do("claim", func(tx *store.Tx) error {
			jobs, _, err := tx.ClaimJobs(store.Claim{
				Node: "n", Kinds: []string{"k"}, Full: []string{"full"}, Room: func(string, bool) int { return 1 }, Most: 64, Lease: time.Minute,
			})
			if len(jobs) != 1 || jobs[0].Lane != "busy" {
				t.Fatalf("%d jobs are claimed: %+v", len(jobs), jobs)
			}
			claimed = append(claimed, jobs...)
			return err
		})
		do("ask when the next is due", func(tx *store.Tx) error {
			_, _, err := tx.NextRun([]string{"k"}, []string{"full", "busy"})
			return err
		})
		do("retry", func(tx *store.Tx) error { return tx.RetryJob(claimed[0], tx.Now().Add(time.Hour), "no") })
		do("finish", func(tx *store.Tx) error { return tx.FinishJob(claimed[1]) })
		do("enqueue", func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "k", Lane: "busy", Args: []byte("{}")})
		})
		return list
	}
	few, many := measure(10), measure(100_000)
	for i := range few {
		t.Logf("%s: %d steps, with 100,000 waiting %d", few[i].name, few[i].steps, many[i].steps)
		if many[i].steps > few[i].steps*12/10+5 || many[i].steps == 0 {
			t.Errorf("%s: %d steps, with 100,000 waiting %d", few[i].name, few[i].steps, many[i].steps)
		}
	}
}
