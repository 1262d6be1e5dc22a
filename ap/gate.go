package ap

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// gate bounds how much is under way at once: how many requests, how many
// bytes they hold, and how many of them one party (an address, a host) may
// have. Who finds no room waits for it, in bounded numbers as well, and is
// then turned away. A waiting request holds its headers and no body.
type gate struct {
	gateSize
	mu      sync.Mutex
	count   int
	bytes   int64
	parties map[string]*party
	queue   list.List // of *waiter, in the order they came
}

// gateSize is how much a gate lets in.
type gateSize struct {
	most      int           // requests
	mostBytes int64         // of them all
	share     int           // requests of one party
	waiting   int           // requests that wait for room
	patience  time.Duration // how long one waits; 0 lets nobody wait
}

// party is what one address or host has in a gate.
type party struct{ inside, waiting int }

type waiter struct {
	bytes   int64
	parties []string
	ready   chan struct{} // closed when it is let in
}

func newGate(size gateSize) *gate { return &gate{gateSize: size, parties: map[string]*party{}} }

// enter lets a request in that will hold so many bytes. leave must be called
// when it is done. ok is false when there is no room, now and within patience.
func (g *gate) enter(ctx context.Context, bytes int64, parties ...string) (leave func(), ok bool) {
	w := &waiter{bytes: bytes, parties: parties, ready: make(chan struct{})}
	leave = sync.OnceFunc(func() { g.leave(w) })
	g.mu.Lock()
	if g.fits(w) {
		g.admit(w)
		g.mu.Unlock()
		return leave, true
	}
	if g.patience == 0 || bytes > g.mostBytes || !g.mayWait(w) {
		g.mu.Unlock()
		return nil, false
	}
	at := g.queue.PushBack(w)
	for _, p := range parties {
		g.party(p).waiting++
	}
	g.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	select {
	case <-w.ready:
		return leave, true
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.ready: // it was let in at the last moment
		return leave, true
	default:
	}
	g.queue.Remove(at)
	g.stopWaiting(w)
	return nil, false
}

// The following are called with mu held.

func (g *gate) fits(w *waiter) bool {
	if g.count >= g.most || g.bytes+w.bytes > g.mostBytes {
		return false
	}
	for _, p := range w.parties {
		if have := g.parties[p]; have != nil && have.inside >= g.share {
			return false
		}
	}
	return true
}

// mayWait lets one party have a quarter of the queue.
func (g *gate) mayWait(w *waiter) bool {
	for _, p := range w.parties {
		if have := g.parties[p]; have != nil && have.waiting >= max(g.waiting/4, 1) {
			return false
		}
	}
	return g.queue.Len() < g.waiting
}

func (g *gate) party(name string) *party {
	p := g.parties[name]
	if p == nil {
		p = &party{}
		g.parties[name] = p
	}
	return p
}

func (g *gate) admit(w *waiter) {
	g.count++
	g.bytes += w.bytes
	for _, p := range w.parties {
		g.party(p).inside++
	}
}

func (g *gate) stopWaiting(w *waiter) {
	for _, name := range w.parties {
		p := g.parties[name]
		p.waiting--
		g.tidy(name, p)
	}
}

func (g *gate) tidy(name string, p *party) {
	if p.inside == 0 && p.waiting == 0 {
		delete(g.parties, name)
	}
}

// leave makes room, and lets in who waits and now fits: a party that has its
// share does not hold up those behind it.
func (g *gate) leave(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count--
	g.bytes -= w.bytes
	for _, name := range w.parties {
		p := g.parties[name]
		p.inside--
		g.tidy(name, p)
	}
	for at := g.queue.Front(); at != nil && g.count < g.most; {
		next := at.Next()
		if w := at.Value.(*waiter); g.fits(w) {
			g.queue.Remove(at)
			g.admit(w)
			g.stopWaiting(w)
			close(w.ready)
		}
		at = next
	}
}
