package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
	"kinglet/store"
	"kinglet/store/storetest"
)

// EachWithReadTimeout is storetest.Each with stores that give a read so long.
func eachWithReadTimeout(t *testing.T, timeout time.Duration, run func(t *testing.T, s *store.Store)) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return t.TempDir() + "/k.db" },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{Database: database(t), Readers: 4, ReadTimeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			run(t, s)
		})
	}
}

// readers begins n endless reads that give a row at once, and waits until they
// have it. What each ends with comes from the channel.
func readers(t *testing.T, s *store.Store, ctx context.Context, n int) chan error {
	t.Helper()
	started, ended := make(chan struct{}, n), make(chan error, n)
	for range n {
		go func() {
			ended <- s.View(ctx, func(tx *store.Tx) error {
				return store.ReadForever(tx, sync.OnceFunc(func() { started <- struct{}{} }))
			})
		}()
	}
	for range n {
		select {
		case <-started:
		case err := <-ended:
			t.Fatal("a read ended at once: ", err)
		}
	}
	return ended
}

func TestReadEndsWhenTheReaderLeaves(t *testing.T) {
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, s *store.Store) {
		for name, mark := range map[string]func(context.Context) context.Context{
			"background": func(ctx context.Context) context.Context { return ctx },
			"known":      store.AsKnown,
			"stranger":   func(ctx context.Context) context.Context { return store.AsStranger(ctx, "192.0.2.1") },
		} {
			t.Run(name, func(t *testing.T) {
				for range 5 { // more often than there are connections
					ctx, cancel := context.WithCancel(mark(t.Context()))
					ended := readers(t, s, ctx, 1)
					left := time.Now()
					cancel()
					if err := <-ended; !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					if took := time.Since(left); took > 5*time.Second {
						t.Errorf("the read went on for %s", took)
					}
				}
				if err := s.View(t.Context(), store.Ping); err != nil {
					t.Error("the connection is of no use any more: ", err)
				}
			})
		}
	})
}

func TestReadEndsInTime(t *testing.T) {
	eachWithReadTimeout(t, 100*time.Millisecond, func(t *testing.T, s *store.Store) {
		for _, ctx := range []context.Context{store.AsKnown(t.Context()), store.AsStranger(t.Context(), "192.0.2.1"), store.AsLookup(t.Context())} {
			if err := <-readers(t, s, ctx, 1); !fault.Is(err, fault.Unavailable) {
				t.Error(err)
			}
		}
		// The server's own work takes the time that it takes.
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := <-readers(t, s, ctx, 1); fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestStrangersNeverTakeTheLastReader(t *testing.T) {
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		heavy := store.AsStranger(ctx, "192.0.2.1")
		ended := readers(t, s, heavy, 1)
		for range 7 { // of the same address: they wait
			go func() { ended <- s.View(heavy, store.Ping) }()
		}
		if err := s.View(store.AsStranger(t.Context(), "192.0.2.2"), store.Ping); err != nil {
			t.Error("another stranger is not served: ", err)
		}
		other := readers(t, s, store.AsStranger(ctx, "192.0.2.3"), 1)
		for name, reader := range map[string]context.Context{"known": store.AsKnown(t.Context()), "a lookup": store.AsLookup(store.AsStranger(t.Context(), "192.0.2.4")), "the server": t.Context()} {
			soon, cancel := context.WithTimeout(reader, 5*time.Second)
			if err := s.View(soon, store.Ping); err != nil {
				t.Errorf("%s is not served: %v", name, err)
			}
			cancel()
		}
		short, stop := context.WithTimeout(store.AsStranger(t.Context(), "192.0.2.5"), 50*time.Millisecond)
		defer stop()
		if err := s.View(short, store.Ping); err == nil {
			t.Error("strangers hold more than half of the connections")
		}
		cancel()
		for range 8 {
			<-ended
		}
		<-other
	})
}

func TestStrangersWaitInBoundedNumber(t *testing.T) {
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		heavy := store.AsStranger(ctx, "192.0.2.1")
		ended := readers(t, s, heavy, 1)
		results := make(chan error, 200)
		for range 200 {
			go func() { results <- s.View(heavy, store.Ping) }()
		}
		for range 200 - 32 {
			if err := <-results; !errors.Is(err, semaphore.Busy) {
				t.Fatal(err)
			}
		}
		cancel()
		<-ended
		for range 32 {
			if err := <-results; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
}
