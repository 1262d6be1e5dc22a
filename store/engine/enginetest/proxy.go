package enginetest

import (
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy is a TCP proxy between a store and PostgreSQL, which can be
// interrupted.
type Proxy struct {
	t             testing.TB
	socket        string
	network, addr string // of the server

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
}

// Proxied returns another URL of a database, through a proxy.
func Proxied(t testing.TB, database string) (string, *Proxy) {
	t.Helper()
	conf, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "kpx") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, socket: filepath.Join(dir, ".s.PGSQL.5432"), conns: map[net.Conn]bool{}}
	p.network, p.addr = pgconn.NetworkAddress(conf.Host, conf.Port)
	p.Restore()
	t.Cleanup(func() {
		p.Cut()
		os.RemoveAll(dir)
	})
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("host", dir)
	q.Set("port", "5432")
	u.Host, u.RawQuery = "", q.Encode()
	return u.String(), p
}

// Cut ends every connection and accepts no more.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

// Restore accepts connections again.
func (p *Proxy) Restore() {
	p.t.Helper()
	l, err := net.Listen("unix", p.socket)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(l, c)
		}
	}()
}

func (p *Proxy) pass(l net.Listener, c net.Conn) {
	server, err := net.Dial(p.network, p.addr)
	if err != nil {
		c.Close()
		return
	}
	defer server.Close()
	p.mu.Lock()
	if p.listener != l {
		p.mu.Unlock()
		c.Close()
		return
	}
	p.conns[c] = true
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, c)
		server.Close()
	}()
	_, _ = io.Copy(c, server)
	c.Close()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}
