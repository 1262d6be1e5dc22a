package cmd

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// gate is a listener that lets only so many connections in; the others wait in
// the kernel's queue. While it is full, connections that ask for nothing give
// way: idle ones at once, others when they have not sent a request's header
// within the grace. So whoever holds connections without use keeps nobody out.
type gate struct {
	net.Listener
	most  int
	grace time.Duration
	full  func()           // called when it is full, or the process is out of files
	now   func() time.Time // the clock

	mu     sync.Mutex
	conns  map[net.Conn]*visit
	freed  chan struct{} // one place is free, or might be
	closed chan struct{}
	once   sync.Once
}

// visit is one connection's state.
type visit struct {
	waits bool // for its client: nothing is being answered on it
	idle  bool // it has been answered before
	since time.Time
}

const headerGrace = 500 * time.Millisecond

func newGate(l net.Listener, most int, full func()) *gate {
	return &gate{
		Listener: l, most: most, grace: headerGrace, full: full, now: time.Now,
		conns: map[net.Conn]*visit{}, freed: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

func (g *gate) Accept() (net.Conn, error) {
	g.waitForRoom()
	c, err := g.Listener.Accept()
	if err != nil {
		g.full() // perhaps out of files: net/http waits, and tries again
		return nil, err
	}
	v := &countedConn{Conn: c}
	v.closed = func() { g.leave(v) }
	g.mu.Lock()
	g.conns[v] = &visit{waits: true, since: g.now()}
	g.mu.Unlock()
	return v, nil
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

func (g *gate) leave(c net.Conn) {
	g.mu.Lock()
	delete(g.conns, c)
	g.mu.Unlock()
	g.signal()
}

func (g *gate) signal() {
	select {
	case g.freed <- struct{}{}:
	default:
	}
}

// attach has a server tell the gate what its connections do.
func (g *gate) attach(web *http.Server) {
	web.ConnState = g.connState
	web.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, gateConn{}, c) }
	next := web.Handler
	web.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Its header has come whole: from here on it is our turn.
		if c, ok := r.Context().Value(gateConn{}).(net.Conn); ok {
			g.change(c, false, false)
		}
		next.ServeHTTP(w, r)
	})
}

type gateConn struct{}

func (g *gate) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive: // the first byte of a request
		g.change(c, true, false)
	case http.StateIdle:
		g.change(c, true, true)
		g.signal() // it may give way
	case http.StateHijacked:
		g.change(c, false, false)
	}
}

func (g *gate) change(c net.Conn, waits, idle bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v, ok := g.conns[c]; ok {
		v.waits, v.idle, v.since = waits, idle, g.now()
	}
}

func (g *gate) waitForRoom() {
	told := false
	for {
		g.mu.Lock()
		n := len(g.conns)
		oldest, wait := g.oldestWaiting()
		g.mu.Unlock()
		if n < g.most {
			return
		}
		if !told {
			g.full()
			told = true
		}
		if oldest != nil && wait <= 0 {
			oldest.Close()
			continue
		}
		t := time.NewTimer(max(wait, time.Millisecond))
		if oldest == nil {
			t.Stop()
		}
		select {
		case <-g.freed:
		case <-t.C:
		case <-g.closed:
			t.Stop()
			return
		}
		t.Stop()
	}
}

// oldestWaiting finds the connection that gives way next, and how long it
// still has.
func (g *gate) oldestWaiting() (oldest net.Conn, wait time.Duration) {
	for c, v := range g.conns {
		if !v.waits {
			continue
		}
		left := g.grace - g.now().Sub(v.since)
		if v.idle {
			left = -g.now().Sub(v.since) - g.grace
		}
		if oldest == nil || left < wait {
			oldest, wait = c, left
		}
	}
	return oldest, wait
}
