package outgoing

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// flights are the GETs in progress, one for each URL (SECURITY-RULES 23):
// concurrent callers of one URL share the response.
type flights struct {
	mu     sync.Mutex
	under  map[flightKey]*flight
	closed bool
	wg     sync.WaitGroup
}

// flightKey is equal for requests that may share a response. The signer is part
// of it, since the response may depend on it.
type flightKey struct {
	url, accept, signedBy string
	maxBytes              int64
	timeout               time.Duration
}

type flight struct {
	cancel  context.CancelFunc
	waiting int           // callers; guarded by flights.mu
	done    chan struct{} // closed when resp and err are there
	resp    *Response
	err     error
}

// do returns the response of the flight under a key, starting one with fetch if
// there is none. A cancelled caller does not affect the others; when the last
// one leaves, the fetch is cancelled. Who joins has a copy, which grow is asked
// about as Request.Grow says.
func (f *flights) do(ctx context.Context, k flightKey, grow func(bytes int64) error, fetch func(context.Context) (*Response, error)) (*Response, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, fmt.Errorf("GET %s: %w", k.url, net.ErrClosed)
	}
	fl, joined := f.under[k]
	if !joined {
		fl = f.begin(ctx, k, fetch)
	}
	fl.waiting++
	f.mu.Unlock()

	select {
	case <-fl.done:
		if joined && fl.err == nil {
			if n := len(fl.resp.Body); grow != nil && n > usual {
				if err := grow(int64(n)); err != nil {
					return nil, err
				}
			}
			return fl.resp.clone(), nil
		}
		return fl.resp, fl.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.waiting--; fl.waiting == 0 {
		fl.cancel()
		f.forget(k, fl)
	}
	return nil, fmt.Errorf("GET %s: %w", k.url, context.Cause(ctx))
}

// begin starts a flight; the caller holds the lock. It does not end with the
// caller's context, since others may join, but it has its values.
func (f *flights) begin(ctx context.Context, k flightKey, fetch func(context.Context) (*Response, error)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	fl := &flight{cancel: cancel, done: make(chan struct{})}
	if f.under == nil {
		f.under = map[flightKey]*flight{}
	}
	f.under[k] = fl
	f.wg.Go(func() {
		defer func() {
			// Here a panic would end the server, where in the caller's
			// goroutine it ends one job (SECURITY-RULES 33).
			if p := recover(); p != nil {
				fl.err = fmt.Errorf("GET %s: panic: %v", k.url, p)
			}
			f.mu.Lock()
			f.forget(k, fl)
			f.mu.Unlock()
			cancel()
			close(fl.done)
		}()
		fl.resp, fl.err = fetch(ctx)
	})
	return fl
}

// forget lets nobody join a flight any more; the caller holds the lock.
func (f *flights) forget(k flightKey, fl *flight) {
	if f.under[k] == fl {
		delete(f.under, k)
	}
}

// close cancels all flights, waits for them to end and allows no new ones.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	for _, fl := range f.under {
		fl.cancel()
	}
	f.mu.Unlock()
	f.wg.Wait()
}

// clone is a deep copy of a response.
func (r *Response) clone() *Response {
	return &Response{Status: r.Status, Header: r.Header.Clone(), URL: r.URL, Body: bytes.Clone(r.Body)}
}
