package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/engine"
	"kinglet/store/storetest"
)

// A claim waits for nobody who holds one of the jobs that are due: it has their
// queues by then, which the other may need next, and each would wait for the
// other.
func TestClaimWaitsForNoJob(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		if nodes[0].Engine() != "postgres" {
			t.Skip("one transaction at a time")
		}
		w := newWorld(t, nodes[0])
		enqueue := func(tx *store.Tx, lane string) error {
			return tx.Enqueue(store.NewJob{Kind: "k", Lane: lane, Args: []byte("{}")})
		}
		claim := func(s *store.Store) (claimed []store.Job, err error) {
			err = s.Update(t.Context(), func(tx *store.Tx) (err error) {
				claimed, _, err = tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool) int { return 1 }, Most: 9, Lease: time.Hour})
				return err
			})
			return claimed, err
		}
		for _, lane := range []string{"held", "free"} {
			w.update(func(tx *store.Tx) error { return enqueue(tx, lane) })
		}
		var held []store.Job
		w.view(func(tx *store.Tx) (err error) {
			held, err = tx.JobsInLane("k", "held")
			return err
		})
		w.update(func(tx *store.Tx) error {
			if err := tx.DropJob(held[0].ID); err != nil {
				return err
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if got, err := claim(nodes[1]); err != nil || len(got) > 1 {
					t.Errorf("%d jobs are claimed, %v", len(got), err)
				}
			}()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Error("the claim waits for the transaction")
			}
			return enqueue(tx, "held")
		})
		if n, err := store.Count(t.Context(), nodes[0], unseen); n != 0 || err != nil {
			t.Errorf("%d jobs are unseen, %v", n, err)
		}
		if got, err := claim(nodes[1]); len(got) != 1 || got[0].Lane != "held" || err != nil {
			t.Errorf("then %+v are claimed, %v", got, err)
		}
	})
}

// Jobs for the same lanes are enqueued by many at once, each in an order of its
// own, and none has to be run again: they take the queues in one order.
func TestEnqueueInOneOrder(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		o := store.Options{Database: database}
		var runs atomic.Int64
		const writers, each = 6, 8
		succeed(t, atOnce(t, []*store.Store{storetest.Open(t, o), storetest.Open(t, o)}, writers, func(i int, w *world) error {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range each {
				var list []store.NewJob
				for _, lane := range random.Perm(60) {
					list = append(list, store.NewJob{Kind: "k", Lane: fmt.Sprint("l", lane), Args: []byte("{}")})
				}
				if err := w.Update(t.Context(), func(tx *store.Tx) error {
					runs.Add(1)
					return tx.Enqueue(list...)
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		if n := runs.Load(); n != writers*each && !engine.RunTwice {
			t.Errorf("%d transactions were run %d times", writers*each, n)
		}
	})
}
