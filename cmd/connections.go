package cmd

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many clients are connected. When there are too many,
// one is closed: of those that have not asked for anything yet while they are
// more than half, else of those that are idle, else of those whose request is
// being answered, and each time the one that has been so for longest. Thousands
// that say nothing cost little memory, keep nobody out, and take no connection
// from who has asked before.
type connections struct {
	max int

	mu      sync.Mutex
	open    map[net.Conn]*connection
	silent  *list.List // without a request so far, or with the beginning of one
	idle    *list.List // between requests
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
	l := &connections{max: max, open: map[net.Conn]*connection{}, silent: list.New(), idle: list.New(), serving: list.New()}
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
			defer l.move(c, l.idle)
		}
		next.ServeHTTP(w, r)
	})
}

func (l *connections) add(conn net.Conn) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent.Len()+l.idle.Len()+l.serving.Len() >= l.max {
		l.closeOne()
	}
	c := &connection{conn: conn, in: l.silent}
	c.at = l.silent.PushBack(c)
	l.open[conn] = c
	return c
}

func (l *connections) closeOne() {
	from := l.serving
	switch {
	case l.silent.Len() > l.max/2, l.idle.Len() == 0 && l.silent.Len() > 0:
		from = l.silent
	case l.idle.Len() > 0:
		from = l.idle
	}
	c := from.Front().Value.(*connection)
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
