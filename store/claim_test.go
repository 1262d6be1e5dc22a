package store_test

import (
	"fmt"
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
						Node: "n", Kinds: []string{"deliver", "ingest", "k"}, Full: []string{"full"}, Room: func(string, bool) int { return 1 }, Most: 64, Lease: time.Minute,
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
