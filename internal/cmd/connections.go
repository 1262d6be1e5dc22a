package cmd

import (
	"cmp"
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// connections limits how many clients are connected. Another one waits until a
// connection ends or can be closed: of those that have not sent a request yet,
// while they are more than half, the one that has been silent for longest; else
// one that was answered and lingers, since net/http waits for a client that
// sends an unwanted body; else one that is idle or silent beyond the grace;
// else one whose request takes longer than patience. So thousands of silent
// clients keep nobody out, a burst of requests waits, and no client that is
// being answered, or sends requests often, is cut off for it.
type connections struct {
	max   int
	freed chan struct{} // a place is free, or may be taken

	// How long a connection may be silent or idle, be silent while most
	// are, linger, and be served, before it may be closed for another.
	grace, crowded, lingering, patience time.Duration

	mu      sync.Mutex
	open    map[net.Conn]*connection
	silent  *list.List // without a request so far, or with the beginning of one
	idle    *list.List // between requests
	serving *list.List // with a request that is being answered
	ending  *list.List // whose handler has ended: the answer may not be written yet
}

type connection struct {
	conn  net.Conn
	since time.Time  // it is in its list
	in    *list.List // nil once it was closed
	at    *list.Element
}

type connectionKey struct{}

const (
	silentGrace     = time.Second
	crowdedGrace    = 20 * time.Millisecond
	lingeringTime   = 100 * time.Millisecond
	servingPatience = 15 * time.Second
)

// limitConnections applies the limit to a server.
func limitConnections(s *http.Server, max int) *connections {
	l := &connections{
		max: max, grace: silentGrace, crowded: crowdedGrace, lingering: lingeringTime, patience: servingPatience,
		freed: make(chan struct{}, 1), open: map[net.Conn]*connection{},
		silent: list.New(), idle: list.New(), serving: list.New(), ending: list.New(),
	}
	// It is called by the accept loop: while it waits, clients wait in the
	// kernel's queue.
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, l.add(c))
	}
	s.ConnState = l.stateChanged
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			l.move(c, l.serving)
			defer l.move(c, l.ending)
		}
		next.ServeHTTP(w, r)
	})
	return l
}

// stateChanged follows the states of net/http. A connection is idle when its
// answer has been written, which is later than the end of the handler.
func (l *connections) stateChanged(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateIdle:
		l.moveFrom(conn, l.ending, l.idle)
	case http.StateActive: // the first byte of a request
		l.moveFrom(conn, l.idle, l.silent)
	case http.StateClosed, http.StateHijacked:
		l.remove(conn)
	}
}

func (l *connections) add(conn net.Conn) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.silent.Len()+l.idle.Len()+l.serving.Len()+l.ending.Len() >= l.max {
		if c := l.connectionToClose(); c != nil {
			l.drop(c)
			c.conn.Close()
			continue
		}
		l.mu.Unlock()
		select {
		case <-l.freed:
		case <-time.After(crowdedGrace / 2): // a grace may be over
		}
		l.mu.Lock()
	}
	c := &connection{conn: conn, since: time.Now(), in: l.silent}
	c.at = l.silent.PushBack(c)
	l.open[conn] = c
	return c
}

// connectionToClose is the connection to close for another; nil when there is
// none.
func (l *connections) connectionToClose() *connection {
	front := func(of *list.List, longer time.Duration) *connection {
		if of.Len() == 0 {
			return nil
		}
		if c := of.Front().Value.(*connection); time.Since(c.since) >= longer {
			return c
		}
		return nil
	}
	if l.silent.Len() > l.max/2 {
		return front(l.silent, l.crowded)
	}
	return cmp.Or(front(l.ending, l.lingering), front(l.idle, l.grace), front(l.silent, l.grace), front(l.serving, l.patience))
}

func (l *connections) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[conn]; c != nil {
		l.drop(c)
	}
	l.signal()
}

func (l *connections) drop(c *connection) {
	if c.in != nil {
		c.in.Remove(c.at)
		c.in = nil
	}
	delete(l.open, c.conn)
}

// move moves a connection into a list, if it is still open.
func (l *connections) move(c *connection, to *list.List) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(c, to)
}

// moveFrom is move for a connection in a given list.
func (l *connections) moveFrom(conn net.Conn, from, to *list.List) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[conn]; c != nil && c.in == from {
		l.put(c, to)
	}
}

func (l *connections) put(c *connection, in *list.List) {
	if c.in == nil {
		return
	}
	c.in.Remove(c.at)
	c.in, c.at, c.since = in, in.PushBack(c), time.Now()
	l.signal()
}

func (l *connections) signal() {
	select {
	case l.freed <- struct{}{}:
	default:
	}
}
