package vocab

import (
	"net"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// manyOwners are domains whose subdomains are servers of thousands of people, and
// which are not in the Public Suffix List: one of them would use up what all of
// them may.
var manyOwners = map[string]bool{"masto.host": true, "wordpress.com": true, "ghost.io": true, "micro.blog": true}

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
	name = strings.TrimSuffix(name, ".")
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		if below, ok := strings.CutSuffix(name, "."+domain); ok && manyOwners[domain] {
			return below[strings.LastIndexByte(below, '.')+1:] + "." + domain
		}
		return domain
	}
	return host
}
