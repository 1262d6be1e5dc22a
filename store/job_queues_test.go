package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// unseen counts the waiting jobs that no claim would find: those whose queue is
// missing, or looked at too late, later than they are due and their lane is tried
// again.
const unseen = `
	SELECT COUNT(*) FROM jobs j
	WHERE j.dead_at = 0 AND j.after_job = 0 AND j.claimed_by = ''
	  AND NOT EXISTS (
	    SELECT 1 FROM job_queues q WHERE q.lane = j.lane AND q.kind = j.kind
	      AND (q.next_at <= j.run_at OR EXISTS (SELECT 1 FROM lanes l WHERE l.lane = j.lane AND q.next_at <= l.not_before)))`

// Whatever many nodes do at once, no waiting job is left unseen, and none is
// claimed by two.
func TestQueuesOfManyNodes(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		var mu sync.Mutex
		held := map[int64]bool{}
		succeed(t, atOnce(t, nodes, 8, func(i int, w *world) error {
			random, node := rand.New(rand.NewPCG(1, uint64(i))), fmt.Sprint("node ", i)
			for range 25 {
				lane := fmt.Sprint("l", random.IntN(3))
				var claimed []store.Job
				do := func(tx *store.Tx) error {
					claimed = nil
					switch random.IntN(8) {
					case 0, 1, 2:
						later := time.Duration(random.IntN(2)) * time.Hour
						return tx.Enqueue(store.NewJob{Kind: fmt.Sprint("k", random.IntN(2)), Lane: lane, Args: []byte("{}"), RunAt: tx.Now().Add(later), Order: int64(random.IntN(5))})
					case 3:
						_, err := tx.LaneFailed(store.LaneFailure{Lane: lane, Wait: func(int) time.Duration { return time.Minute }, Why: "no answer"})
						return err
					case 4:
						return tx.LaneRecovered(lane, []string{"k0", "k1"})
					}
					list, _, err := tx.ClaimJobs(store.Claim{Node: node, Kinds: []string{"k0", "k1"}, Room: func(string, bool, int) int { return 2 }, Most: 3, Lease: time.Hour})
					claimed = list
					return err
				}
				if err := w.Update(t.Context(), do); err != nil {
					return err
				}
				mu.Lock()
				for _, j := range claimed {
					if held[j.ID] {
						t.Errorf("two nodes have job %d", j.ID)
					}
					held[j.ID] = true
				}
				mu.Unlock()
				for _, j := range claimed {
					mu.Lock()
					delete(held, j.ID)
					mu.Unlock()
					how := random.IntN(4)
					if err := w.Update(t.Context(), func(tx *store.Tx) error {
						switch how {
						case 0:
							return tx.RetryJob(j, tx.Now(), "again")
						case 1:
							return tx.RetryJob(j, tx.Now().Add(time.Hour), "later")
						case 2:
							return tx.KillJob(j, "no")
						}
						return tx.FinishJobs(j)
					}); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		if n, err := store.Count(t.Context(), nodes[0], unseen); n != 0 || err != nil {
			t.Errorf("%d jobs are unseen, %v", n, err)
		}
	})
}

// A job whose node is gone is claimed by another when its lease has ended.
func TestLeasesEnd(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		w := newWorld(t, nodes[0])
		claim := func(node string, lease time.Duration) (n int) {
			w.update(func(tx *store.Tx) error {
				list, _, err := tx.ClaimJobs(store.Claim{Node: node, Kinds: []string{"k"}, Room: func(string, bool, int) int { return 1 }, Most: 3, Lease: lease})
				n = len(list)
				return err
			})
			return n
		}
		w.update(func(tx *store.Tx) error { return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("{}")}) })
		for _, c := range []struct {
			node  string
			lease time.Duration
			want  int
		}{{"one", -time.Second, 1}, {"two", time.Hour, 1}, {"three", time.Hour, 0}} {
			if n := claim(c.node, c.lease); n != c.want {
				t.Errorf("%s claims %d jobs, want %d", c.node, n, c.want)
			}
		}
	})
}

// Jobs that wait survive the schema's way back and forth.
func TestQueuesAreMigrated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		enqueue := func() {
			w.update(func(tx *store.Tx) error {
				for _, j := range []store.NewJob{{Lane: "l"}, {Lane: "l", Order: 7, RunAt: tx.Now().Add(-time.Hour)}, {Lane: "l", Order: 7}, {Lane: "later", RunAt: tx.Now().Add(time.Hour)}} {
					j.Kind, j.Args = "k", []byte("{}")
					if err := tx.Enqueue(j); err != nil {
						return err
					}
				}
				return nil
			})
		}
		enqueue()
		for {
			undone, err := s.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if undone.Version == 14 {
				break
			}
		}
		if err := store.Exec(t.Context(), s, `
			INSERT INTO jobs (id, kind, lane, args, run_at, created_at) VALUES (1, 'k', 'old', '{}', 1, 1)`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		enqueue()
		if n, err := store.Count(t.Context(), s, unseen); n != 0 || err != nil {
			t.Errorf("%d jobs are unseen, %v", n, err)
		}
		ran := 0
		for range 9 {
			w.update(func(tx *store.Tx) error {
				list, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 9 }, Most: 9, Lease: time.Minute})
				for _, j := range list {
					ran++
					if err := tx.FinishJobs(j); err != nil {
						return err
					}
				}
				return err
			})
		}
		if n, err := store.Count(t.Context(), s, `SELECT COUNT(*) FROM jobs`); ran != 7 || n != 2 || err != nil {
			t.Errorf("%d jobs ran, %d are left, %v", ran, n, err)
		}
	})
}
