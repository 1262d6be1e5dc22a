package config

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	conf := &Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}}
	for _, c := range []struct{ name, peer, forwarded, want string }{
		{"direct", "8.8.8.8:1", "", "8.8.8.8"},
		{"a stranger's claim", "8.8.8.8:1", "1.2.3.4", "8.8.8.8"},
		{"behind a proxy", "127.0.0.1:1", "1.2.3.4", "1.2.3.4"},
		{"behind two", "127.0.0.1:1", "9.9.9.9, 1.2.3.4, 10.0.0.1", "1.2.3.4"},
		{"a proxy that is IPv4 in IPv6", "[::ffff:127.0.0.1]:1", "1.2.3.4", "1.2.3.4"},
		{"unix socket", "@", "1.2.3.4", "1.2.3.4"},
		{"unix socket without a proxy", "@", "", ""},
		{"IPv6 by network", "[2606:1:2:3:4:5:6:7]:1", "", "2606:1:2:3::/64"},
		{"nonsense", "127.0.0.1:1", "x", "127.0.0.1"},
		{"nonsense behind a proxy", "127.0.0.1:1", "1.2.3.4, x, 10.0.0.1", "10.0.0.1"},
		{"no address", "somewhere:1", "1.2.3.4", "somewhere"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := conf.ClientAddress(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
