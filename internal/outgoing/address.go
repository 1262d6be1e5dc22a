package outgoing

import "net/netip"

// internet is the range of public IPv6 addresses: what IANA has allocated so
// far (RFC 4291 §2.4). IPv4 has no such range.
var internet = netip.MustParsePrefix("2000::/3")

// refused are the networks that no stranger may make us connect to
// (SECURITY-RULES 22): this machine, its local networks, and addresses that no
// server on the internet has (the IANA special-purpose registries, RFC 6890).
// IPv6 outside of 2000::/3 is refused as a whole: loopback, link-local, unique
// local, multicast, IPv4-compatible and IPv4-translated addresses, local NAT64.
var refused = parsePrefixes(
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",    // carrier-grade NAT; metadata service of Alibaba Cloud
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // metadata service of Azure: a public address that is always near
	"169.254.0.0/16",   // link-local; metadata services
	"172.16.0.0/12",
	"192.0.0.0/24", // protocol assignments; metadata service of Oracle Cloud
	"192.0.2.0/24", // documentation
	"192.88.99.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"3fff::/20",       // documentation
)

func parsePrefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// isPublic reports whether an address is public. Addresses that embed an IPv4
// one are judged by that.
func isPublic(a netip.Addr) bool {
	a = embedded(a.Unmap().WithZone(""))
	if a.Is6() && !internet.Contains(a) {
		return false
	}
	return a.IsValid() && !contains(refused, a)
}

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// embedded returns the IPv4 address in one of NAT64 and 6to4.
func embedded(a netip.Addr) netip.Addr {
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// contains reports whether an address is in one of some networks, in any
// notation.
func contains(list []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
