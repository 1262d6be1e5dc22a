package config

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the address of the client: the peer's or, when that is a
// trusted proxy (over a unix socket it always is), the last untrusted one in
// X-Forwarded-For. IPv6 addresses count by their /64.
func (c *Config) ClientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	at, perr := netip.ParseAddr(host)
	for i := len(hops) - 1; i >= 0 && (host == "" || perr == nil && c.IsTrustedProxy(at)); i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at, host, perr = a, a.String(), nil
	}
	if perr != nil {
		return host
	}
	at = at.Unmap().WithZone("")
	if at.Is6() {
		p, _ := at.Prefix(64)
		return p.String()
	}
	return at.String()
}

// IsTrustedProxy reports whether the X-Forwarded-For from an address is
// trusted.
func (c *Config) IsTrustedProxy(a netip.Addr) bool {
	for _, p := range c.TrustedProxies {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
