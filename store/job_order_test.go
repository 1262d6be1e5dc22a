package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// chain is what a test does to jobs of one order.
type chain struct {
	*world
	claimed map[string]store.Job // by their arguments
}

func (c *chain) add(args string, o store.NewJob) {
	c.t.Helper()
	o.Kind, o.Lane, o.Args = "k", "l", []byte(args)
	if o.Order == 0 {
		o.Order = 7
	}
	c.update(func(tx *store.Tx) error { return tx.Enqueue(o) })
}

// claim claims what is due and returns it.
func (c *chain) claim() string {
	c.t.Helper()
	var got []string
	c.update(func(tx *store.Tx) error {
		got = nil
		list, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return 100 }, Most: 100, Lease: time.Hour})
		for _, j := range list {
			got = append(got, string(j.Args))
			c.claimed[string(j.Args)] = j
		}
		return err
	})
	slices.Sort(got)
	return strings.Join(got, " ")
}

func (c *chain) finish(args string) {
	c.t.Helper()
	c.update(func(tx *store.Tx) error { return tx.FinishJobs(c.claimed[args]) })
}

func TestJobsKeepTheirOrder(t *testing.T) {
	type step struct {
		do   func(c *chain)
		then string // what can be claimed
	}
	add := func(args string) func(c *chain) { return func(c *chain) { c.add(args, store.NewJob{}) } }
	finish := func(args string) func(c *chain) { return func(c *chain) { c.finish(args) } }
	for _, test := range []struct {
		name  string
		steps []step
	}{
		{"one after the other", []step{
			{add("1"), "1"}, {add("2"), ""}, {add("3"), ""}, {finish("1"), "2"}, {finish("2"), "3"}, {finish("3"), ""}, {add("4"), "4"},
		}},
		{"a later one is not held up by what ended", []step{{add("1"), "1"}, {finish("1"), ""}, {add("2"), "2"}}},
		{"others are not held up", []step{
			{add("1"), "1"},
			{func(c *chain) { c.add("other", store.NewJob{Order: 8}) }, "other"},
			{func(c *chain) {
				c.update(func(tx *store.Tx) error { return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("none")}) })
			}, "none"},
		}},
		{"a failure holds its place", []step{
			{add("1"), "1"}, {add("2"), ""},
			{func(c *chain) {
				c.update(func(tx *store.Tx) error {
					_, err := tx.LaneFailed(store.LaneFailure{Lane: "l", Wait: func(int) time.Duration { return time.Hour }, Why: "no answer"})
					if err != nil {
						return err
					}
					return tx.RetryJob(c.claimed["1"], tx.Now(), "no answer")
				})
			}, ""},
			{func(c *chain) { c.update(func(tx *store.Tx) error { return tx.LaneRecovered("l", []string{"k"}) }) }, "1"},
			{finish("1"), "2"},
		}},
		{"what is given up holds up nothing", []step{
			{add("1"), "1"}, {add("2"), ""},
			{func(c *chain) {
				c.update(func(tx *store.Tx) error { return tx.KillJob(c.claimed["1"], "refused") })
			}, "2"},
			{add("3"), ""}, {finish("2"), "3"},
		}},
		{"what is dropped holds up nothing", []step{
			{add("1"), "1"}, {add("2"), ""},
			{func(c *chain) { c.update(func(tx *store.Tx) error { return tx.DropJob(c.claimed["1"].ID) }) }, "2"},
		}},
		{"the first of its order looks for none", []step{
			{func(c *chain) { c.add("1", store.NewJob{First: true}) }, "1"}, {add("2"), ""}, {finish("1"), "2"},
		}},
		{"one that replaces waits for what is being done, and for nothing else", []step{
			{add("1"), "1"}, {add("2"), ""}, {add("3"), ""},
			{func(c *chain) { c.add("4", store.NewJob{Replaces: true}) }, ""}, {add("5"), ""},
			{finish("1"), "4"}, {finish("4"), "5"}, {finish("5"), ""},
		}},
		{"one that replaces what only waits goes first", []step{
			{func(c *chain) {
				c.add("1", store.NewJob{})
				c.add("2", store.NewJob{})
				c.add("3", store.NewJob{Replaces: true})
			}, "3"}, {finish("3"), ""},
		}},
		{"the end of a job that is another node's is not written", []step{
			{add("1"), "1"}, {add("2"), ""},
			{func(c *chain) {
				c.update(func(tx *store.Tx) error { return tx.ReleaseClaims() })
				c.finish("1")
			}, "1"}, {finish("1"), "2"},
		}},
		{"a node of an older version knows no order", []step{
			{add("1"), "1"}, {add("2"), ""},
			{func(c *chain) {
				if err := store.Exec(c.t.Context(), c.Store, `DELETE FROM jobs WHERE args = '1'`); err != nil {
					c.t.Fatal(err)
				}
			}, ""},
			{func(c *chain) { c.update(func(tx *store.Tx) error { return tx.ReleaseOrders() }) }, "2"},
			{add("3"), ""},
			{func(c *chain) { c.update(func(tx *store.Tx) error { return tx.ReleaseOrders() }) }, ""},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				c := &chain{newWorld(t, s), map[string]store.Job{}}
				for i, step := range test.steps {
					step.do(c)
					if got := c.claim(); got != step.then {
						t.Errorf("after step %d %q is due, want %q", i+1, got, step.then)
					}
				}
			})
		})
	}
}

// Of jobs that many nodes write into one order at once one is first, each other
// waits for one, and all get their turn. Each is of another lane: those of one
// lane wait for each other anyway, at its queue.
func TestOrderOfManyNodes(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		const n = 12
		succeed(t, atOnce(t, nodes, n, func(i int, w *world) error {
			return w.Update(t.Context(), func(tx *store.Tx) error {
				return tx.Enqueue(store.NewJob{Kind: "k", Lane: fmt.Sprint("l", i), Args: fmt.Append(nil, i), Order: 7})
			})
		}))
		c := &chain{newWorld(t, nodes[0]), map[string]store.Job{}}
		for range n {
			got := c.claim()
			if got == "" || strings.Contains(got, " ") {
				t.Fatalf("%q are due at once", got)
			}
			c.finish(got)
		}
	})
}

// A job's end and its follower's insertion overlap: the follower is never lost.
func TestOrderAtTheEndOfAJob(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.Store) {
		c := &chain{newWorld(t, nodes[0]), map[string]store.Job{}}
		for i := range 20 {
			c.add("first", store.NewJob{})
			c.claim()
			succeed(t, atOnce(t, nodes, 2, func(which int, w *world) error {
				return w.Update(t.Context(), func(tx *store.Tx) error {
					if which == 0 {
						return tx.FinishJobs(c.claimed["first"])
					}
					return tx.Enqueue(store.NewJob{Kind: "k", Lane: "l", Args: []byte("second"), Order: 7})
				})
			}))
			if got := c.claim(); got != "second" {
				t.Fatalf("round %d: %q is due", i, got)
			}
			c.finish("second")
		}
	})
}
