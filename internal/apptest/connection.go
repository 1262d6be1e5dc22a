package apptest

import (
	"io"
	"net"
	"net/http"
	"sync"
)

// Connect is a connection to the server as net/http serves it, with deadlines:
// for what a request in one piece does not show. It ends with the test. In a
// bubble of testing/synctest its deadlines pass at once.
func (s *Server) Connect() net.Conn {
	here, there := net.Pipe()
	l := &oneConnection{conn: there, closed: make(chan struct{})}
	server := &http.Server{Handler: s.Handler}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(l) })
	s.World.T.Cleanup(func() {
		here.Close()
		_ = server.Close()
		group.Wait()
	})
	return here
}

// oneConnection is a listener that gives one connection.
type oneConnection struct {
	mu     sync.Mutex
	conn   net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *oneConnection) Accept() (net.Conn, error) {
	l.mu.Lock()
	conn := l.conn
	l.conn = nil
	l.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	<-l.closed
	return nil, io.EOF
}

func (l *oneConnection) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConnection) Addr() net.Addr { return &net.TCPAddr{} }
