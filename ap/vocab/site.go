package vocab

import (
	"net"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Site is who a host belongs to, as far as its name says: the domain that was
// registered, with all that is below it. Whoever has one can make as many
// subdomains as they like, and each of them would have budgets of its own.
func Site(host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if net.ParseIP(strings.Trim(name, "[]")) != nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimSuffix(name, ".")); err == nil {
		return domain
	}
	return host
}
