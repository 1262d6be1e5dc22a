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

// ErrRefused is the error of a request that is never made: a retry will not
// help.
var ErrRefused = errors.New("refused")

// IsRefused reports whether a request failed because of its target, and not
// because of the network: it will fail again.
func IsRefused(err error) bool { return errors.Is(err, ErrRefused) }

// Connecting goes on when its request has ended, in case another one can use
// the connection, and strangers choose how many addresses a name has. So it is
// limited here, in total and for each address.
const (
	connectTimeout = 15 * time.Second
	attempt        = 5 * time.Second
	maxAddresses   = 6
)

// dialSecure connects for https.
func (c *Client) dialSecure(ctx context.Context, _, hostport string) (net.Conn, error) {
	return c.dial(ctx, hostport, false)
}

// dialPlain connects for http, which is allowed inside AllowNetworks only.
func (c *Client) dialPlain(ctx context.Context, _, hostport string) (net.Conn, error) {
	return c.dial(ctx, hostport, true)
}

// dial resolves a host, checks every address it has, and connects to one that
// passed. The checked address is the dialled one, so a name that changes in
// between gains nothing (DNS rebinding).
func (c *Client) dial(ctx context.Context, hostport string, allowedOnly bool) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	addrs, err := c.addresses(ctx, host, port, allowedOnly)
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

// addresses are the addresses of a host that may be connected to on a port, in
// the order to try them.
func (c *Client) addresses(ctx context.Context, host, port string, allowedOnly bool) ([]netip.Addr, error) {
	refusal := fmt.Errorf("%w: %s port %s is not a server on the internet", ErrRefused, host, port)
	if allowedOnly {
		refusal = fmt.Errorf("%w: %s requires https", ErrRefused, host)
	}
	public := !allowedOnly && isName(host) && (port == "443" || port == "80")
	if !public && len(c.allow) == 0 {
		return nil, refusal // whatever it resolves to
	}
	all, err := c.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var pass []netip.Addr
	for _, a := range all {
		if contains(c.allow, a) || public && isPublic(a) {
			pass = append(pass, a.Unmap())
		}
	}
	if len(pass) == 0 {
		return nil, refusal
	}
	pass = alternate(pass)
	return pass[:min(len(pass), maxAddresses)], nil
}

// isName reports whether a host is a name on the internet: it has a dot, and is
// not an address in any notation (127.1, 0x7f.0.0.1), of which resolvers know
// more than netip. No top-level domain begins with a digit.
func isName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 || dot == len(host)-1 || strings.Contains(host, ":") {
		return false
	}
	return host[dot+1] < '0' || host[dot+1] > '9'
}

// alternate orders addresses so that IPv4 and IPv6 alternate, beginning with
// the resolver's first: a network that does not work does not use up all
// attempts (RFC 8305 §4).
func alternate(addrs []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, a := range addrs {
		if a.Is4() == addrs[0].Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	out := make([]netip.Addr, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out
}

// lookup returns the addresses of a host, which may itself be one.
func (c *Client) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.Addr{a}, nil
	}
	addrs, err := c.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	return addrs, nil
}

// IsAllowedNetwork reports whether a host[:port] is inside AllowNetworks, with
// any of its addresses (localhost often has several): plain http may be used
// with it. It only helps to choose the scheme; the dialer connects in plain
// http to allowed addresses only.
func (c *Client) IsAllowedNetwork(ctx context.Context, hostport string) bool {
	if len(c.allow) == 0 {
		return false
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	addrs, err := c.lookup(ctx, host)
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
