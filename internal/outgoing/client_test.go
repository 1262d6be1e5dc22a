package outgoing

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type resolver map[string][]string

func (r resolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, s := range r[host] {
		out = append(out, netip.MustParseAddr(s))
	}
	if out == nil {
		return nil, errors.New("no such host")
	}
	return out, nil
}

func TestAddresses(t *testing.T) {
	for addr, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "8.8.8.8": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "2001:db8::1": false,
		"::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::808:808": true, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::808:808": false,
		"2002:7f00:1::": false, "2002:a00:1::": false, "2002:808:808::": true, "2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false,
		"192.0.0.192": false, "192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "198.19.255.255": false, "240.0.0.1": false,
		"172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true, "198.20.0.1": true, "1.1.1.1": true,
		"168.63.129.16": false, "100.100.100.200": false, "fd00:ec2::254": false,
		"::ffff:0:127.0.0.1": false, "::ffff:169.254.169.254": false, "::8.8.8.8": false, "fec0::1": false, "100::1": false, "3fff::1": false,
		"5f00::1": false, "4000::1": false, "fe80::1%eth0": false,
	} {
		if got := isPublic(netip.MustParseAddr(addr)); got != want {
			t.Errorf("isPublic(%s) = %v", addr, got)
		}
	}
}

// local is a client for which every name is dialled to srv, whatever address
// it resolved to.
func local(srv *httptest.Server, names resolver, allow ...string) *Client {
	o := Options{Resolver: names, DialContext: func(ctx context.Context, n, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, n, srv.Listener.Addr().String())
	}}
	for _, a := range allow {
		o.AllowNetworks = append(o.AllowNetworks, netip.MustParsePrefix(a))
	}
	return New(o)
}

func TestRefusedBeforeConnecting(t *testing.T) {
	var dialled atomic.Int32
	c := New(Options{
		Resolver: resolver{"private.test": {"10.0.0.1"}, "mixed.test": {"127.0.0.1"}, "a.test": {"93.184.216.34"}, "bare": {"93.184.216.34"},
			// What the resolvers of some systems make of these.
			"93.184.55330": {"93.184.216.34"}, "0x5d.0xb8.0xd8.0x22": {"93.184.216.34"}, "1572395042": {"93.184.216.34"}},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			dialled.Add(1)
			return nil, errors.New("dialled")
		},
	})
	for _, u := range []string{
		"https://private.test/", "https://mixed.test/", "https://127.0.0.1/", "https://93.184.216.34/", "https://[::1]/", "https://bare/",
		"https://a.test:22/", "http://a.test/", "ftp://a.test/", "https://u:p@a.test/", "https:///", "file:///etc/passwd",
		"https://93.184.55330/", "https://0x5d.0xb8.0xd8.0x22/", "https://1572395042/", "https://bare./", "https://[::ffff:93.184.216.34]/",
		"https://９３.184.216.34/", "https://:443/", "https:a.test", "//a.test/", "https://\u00ad/", "https://a.test:0/",
	} {
		if _, err := c.Do(t.Context(), Request{URL: u}); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", u, err)
		}
	}
	if dialled.Load() != 0 {
		t.Error("something was dialled")
	}
	if _, err := c.Do(t.Context(), Request{URL: "https://a.test/"}); err == nil || errors.Is(err, ErrRefused) || dialled.Load() != 1 {
		t.Errorf("a public address is not dialled: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	var signedElsewhere atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "b.test:80" && r.Header.Get("Signature") != "" {
			signedElsewhere.Store(true)
		}
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		fmt.Fprint(w, r.Host, r.URL.Path, r.Header.Get("Signature"))
	}))
	defer srv.Close()
	c := local(srv, resolver{"a.test": {"127.0.0.1"}, "b.test": {"127.0.0.1"}, "meta.test": {"169.254.169.254"}, "localhost": {"127.0.0.2"}}, "127.0.0.1/32")
	sign := func(r *http.Request) error { r.Header.Set("Signature", "s"); return nil }
	for _, x := range []struct{ name, to, want string }{
		{"same host", "/end", "a.test/ends"},
		{"another host, unsigned", "http://b.test:80/end", "b.test:80/end"},
		{"private address", "http://meta.test/", "refused"},
		{"private literal", "http://169.254.169.254/latest", "refused"},
		{"loopback that is not allowed", "http://localhost/", "refused"},
		{"another scheme", "file:///etc/passwd", "refused"},
		{"private address after another host", "http://b.test:80/?to=http://meta.test/", "refused"},
		{"userinfo", "http://u:p@a.test/end", "refused"},
		{"there and back, signed at home only", "http://b.test:80/?to=http://a.test/end", "a.test/ends"},
	} {
		t.Run(x.name, func(t *testing.T) {
			resp, err := c.Do(t.Context(), Request{URL: "http://a.test/?to=" + strings.ReplaceAll(x.to, "&", "%26"), Sign: sign})
			if x.want == "refused" {
				if !errors.Is(err, ErrRefused) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || string(resp.Body) != x.want {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
	if signedElsewhere.Load() {
		t.Error("the signature went to another host")
	}
	if resp, err := c.Do(t.Context(), Request{URL: "http://a.test/?to=/end", Body: []byte("x")}); err != nil || resp.Status != http.StatusFound {
		t.Errorf("a POST was redirected: %v %v", resp, err)
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprint("/", n.Add(1)), http.StatusFound)
	}))
	defer srv.Close()
	c := local(srv, resolver{"a.test": {"127.0.0.1"}}, "127.0.0.0/8")
	if _, err := c.Do(t.Context(), Request{URL: "http://a.test/"}); !errors.Is(err, ErrRefused) || n.Load() != maxRedirects+1 {
		t.Errorf("%v after %d", err, n.Load())
	}
}

func TestBounds(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		block := []byte(strings.Repeat("x", 64<<10))
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1000 {
				if _, err := z.Write(block); err != nil {
					return
				}
			}
			z.Close()
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 64<<10))
		case "/trickle":
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	c := local(srv, resolver{"a.test": {"127.0.0.1"}}, "127.0.0.0/8")
	for path, want := range map[string]error{"/endless": ErrTooLarge, "/bomb": ErrTooLarge, "/header": nil, "/trickle": context.DeadlineExceeded} {
		timeout := 20 * time.Second
		if path == "/trickle" {
			timeout = 300 * time.Millisecond
		}
		_, err := c.Do(t.Context(), Request{URL: "http://a.test" + path, MaxBytes: 100 << 10, Timeout: timeout})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A name that answers with a public address first and a private one later is
// refused when it does: nothing is remembered between the check and the dial.
func TestRebinding(t *testing.T) {
	answers := []string{"93.184.216.34", "127.0.0.1"}
	var dialled []string
	c := New(Options{
		Resolver: rebinding{&answers},
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			dialled = append(dialled, addr)
			return nil, errors.New("down")
		},
	})
	c.Do(t.Context(), Request{URL: "https://a.test/"})
	if _, err := c.Do(t.Context(), Request{URL: "https://a.test/"}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	if len(dialled) != 1 || dialled[0] != "93.184.216.34:443" {
		t.Errorf("dialled %v", dialled)
	}
}

type rebinding struct{ answers *[]string }

func (r rebinding) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	a := (*r.answers)[0]
	*r.answers = (*r.answers)[1:]
	return []netip.Addr{netip.MustParseAddr(a)}, nil
}
