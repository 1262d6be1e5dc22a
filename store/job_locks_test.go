package store_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
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
				claimed, _, err = tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 1 }, Most: 9, Lease: time.Hour})
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

// A job that is enqueued while a claim is made is seen by the next one, also on a
// PostgreSQL whose transactions are snapshots unless they say otherwise.
func TestJobsAreSeenWhateverTheDefaults(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, database string) {
		if !engine.IsPostgres(database) {
			t.Skip("one transaction at a time")
		}
		u, err := url.Parse(database)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("default_transaction_isolation", "repeatable read")
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		one, two := storetest.Open(t, store.Options{Database: u.String()}), storetest.Open(t, store.Options{Database: u.String()})
		w, other := newWorld(t, one), newWorld(t, two)
		enqueue := func(w *world) {
			w.update(func(tx *store.Tx) error {
				return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("{}")})
			})
		}
		enqueue(w)
		began := false
		w.update(func(tx *store.Tx) error {
			if _, err := tx.CountJobs("k"); err != nil { // from here on it is a snapshot
				return err
			}
			if !began {
				began = true
				enqueue(other)
			}
			_, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 9 }, Most: 9, Lease: time.Hour})
			return err
		})
		if n, err := store.Count(t.Context(), one, unseen); n != 0 || err != nil {
			t.Errorf("%d jobs are unseen, %v", n, err)
		}
	})
}
