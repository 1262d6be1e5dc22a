package outgoing

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
)

// Exchange answers a request to an address, in place of a connection to it:
// tests have networks in memory. See Options.Exchange.
type Exchange func(r *http.Request, address netip.AddrPort) (*http.Response, error)

// exchanger is the transport over an Exchange. It looks up and checks addresses
// as the dialer does, and tries the next address when one could not be
// connected to (a net.OpError of "dial").
type exchanger struct {
	client      *Client
	exchange    Exchange
	allowedOnly bool // as in dialPlain
}

func (e exchanger) RoundTrip(r *http.Request) (*http.Response, error) {
	port := r.URL.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[r.URL.Scheme]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: port %q", ErrRefused, port)
	}
	addrs, err := e.client.addresses(r.Context(), r.URL.Hostname(), port, e.allowedOnly)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		var resp *http.Response
		resp, err = e.exchange(r, netip.AddrPortFrom(a, uint16(number)))
		if op := (*net.OpError)(nil); err == nil || !errors.As(err, &op) || op.Op != "dial" {
			return resp, err
		}
	}
	return nil, fmt.Errorf("connect to %s: %w", r.URL.Host, err)
}
