package ap

import (
	"context"
	"fmt"
	"sync"
)

// flights runs work that several callers wait for only once.
type flights[V any] struct {
	mu    sync.Mutex
	under map[string]*flight[V]
}

type flight[V any] struct {
	done  chan struct{} // closed when value and err are there
	value V
	err   error
}

// do returns the result of work, or of the work already running for the same
// key. Work runs in the first caller and must not end with that caller's
// context; the others stop waiting when theirs ends.
func (f *flights[V]) do(ctx context.Context, key string, work func() (V, error)) (V, error) {
	f.mu.Lock()
	if fl := f.under[key]; fl != nil {
		f.mu.Unlock()
		select {
		case <-fl.done:
			return fl.value, fl.err
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		}
	}
	if f.under == nil {
		f.under = map[string]*flight[V]{}
	}
	fl := &flight[V]{done: make(chan struct{}), err: fmt.Errorf("the work for %s ended early", clip(key))}
	f.under[key] = fl
	f.mu.Unlock()
	defer func() { // also when work panics
		f.mu.Lock()
		delete(f.under, key)
		f.mu.Unlock()
		close(fl.done)
	}()
	fl.value, fl.err = work()
	return fl.value, fl.err
}
