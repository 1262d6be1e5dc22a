package cmd

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many clients are connected. When there are too many,
// the connection that has been without a request for longest is closed, or the
// one whose request takes longest: thousands that say nothing cost little
// memory, and keep nobody out.
type connections struct {
	max int

	mu      sync.Mutex
	open    map[net.Conn]*connection
	waiting *list.List // without a request, or with the beginning of one; the longest first
	serving *list.List // with a request that is being answered
}

type connection struct {
	conn net.Conn
	in   *list.List // nil once it was closed
	at   *list.Element
}

type connectionKey struct{}

// limitConnections sets the bound to a server.
func limitConnections(s *http.Server, max int) {
	l := &connections{max: max, open: map[net.Conn]*connection{}, waiting: list.New(), serving: list.New()}
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, l.add(c))
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			l.remove(c)
		}
	}
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			l.move(c, l.serving)
			defer l.move(c, l.waiting)
		}
		next.ServeHTTP(w, r)
	})
}

func (l *connections) add(conn net.Conn) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting.Len()+l.serving.Len() >= l.max {
		l.closeOne()
	}
	c := &connection{conn: conn, in: l.waiting}
	c.at = l.waiting.PushBack(c)
	l.open[conn] = c
	return c
}

func (l *connections) closeOne() {
	oldest := l.waiting.Front()
	if oldest == nil {
		oldest = l.serving.Front()
	}
	c := oldest.Value.(*connection)
	l.drop(c)
	c.conn.Close()
}

func (l *connections) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[conn]; c != nil {
		l.drop(c)
	}
}

func (l *connections) drop(c *connection) {
	if c.in != nil {
		c.in.Remove(c.at)
		c.in = nil
	}
	delete(l.open, c.conn)
}

func (l *connections) move(c *connection, to *list.List) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.in == nil {
		return
	}
	c.in.Remove(c.at)
	c.in, c.at = to, to.PushBack(c)
}
