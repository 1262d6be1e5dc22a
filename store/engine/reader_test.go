package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
	"kinglet/store/engine"
)

// eachWithReadTimeout is each with engines that give a read so long.
func eachWithReadTimeout(t *testing.T, timeout time.Duration, run func(t *testing.T, e *engine.Engine)) {
	template.Each(t, func(t *testing.T, database string) {
		run(t, open(t, engine.Options{Database: database, Readers: 4, ReadTimeout: timeout}))
	})
}

// readForever runs a statement that gives a row, with which it calls first,
// and no second one. PostgreSQL sends rows in bulk: first is called before.
func readForever(tx *engine.Tx, first func()) error {
	if tx.IsPostgres() {
		first()
	}
	return tx.Query(func(engine.Row) error {
		first()
		return nil
	}, `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000)
		SELECT i FROM n WHERE i = 1 OR i < 0`)
}

// ping reads a row.
func ping(tx *engine.Tx) error {
	_, _, err := engine.One[int64](tx, `SELECT 1`)
	return err
}

// readers begins n endless reads that give a row at once, and waits until they
// have it. What each ends with comes from the channel.
func readers(t *testing.T, e *engine.Engine, ctx context.Context, n int) chan error {
	t.Helper()
	started, ended := make(chan struct{}, n), make(chan error, n)
	for range n {
		go func() {
			ended <- e.View(ctx, func(tx *engine.Tx) error {
				return readForever(tx, sync.OnceFunc(func() { started <- struct{}{} }))
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
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, e *engine.Engine) {
		for name, mark := range map[string]func(context.Context) context.Context{
			"background": func(ctx context.Context) context.Context { return ctx },
			"known":      engine.AsKnown,
			"stranger":   func(ctx context.Context) context.Context { return engine.AsStranger(ctx, "192.0.2.1") },
		} {
			t.Run(name, func(t *testing.T) {
				for range 5 { // more often than there are connections
					ctx, cancel := context.WithCancel(mark(t.Context()))
					ended := readers(t, e, ctx, 1)
					left := time.Now()
					cancel()
					if err := <-ended; !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					if took := time.Since(left); took > 5*time.Second {
						t.Errorf("the read went on for %s", took)
					}
				}
				if err := e.View(t.Context(), ping); err != nil {
					t.Error("the connection is of no use any more: ", err)
				}
			})
		}
	})
}

func TestReadEndsInTime(t *testing.T) {
	eachWithReadTimeout(t, 100*time.Millisecond, func(t *testing.T, e *engine.Engine) {
		read := func(ctx context.Context) error { // which may end before it has a row
			return e.View(ctx, func(tx *engine.Tx) error { return readForever(tx, func() {}) })
		}
		for _, ctx := range []context.Context{engine.AsKnown(t.Context()), engine.AsStranger(t.Context(), "192.0.2.1"), engine.AsLookup(t.Context())} {
			if err := read(ctx); !fault.Is(err, fault.Unavailable) {
				t.Error(err)
			}
		}
		// The server's own work takes the time that it takes.
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := read(ctx); fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestStrangersNeverTakeTheLastReader(t *testing.T) {
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, e *engine.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		heavy := engine.AsStranger(ctx, "192.0.2.1")
		ended := readers(t, e, heavy, 1)
		for range 7 { // of the same address: they wait
			go func() { ended <- e.View(heavy, ping) }()
		}
		if err := e.View(engine.AsStranger(t.Context(), "192.0.2.2"), ping); err != nil {
			t.Error("another stranger is not served: ", err)
		}
		other := readers(t, e, engine.AsStranger(ctx, "192.0.2.3"), 1)
		for name, reader := range map[string]context.Context{"known": engine.AsKnown(t.Context()), "a lookup": engine.AsLookup(engine.AsStranger(t.Context(), "192.0.2.4")), "the server": t.Context()} {
			soon, cancel := context.WithTimeout(reader, 5*time.Second)
			if err := e.View(soon, ping); err != nil {
				t.Errorf("%s is not served: %v", name, err)
			}
			cancel()
		}
		short, stop := context.WithTimeout(engine.AsStranger(t.Context(), "192.0.2.5"), 50*time.Millisecond)
		defer stop()
		if err := e.View(short, ping); err == nil {
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
	eachWithReadTimeout(t, time.Minute, func(t *testing.T, e *engine.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		heavy := engine.AsStranger(ctx, "192.0.2.1")
		ended := readers(t, e, heavy, 1)
		results := make(chan error, 200)
		for range 200 {
			go func() { results <- e.View(heavy, ping) }()
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
