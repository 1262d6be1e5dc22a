package outgoing

import (
	"context"
	"net"
	"net/netip"
)

// Addresses are the addresses of a URL's host, and those of them that a request
// would connect to: for a person who asks why it does not.
func (c *Client) Addresses(ctx context.Context, target string) (all, allowed []netip.Addr, err error) {
	u, err := parse(target)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if all, err = c.lookup(ctx, u.Hostname()); err != nil {
		return nil, nil, err
	}
	_, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	allowed, err = c.addresses(ctx, u.Hostname(), port, u.Scheme == "http")
	if IsRefused(err) {
		err = nil
	}
	return all, allowed, err
}
