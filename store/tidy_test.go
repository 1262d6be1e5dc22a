package store_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"kinglet/store"
	"kinglet/store/storetest"
)

// A server that is restarted every day sweeps what is due each day as well.
func TestTidySweepsMediaAtItsStart(t *testing.T) {
	storetest.EachWithClock(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		w := newWorld(t, s)
		w.blob([]byte("nobody refers to it"))
		clock.Advance(store.UnusedBlob + time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		defer group.Wait()
		defer stop()
		group.Go(func() { s.Tidy(ctx, slog.New(slog.DiscardHandler)) })
		for until := time.Now().Add(10 * time.Second); w.count(`SELECT COUNT(*) FROM blobs`) > 0; {
			if time.Now().After(until) {
				t.Fatal("an unused blob stays")
			}
		}
	})
}
