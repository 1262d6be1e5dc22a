package cmd

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"kinglet/internal/config"
)

// forwarded sanitises the X-Forwarded-For of requests before it is used: over a
// unix socket it is trusted only where trust_socket says so, and an operator
// whose proxy is not trusted is warned.
func forwarded(conf *config.Config, log *slog.Logger, next http.Handler) http.Handler {
	h := &proxyHint{conf: conf, log: log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, ok := peerAddress(r)
		switch {
		case !ok && !conf.TrustSocket:
			r.Header.Del("X-Forwarded-For")
		case ok:
			h.see(peer, r.Header.Get("X-Forwarded-For") != "")
		}
		next.ServeHTTP(w, r)
	})
}

// peerAddress is the address of the connection; a unix socket has none.
func peerAddress(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap().WithZone(""), err == nil
}

// proxyHint detects a proxy that is not trusted: all clients share its one
// private address, and with it all limits. It logs this once, with the setting
// to use. Trusting it automatically would let anyone in that network pretend to
// be anyone.
type proxyHint struct {
	conf *config.Config
	log  *slog.Logger

	mu   sync.Mutex
	only netip.Addr // all requests so far came from here
	done bool       // it was said, or clients have addresses of their own
}

func (h *proxyHint) see(peer netip.Addr, isForwarded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done || h.conf.IsTrustedProxy(peer) {
		return
	}
	if peer.IsLoopback() && !isForwarded {
		return // a health check from inside the container
	}
	if !private(peer) || h.only.IsValid() && h.only != peer {
		h.done = true
		return
	}
	h.only = peer
	if !isForwarded {
		return
	}
	h.done = true
	networks := make([]string, 0, len(h.conf.TrustedProxies)+1)
	for _, p := range h.conf.TrustedProxies {
		networks = append(networks, p.String())
	}
	networks = append(networks, netip.PrefixFrom(peer, peer.BitLen()).String())
	h.log.Warn("every client comes from one private address and forwarded headers are not believed: if that is your proxy, set this, else all clients share one limit",
		"peer", peer.String(), "trusted_proxies", strings.Join(networks, ", "))
}

var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || carrierNAT.Contains(a)
}
