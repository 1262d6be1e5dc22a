package store_test

import (
	"fmt"
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
		}{{"k", "full", 0}, {"k", "busy", 0}, {"k", "aside", time.Hour}, {"d", "down", 0}, {"of a newer version", "busy", -time.Hour}} {
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
				Node: "n", Kinds: []string{"k"}, Full: []string{"full"}, Room: func(string, bool, int) int { return 1 }, Most: 64, Lease: time.Minute,
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
		do("set a lane aside", func(tx *store.Tx) error {
			_, err := tx.LaneFailed(store.LaneFailure{Lane: "down", Behind: []string{"fetch"}, Kind: "d", Tries: 3, Wait: func(int) time.Duration { return 0 }, Why: "no answer"})
			return err
		})
		do("claim when it is aside", func(tx *store.Tx) error {
			if _, err := tx.LaneFailed(store.LaneFailure{Lane: "down", Wait: func(int) time.Duration { return time.Hour }, Why: "no answer"}); err != nil {
				return err
			}
			jobs, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"d"}, Room: func(string, bool, int) int { return 1 }, Most: 64, Lease: time.Minute})
			if len(jobs) > 0 {
				t.Fatalf("jobs of a lane that is set aside are claimed: %+v", jobs)
			}
			return err
		})
		recovered := false
		do("try a lane again", func(tx *store.Tx) error {
			if recovered {
				if _, err := tx.LaneFailed(store.LaneFailure{Lane: "down", Wait: func(int) time.Duration { return time.Hour }, Why: "no answer"}); err != nil {
					return err
				}
			}
			recovered = true
			return tx.LaneRecovered("down", []string{"d"})
		})
		do("retry", func(tx *store.Tx) error { return tx.RetryJob(claimed[0], tx.Now().Add(time.Hour), "no") })
		do("finish", func(tx *store.Tx) error { return tx.FinishJobs(claimed[1]) })
		do("enqueue", func(tx *store.Tx) error {
			return tx.Enqueue(store.NewJob{Kind: "k", Lane: "busy", Args: []byte("{}")})
		})
		return list
	}
	few, many := measure(200), measure(20_000)
	for i := range few {
		t.Logf("%s: %d steps, with 20,000 waiting %d", few[i].name, few[i].steps, many[i].steps)
		if many[i].steps > few[i].steps*12/10+5 || many[i].steps == 0 {
			t.Errorf("%s: %d steps, with 20,000 waiting %d", few[i].name, few[i].steps, many[i].steps)
		}
	}
}

// Whether something that an account sends still waits is looked for in steps of a
// bounded number of jobs, each of which is looked at once.
func TestLookForWhatIsSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		var ours store.Job
		w.update(func(tx *store.Tx) error {
			var list []store.NewJob
			for i := range 2500 {
				sender := 7
				if i == 2200 {
					sender = 77
				}
				list = append(list, store.NewJob{Kind: "deliver", Lane: fmt.Sprintf("l%04d", i), Args: fmt.Appendf(nil, `{"activity":"1","sender":%d,"inbox":"x"}`, sender)})
			}
			if err := tx.Enqueue(list...); err != nil {
				return err
			}
			claimed, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"deliver"}, Room: func(string, bool, int) int { return 1 }, Most: 2500, Lease: time.Hour})
			for _, j := range claimed {
				if j.Lane == "l2200" {
					ours = j
				}
			}
			return err
		})
		look := func(after int64) (found store.Sending) {
			t.Helper()
			w.update(func(tx *store.Tx) (err error) { found, err = tx.Sending(77, after); return err })
			return found
		}
		for _, again := range []bool{false, true} {
			looks, at := 0, store.Sending{}
			for !at.Waits && !at.All && looks < 9 {
				at = look(at.Next)
				looks++
			}
			if at.Waits == again || looks != 3 || !again && !look(at.Next).Waits {
				t.Errorf("after %d looks: %+v", looks, at)
			}
			if !again {
				w.update(func(tx *store.Tx) error { return tx.FinishJobs(ours) })
				if next := look(at.Next); next.Waits || !next.All {
					t.Errorf("when it was delivered: %+v", next)
				}
			}
		}
	})
}
