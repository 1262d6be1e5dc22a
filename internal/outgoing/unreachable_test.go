package outgoing

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// Who is to blame for an answer that did not come.
func TestUnreachable(t *testing.T) {
	dial := func(err error) func(*http.Request) (*http.Response, error) {
		return func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	never := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
	redirect := func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "other.test" {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://other.test/"}}, Body: http.NoBody}, nil
	}
	over, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	left, leave := context.WithCancel(context.Background())
	leave()
	for _, c := range []struct {
		name     string
		ctx      context.Context
		url      string
		exchange func(*http.Request) (*http.Response, error)
		blamed   string
	}{
		{"refused by the host", t.Context(), "https://h.test/a", dial(syscall.ECONNREFUSED), "https://h.test/a"},
		{"no such name", t.Context(), "https://nobody.test/", never, "https://nobody.test/"},
		{"no answer in time", t.Context(), "https://h.test/a", never, "https://h.test/a"},
		{"a redirect to a host that is down", t.Context(), "https://h.test/a", redirect, "https://other.test/"},
		{"an address that we refuse", t.Context(), "https://inside.test/", never, ""},
		{"no files left", t.Context(), "https://h.test/a", dial(syscall.EMFILE), ""},
		{"no time left", over, "https://h.test/a", never, ""},
		{"nobody waits", left, "https://h.test/a", never, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := New(Options{
				Resolver: resolver{"h.test": {"93.184.216.34"}, "other.test": {"93.184.216.35"}, "inside.test": {"10.0.0.1"}},
				Exchange: func(r *http.Request, _ netip.AddrPort) (*http.Response, error) { return c.exchange(r) },
			})
			defer client.Close()
			_, err := client.Stream(c.ctx, Request{URL: c.url, Timeout: 10 * time.Millisecond})
			var u *Unreachable
			blamed := ""
			if errors.As(err, &u) {
				blamed = u.URL
			}
			if err == nil || blamed != c.blamed {
				t.Errorf("blamed %q, want %q: %v", blamed, c.blamed, err)
			}
		})
	}
}
