package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// BenchmarkClaim claims one job and puts it back, while 50,000 wait for hosts
// that are set aside and 5,000 are due in a lane that is full.
func BenchmarkClaim(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(engine.name, func(b *testing.B) {
			s := engine.open(b)
			w := newWorld(b, s)
			for i := range 55 {
				w.update(func(tx *store.Tx) error {
					var list []store.NewJob
					for range 1000 {
						j := store.NewJob{Kind: "k", Lane: fmt.Sprint("down", i), Args: []byte("{}"), RunAt: tx.Now().Add(time.Hour)}
						if i >= 50 {
							j.Lane, j.RunAt = "full", time.Time{}
						}
						list = append(list, j)
					}
					return tx.Enqueue(list...)
				})
			}
			w.update(func(tx *store.Tx) error { return tx.Enqueue(store.NewJob{Kind: "k", Lane: "free", Args: []byte("{}")}) })
			for b.Loop() {
				w.update(func(tx *store.Tx) error {
					list, _, err := tx.ClaimJobs(store.Claim{
						Node: "n", Kinds: []string{"deliver", "ingest", "k"}, Full: []string{"full"}, Room: func(string, bool, int) int { return 1 }, Most: 64, Lease: time.Minute,
					})
					if err != nil || len(list) != 1 {
						b.Fatalf("%d jobs, %v", len(list), err)
					}
					return tx.RetryJob(list[0], tx.Now(), "")
				})
			}
		})
	}
}

// A claim takes one job of each queue and then, while there is room, the next
// ones; what it leaves it says.
func TestClaimTakesSeveral(t *testing.T) {
	for _, c := range []struct {
		name  string
		lanes string // one letter for each job
		room  int
		most  int
		want  string
		left  store.Unclaimed
	}{
		{"as many as there is room for", "aaaaaa", 4, 64, "aaaa", store.Unclaimed{Skipped: []string{"a"}}},
		{"all", "aaa", 4, 64, "aaa", store.Unclaimed{}},
		{"one of each first", "aaaabbc", 4, 3, "abc", store.Unclaimed{More: true}},
		{"then the next ones", "aaaabbc", 4, 5, "aabbc", store.Unclaimed{More: true}},
		{"no more than it looked at", "aaaaaaa", 7, 64, "aaaaa", store.Unclaimed{More: true}},
		{"none without room", "aab", 0, 64, "", store.Unclaimed{Skipped: []string{"a", "b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				w := newWorld(t, s)
				w.update(func(tx *store.Tx) error {
					for _, lane := range c.lanes {
						if err := tx.Enqueue(store.NewJob{Kind: "k", Lane: string(lane), Args: []byte("{}")}); err != nil {
							return err
						}
					}
					return nil
				})
				var lanes []string
				var left store.Unclaimed
				w.update(func(tx *store.Tx) error {
					list, rest, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k"}, Room: func(string, bool, int) int { return c.room }, Most: c.most, Lease: time.Minute})
					lanes, left = nil, rest
					for _, j := range list {
						lanes = append(lanes, j.Lane)
					}
					return err
				})
				slices.Sort(lanes)
				if got := strings.Join(lanes, ""); got != c.want || !reflect.DeepEqual(left, c.left) {
					t.Errorf("claimed %q, left %+v; want %q and %+v", got, left, c.want, c.left)
				}
			})
		})
	}
}

// While a lane is set aside nothing in it is claimed, whenever it was written, by
// whatever time of its own; when it recovers all is due, by its own time.
func TestLaneIsAside(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		claim := func() (kinds string) {
			t.Helper()
			w.update(func(tx *store.Tx) error {
				var names []string
				list, _, err := tx.ClaimJobs(store.Claim{Node: "n", Kinds: []string{"k", "fetch"}, Room: func(string, bool, int) int { return 9 }, Most: 9, Lease: time.Hour})
				for _, j := range list {
					names = append(names, j.Kind)
				}
				slices.Sort(names)
				kinds = strings.Join(names, " ")
				return err
			})
			return kinds
		}
		enqueue := func(kind string, in time.Duration) {
			w.update(func(tx *store.Tx) error {
				return tx.Enqueue(store.NewJob{Kind: kind, Lane: "l", Args: []byte("{}"), RunAt: tx.Now().Add(in)})
			})
		}
		next := func(kind string) (in time.Duration) {
			t.Helper()
			w.update(func(tx *store.Tx) error {
				at, _, err := tx.NextRun([]string{kind}, nil)
				in = at.Sub(tx.Now()).Round(time.Minute / 60)
				return err
			})
			return in
		}
		enqueue("k", 0)
		w.update(func(tx *store.Tx) error {
			_, err := tx.LaneFailed(store.LaneFailure{Lane: "l", Behind: []string{"fetch"}, Wait: func(int) time.Duration { return time.Hour }, Why: "no answer"})
			return err
		})
		enqueue("fetch", 0)
		enqueue("k", 0)
		enqueue("fetch", 2*time.Hour)
		if in := next("fetch"); in < time.Hour {
			t.Errorf("what was written while the lane is aside is looked for in %s", in)
		}
		if got := claim(); got != "" {
			t.Errorf("%s are claimed in a lane that is set aside", got)
		}
		if k, fetch := next("k"), next("fetch"); k != time.Hour || fetch != time.Hour+store.StepBehind {
			t.Errorf("the next are due in %s, and %s", k, fetch)
		}
		w.update(func(tx *store.Tx) error { return tx.LaneRecovered("l", []string{"k", "fetch"}) })
		if got := claim(); got != "fetch k k" {
			t.Errorf("when it recovers %q are claimed", got)
		}
		if in := next("fetch"); in < 59*time.Minute {
			t.Errorf("what is due in two hours, or claimed for one, is due in %s", in)
		}
	})
}
