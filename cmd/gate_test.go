package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// gated is a server of so many connections; /wait answers when told to.
func gated(t *testing.T, most int, grace time.Duration) (g *gate, release chan struct{}, full *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	full, release = &atomic.Int64{}, make(chan struct{})
	g = newGate(l, most, func() { full.Add(1) })
	g.grace = grace
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-release
		}
		io.WriteString(w, "well")
	})}
	g.attach(web)
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(g) }()
	t.Cleanup(func() {
		web.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return g, release, full
}

func (g *gate) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func askOn(c net.Conn, path string) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(resp.Body)
	return err
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// Connections that say nothing, and idle ones, give way; never more than the
// limit are open.
func TestGateLetsIdleOnesGo(t *testing.T) {
	const most = 5
	g, _, full := gated(t, most, time.Millisecond)
	for range 3 {
		for range most { // idle ones
			if err := askOn(g.dial(t), "/"); err != nil {
				t.Fatal(err)
			}
			if n := g.count(); n > most {
				t.Fatalf("%d are open", n)
			}
		}
		for i := range 3 * most { // mute ones, and such that never end their request
			if c := g.dial(t); i%2 == 0 {
				fmt.Fprint(c, "GET / HT")
			}
		}
		if err := askOn(g.dial(t), "/"); err != nil {
			t.Fatal(err)
		}
		if n := g.count(); n > most {
			t.Fatalf("%d are open", n)
		}
	}
	if full.Load() == 0 {
		t.Error("nobody was told that it is full")
	}
}

// Those that are being answered stay, and the others wait for their place.
func TestGateLetsBusyOnesEnd(t *testing.T) {
	const most = 3
	g, release, _ := gated(t, most, time.Millisecond)
	errs := make(chan error, most)
	for range most {
		c := g.dial(t)
		go func() { errs <- askOn(c, "/wait") }()
	}
	for g.count() < most {
		time.Sleep(time.Millisecond) // net/http does not tell
	}
	var group sync.WaitGroup
	late := make(chan error, 1)
	c := g.dial(t)
	group.Go(func() { late <- askOn(c, "/") })
	select {
	case err := <-late:
		t.Fatalf("it was answered over the limit: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	for range most {
		if err := <-errs; err != nil {
			t.Errorf("a busy one was ended: %v", err)
		}
	}
	if err := <-late; err != nil {
		t.Error(err)
	}
	group.Wait()
}

// A new connection has its grace to say what it wants.
func TestGateGrace(t *testing.T) {
	g, _, _ := gated(t, 1, time.Hour)
	slow := g.dial(t)
	for g.count() == 0 {
		time.Sleep(time.Millisecond) // net/http does not tell
	}
	g.dial(t)
	if err := askOn(slow, "/"); err != nil {
		t.Errorf("it was ended before its grace was over: %v", err)
	}
}

func TestBudget(t *testing.T) {
	for _, files := range []int{64, 128, 256, 1024, 20000, 1 << 20} {
		b := newBudget(files)
		if used := b.clients + b.dials + 2*b.lookups; used > files*7/8 || b.clients < 1 || b.dials < 1 || b.lookups < 1 || b.workers < 1 || b.workers > b.dials {
			t.Errorf("%d files: %+v", files, b)
		}
	}
	if b := newBudget(1 << 20); b.clients != 2048 || b.workers != 256 || b.dials != 512 {
		t.Errorf("%+v", b)
	}
}

func TestDialerIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDialer(budget{dials: 1, lookups: 1})
	var first net.Conn
	told := 0
	d.full = func() { told++; first.Close(); first.Close() } // twice counts once
	if first, err = d.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	second, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil || told != 1 || len(d.slots) != 1 {
		t.Fatalf("%v, told %d times, %d open", err, told, len(d.slots))
	}
	second.Close()
	if _, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:1"); err == nil || len(d.slots) != 0 {
		t.Errorf("%v, %d open after a failure", err, len(d.slots))
	}
}
