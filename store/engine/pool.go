package engine

import (
	"context"
	"sync"
)

// pool keeps SQLite's idle reading connections. It hands out the one that was
// used last: its pages are still in the processor's caches, and those that are
// not needed keep no pages. Who waits is served in turn.
type pool struct {
	places chan struct{} // one for each idle connection

	mu   sync.Mutex
	idle []*conn // the one used last at the end
}

func newPool(size int) *pool { return &pool{places: make(chan struct{}, size)} }

func (p *pool) get(ctx context.Context) (*conn, error) {
	select {
	case _, open := <-p.places:
		if !open {
			return nil, errClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, nil
}

func (p *pool) put(c *conn) {
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	p.places <- struct{}{}
}

// close waits for all connections and closes them. Later readers get an error.
func (p *pool) close() {
	for range cap(p.places) {
		<-p.places
	}
	for _, c := range p.idle {
		c.close()
	}
	close(p.places)
}
