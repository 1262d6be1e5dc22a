package outgoing

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// counted is a fetch that waits to be released and counts how often it ran.
type counted struct {
	n       atomic.Int32
	release chan struct{}
}

func (c *counted) fetch(ctx context.Context) (*Response, error) {
	c.n.Add(1)
	select {
	case <-c.release:
		return &Response{Status: 200, Header: http.Header{"A": {"b"}}, Body: []byte("x")}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type result struct {
	resp *Response
	err  error
}

// caller asks in a goroutine.
func caller(ctx context.Context, f *flights, url string, fetch func(context.Context) (*Response, error)) chan result {
	out := make(chan result, 1)
	go func() {
		resp, err := f.do(ctx, flightKey{url: url}, nil, fetch)
		out <- result{resp, err}
	}()
	synctest.Wait()
	return out
}

func TestFlightsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		c := counted{release: make(chan struct{})}
		first, second := caller(t.Context(), &f, "a", c.fetch), caller(t.Context(), &f, "a", c.fetch)
		other := caller(t.Context(), &f, "b", c.fetch)
		close(c.release)
		a, b, o := <-first, <-second, <-other
		if a.err != nil || b.err != nil || o.err != nil || c.n.Load() != 2 {
			t.Fatalf("%v, %v, %v after %d fetches, want 2", a.err, b.err, o.err, c.n.Load())
		}
		a.resp.Body[0] = 'y'
		a.resp.Header.Set("A", "c")
		if string(b.resp.Body) != "x" || b.resp.Header.Get("A") != "b" {
			t.Error("callers share memory")
		}
		if caller(t.Context(), &f, "a", c.fetch); c.n.Load() != 3 {
			t.Error("an answer is kept after its flight")
		}
	})
}

func TestFlightOutlivesItsFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		c := counted{release: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		first, second := caller(ctx, &f, "a", c.fetch), caller(t.Context(), &f, "a", c.fetch)
		cancel()
		if r := <-first; !errors.Is(r.err, context.Canceled) {
			t.Errorf("the cancelled one got %v", r.err)
		}
		close(c.release)
		if r := <-second; r.err != nil || c.n.Load() != 1 {
			t.Errorf("the other got %v after %d fetches", r.err, c.n.Load())
		}
	})
}

func TestFlightEndsWithItsLastCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		forever := func(ctx context.Context) (*Response, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}
		out := caller(ctx, &f, "a", forever)
		cancel()
		if r := <-out; !errors.Is(r.err, context.Canceled) || <-ended == nil {
			t.Errorf("got %v", r.err)
		}
		c := counted{release: make(chan struct{})}
		next := caller(t.Context(), &f, "a", c.fetch)
		close(c.release)
		if r := <-next; r.err != nil {
			t.Errorf("the next one joined what was cancelled: %v", r.err)
		}
	})
}

func TestFlightPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		r := <-caller(t.Context(), &f, "a", func(context.Context) (*Response, error) { panic("boom") })
		if r.err == nil || !strings.Contains(r.err.Error(), "boom") {
			t.Errorf("got %v", r.err)
		}
	})
}

func TestFlightsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		c := counted{release: make(chan struct{})}
		out := caller(t.Context(), &f, "a", c.fetch)
		f.close()
		if r := <-out; !errors.Is(r.err, context.Canceled) {
			t.Errorf("under way: %v", r.err)
		}
		if r := <-caller(t.Context(), &f, "a", c.fetch); !errors.Is(r.err, net.ErrClosed) {
			t.Errorf("after: %v", r.err)
		}
	})
}

// lookups counts the names that are asked for, and answers when released.
type lookups struct{ counted }

func (l *lookups) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	l.fetch(ctx)
	return nil, errors.New("no such host")
}

// Which requests share an answer.
func TestOneInFlight(t *testing.T) {
	sign := func(*http.Request) error { return nil }
	base := Request{URL: "https://a.test/", Accept: "x", Sign: sign, SignedBy: "k"}
	for _, x := range []struct {
		name   string
		change func(q *Request)
		want   int32
	}{
		{"the same", func(*Request) {}, 1},
		{"another URL", func(q *Request) { q.URL += "b" }, 2},
		{"another type", func(q *Request) { q.Accept = "y" }, 2},
		{"another signer", func(q *Request) { q.SignedBy = "l" }, 2},
		{"nobody signs", func(q *Request) { q.Sign, q.SignedBy = nil, "" }, 2},
		{"who knows who signs", func(q *Request) { q.SignedBy = "" }, 2},
		{"a larger answer", func(q *Request) { q.MaxBytes = 2 << 20 }, 2},
		{"a post", func(q *Request) { q.Body = []byte("x") }, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := lookups{counted{release: make(chan struct{})}}
				c := New(Options{Resolver: &l})
				other := base
				x.change(&other)
				done := make(chan error, 2)
				for _, q := range []Request{base, other} {
					go func() {
						_, err := c.Do(t.Context(), q)
						done <- err
					}()
				}
				synctest.Wait()
				if l.n.Load() != x.want {
					t.Errorf("%d in flight, want %d", l.n.Load(), x.want)
				}
				close(l.release)
				for range 2 {
					if err := <-done; err == nil {
						t.Error("no error")
					}
				}
				c.Close()
			})
		})
	}
}

// Who shares a response has a copy of it, and needs as much memory as the first.
func TestSharedResponsesGrow(t *testing.T) {
	no := errors.New("no room")
	for _, c := range []struct {
		size  int
		asked int64
		err   error
	}{
		{usual, 0, nil},
		{usual + 1, usual + 1, no},
	} {
		synctest.Test(t, func(t *testing.T) {
			var f flights
			release := make(chan struct{})
			fetch := func(context.Context) (*Response, error) {
				<-release
				return &Response{Body: make([]byte, c.size)}, nil
			}
			first := caller(t.Context(), &f, "a", fetch)
			second, asked := make(chan error, 1), int64(0)
			go func() {
				_, err := f.do(t.Context(), flightKey{url: "a"}, func(n int64) error { asked = n; return no }, fetch)
				second <- err
			}()
			synctest.Wait()
			close(release)
			if r := <-first; r.err != nil {
				t.Error(r.err)
			}
			if err := <-second; err != c.err || asked != c.asked {
				t.Errorf("%d bytes: %v, asked for %d", c.size, err, asked)
			}
		})
	}
}
