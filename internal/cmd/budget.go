package cmd

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"kinglet/internal/outgoing"
)

// budget divides the file descriptors that the process may have. The rest is
// for the database, the log and the runtime: since they come first, and the
// others are limited, no number of clients makes a write fail.
type budget struct {
	clients int // connections from clients
	dials   int // connections to other servers, in use or kept for the next request
	lookups int // names looked up at once, two sockets each
	workers int // jobs at once, each with a connection
}

// minFiles is the smallest useful total of the parts.
const minFiles = 128

// dialMemory is more than what a connection to another server takes, with TLS,
// also while it is kept.
const dialMemory = 40 << 10

// newBudget divides files. Connections to others take a quarter of the memory
// that Go may use, at most.
func newBudget(files int, memory int64) budget {
	dials := min(files/4, int(min(1024, max(32, memory/4/dialMemory))))
	return budget{
		clients: min(files/2, 2048),
		dials:   dials,
		lookups: max(min(files/32, 64), 1),
		workers: max(min(dials*3/4, 256), 1),
	}
}

// dialer limits the connections to other servers and the names looked up.
type dialer struct {
	net.Dialer
	slots   chan struct{}
	lookups chan struct{}
	full    func() // called when there is no slot, before waiting for one
}

func newDialer(b budget) *dialer {
	return &dialer{slots: make(chan struct{}, b.dials), lookups: make(chan struct{}, b.lookups), full: func() {}}
}

// DialContext is net.Dialer's, within the budget.
func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	select {
	case d.slots <- struct{}{}:
	default:
		d.full()
		select {
		case d.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c, err := d.Dialer.DialContext(ctx, network, addr)
	if err != nil {
		<-d.slots
		return nil, err
	}
	return &countedConn{Conn: c, closed: func() { <-d.slots }}, nil
}

// LookupNetIP is net.Resolver's, within the budget.
func (d *dialer) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	select {
	case d.lookups <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.lookups }()
	return net.DefaultResolver.LookupNetIP(ctx, network, host)
}

// countedConn releases its slot when it is closed.
type countedConn struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *countedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.closed)
	return err
}

// outOfFiles is a listener that closes connections when there are no files left
// for another client: net/http waits a moment then, and tries again.
type outOfFiles struct {
	net.Listener
	makeRoom func()
}

func (l outOfFiles) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		l.makeRoom()
	}
	return c, err
}

// noNetwork is the network of a copy: every name and every address is refused.
type noNetwork struct{}

func (noNetwork) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errCopy
}

func (noNetwork) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errCopy
}

var errCopy = copyError{}

type copyError struct{}

func (copyError) Error() string { return "this server is a copy (--as-copy) and sends no requests" }

// Is makes the error permanent: a retry will not help.
func (copyError) Is(target error) bool { return target == outgoing.ErrRefused }
