package outgoing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// dialled is a client of which every connection fails, and the addresses that
// it tried in the end.
func dialled(t *testing.T, names resolver, url string, allow ...netip.Prefix) ([]string, error) {
	var tried []string
	c := New(Options{Resolver: names, AllowNetworks: allow, DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		tried = append(tried, addr)
		return nil, errors.New("down")
	}})
	_, err := c.Do(t.Context(), Request{URL: url})
	return tried, err
}

func TestDialled(t *testing.T) {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for _, x := range []struct {
		name  string
		addrs []string
		url   string
		allow []netip.Prefix
		want  []string
	}{
		{"in turns, at most six", []string{"2606::1", "2606::2", "2606::3", "2606::4", "2606::5", "2606::6", "2606::7", "8.8.8.8", "8.8.4.4"}, "https://a.test/", nil,
			[]string{"[2606::1]:443", "8.8.8.8:443", "[2606::2]:443", "8.8.4.4:443", "[2606::3]:443", "[2606::4]:443"}},
		{"the private ones left out", []string{"10.0.0.1", "8.8.8.8", "::1"}, "https://a.test/", nil, []string{"8.8.8.8:443"}},
		{"IPv4 in IPv6 as IPv4", []string{"::ffff:8.8.8.8"}, "https://a.test/", nil, []string{"8.8.8.8:443"}},
		{"an allowed network on any port", []string{"127.0.0.1"}, "http://a.test:8081/", []netip.Prefix{loopback}, []string{"127.0.0.1:8081"}},
		{"an allowed address as it is", nil, "https://127.0.0.1:8081/", []netip.Prefix{loopback}, []string{"127.0.0.1:8081"}},
		{"an allowed network, IPv4 in IPv6", nil, "http://[::ffff:127.0.0.1]:8081/", []netip.Prefix{loopback}, []string{"127.0.0.1:8081"}},
		{"plain http to the allowed ones only", []string{"8.8.8.8", "127.0.0.1"}, "http://a.test/", []netip.Prefix{loopback}, []string{"127.0.0.1:80"}},
		{"no plain http to the internet", []string{"8.8.8.8"}, "http://a.test/", []netip.Prefix{loopback}, nil},
		{"NAT64 of an allowed network", nil, "https://[64:ff9b::7f00:1]/", []netip.Prefix{loopback}, nil},
		{"a host in capitals and umlauts", []string{"8.8.8.8"}, "https://Ä.test/", nil, []string{"8.8.8.8:443"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := dialled(t, resolver{"a.test": x.addrs, "xn--4ca.test": x.addrs}, x.url, x.allow...)
			if !slices.Equal(got, x.want) {
				t.Errorf("tried %v, want %v", got, x.want)
			}
			if err == nil || IsRefused(err) != (x.want == nil) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The environment names no proxy that counts. It is read once in a process,
// so a test of what it does would depend on those before it.
func TestNoProxy(t *testing.T) {
	if c := New(Options{}); c.secure.Proxy != nil || c.plain.Proxy != nil {
		t.Error("a proxy would be used")
	}
}

func TestIsAllowedNetwork(t *testing.T) {
	names := resolver{"in.test": {"127.0.0.1", "127.0.0.2"}, "half.test": {"127.0.0.1", "8.8.8.8"}, "out.test": {"8.8.8.8"}, "localhost": {"127.0.0.1"}}
	c := New(Options{Resolver: names, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for host, want := range map[string]bool{
		"in.test": true, "in.test:8081": true, "localhost:3000": true, "127.0.0.1": true, "127.0.0.1:8081": true, "[::ffff:127.0.0.1]:80": true,
		"half.test": true, "out.test": false, "unknown.test": false, "10.0.0.1": false, "[::1]:80": false, "": false,
	} {
		if got := c.IsAllowedNetwork(t.Context(), host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	if New(Options{Resolver: names}).IsAllowedNetwork(t.Context(), "in.test") {
		t.Error("nothing is allowed, and in.test is")
	}
}

// Over TLS, as almost every request is, HTTP/1.1 is spoken, and a redirect
// leads neither to plain http nor to a private address.
func TestSecure(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, r.Proto, " ", r.Host, " ", r.UserAgent())
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of the certificate that is refused below
	srv.StartTLS()
	defer srv.Close()
	c := New(Options{
		UserAgent: "Kinglet test",
		Resolver:  resolver{"example.com": {"8.8.8.8"}, "meta.test": {"169.254.169.254"}, "in.test": {"127.0.0.1"}},
		RootCAs:   srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		DialContext: func(ctx context.Context, n, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, n, srv.Listener.Addr().String())
		},
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	defer c.Close()
	for _, x := range []struct{ name, url, want string }{
		{"an answer", "https://Example.com/", "HTTP/1.1 example.com Kinglet test"},
		{"a redirect", "https://example.com/?to=/end", "HTTP/1.1 example.com Kinglet test"},
		{"a redirect to http", "https://example.com/?to=http://in.test/", ""},
		{"a redirect to a private address", "https://example.com/?to=https://meta.test/", ""},
		{"a redirect to another port", "https://example.com/?to=https://example.com:8443/", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			resp, err := c.Do(t.Context(), Request{URL: x.url})
			if x.want == "" {
				if !IsRefused(err) {
					t.Errorf("got %v, %v", resp, err)
				}
				return
			}
			if err != nil || string(resp.Body) != x.want {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
	c = New(Options{Resolver: resolver{"example.com": {"8.8.8.8"}}, DialContext: c.dialContext})
	if _, err := c.Do(t.Context(), Request{URL: "https://example.com/"}); err == nil || IsRefused(err) || isTimeout(err) {
		t.Errorf("a certificate of nobody: %v", err)
	}
}

// isTimeout reports whether a request failed since something took too long.
func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func TestStream(t *testing.T) {
	block := make([]byte, 64<<10)
	hold := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			w.Write(block)
		case "/silent":
			<-hold
		case "/stalls":
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			<-hold
		case "/waits":
			w.(http.Flusher).Flush()
			<-hold
		case "/drips": // never idle, never done
			for {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}
	}))
	defer srv.Close()
	defer close(hold)
	begun := time.Now()
	early := func(err error) bool { return isTimeout(err) && time.Since(begun) < 10*time.Second } // and not Timeout, 15 s
	for _, x := range []struct {
		name, path string
		options    Options
		request    Request
		want       func(error) bool
		read       int64
	}{
		{"as many bytes as wanted", "/exact", Options{}, Request{MaxBytes: 64 << 10}, func(err error) bool { return err == nil }, 64 << 10},
		{"a byte more", "/exact", Options{}, Request{MaxBytes: 64<<10 - 1}, func(err error) bool { return errors.Is(err, ErrTooLarge) }, 64<<10 - 1},
		{"no headers", "/silent", Options{HeaderTimeout: 1}, Request{}, early, 0},
		{"a body that stalls", "/stalls", Options{IdleTimeout: 100 * time.Millisecond}, Request{}, early, 1},
		{"a body that never begins", "/waits", Options{IdleTimeout: 100 * time.Millisecond}, Request{}, early, 0},
		{"a body that drips", "/drips", Options{}, Request{Timeout: 200 * time.Millisecond, MaxBytes: 1 << 40}, isTimeout, -1},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.options.Resolver, x.options.AllowNetworks = resolver{"a.test": {"127.0.0.1"}}, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			x.options.DialContext = func(ctx context.Context, n, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, n, srv.Listener.Addr().String())
			}
			c := New(x.options)
			defer c.Close()
			x.request.URL = "http://a.test" + x.path
			s, err := c.Stream(t.Context(), x.request)
			var n int64
			if err == nil {
				defer s.Body.Close()
				n, err = io.Copy(io.Discard, s.Body)
			}
			if !x.want(err) || x.read >= 0 && n != x.read {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}
