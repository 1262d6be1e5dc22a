package outgoing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// ErrRefused is what we do not connect to, whatever happens: trying again
// will not help.
var ErrRefused = errors.New("refused")

// attempt bounds connecting to one of a name's addresses.
const attempt = 6 * time.Second

// dial resolves a host, checks every address it has, and connects to one that
// passed. The address that is checked is the one that is dialled, so a name
// that changes its mind in between gains nothing.
func (c *Client) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRefused, err)
	}
	addrs, err := c.addresses(ctx, host, port)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		var conn net.Conn
		actx, cancel := context.WithTimeout(ctx, attempt)
		conn, err = c.dialContext(actx, "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
	}
	return nil, fmt.Errorf("connect to %s: %w", hostport, err)
}

// addresses are those of a host that may be connected to on a port.
func (c *Client) addresses(ctx context.Context, host, port string) ([]netip.Addr, error) {
	all, bare, err := c.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var pass []netip.Addr
	for _, a := range all {
		switch {
		case contains(c.allow, a):
			pass = append(pass, a)
		case isPublic(a) && !bare && strings.Contains(strings.TrimSuffix(host, "."), ".") && (port == "443" || port == "80"):
			pass = append(pass, a)
		}
	}
	if len(pass) == 0 {
		return nil, fmt.Errorf("%w: %s port %s is not a server on the internet", ErrRefused, host, port)
	}
	return pass, nil
}

// lookup gives the addresses of a host; bare tells that it is itself one.
func (c *Client) lookup(ctx context.Context, host string) (addrs []netip.Addr, bare bool, err error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.Addr{a}, true, nil
	}
	addrs, err = c.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, false, fmt.Errorf("look up %s: %w", host, err)
	}
	return addrs, false, nil
}

// IsAllowedNetwork tells whether a host[:port] is inside the networks that
// were opened with AllowNetworks, where plain http is spoken.
func (c *Client) IsAllowedNetwork(ctx context.Context, hostport string) bool {
	if len(c.allow) == 0 {
		return false
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	addrs, _, err := c.lookup(ctx, host)
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if contains(c.allow, a) {
			return true
		}
	}
	return false
}
