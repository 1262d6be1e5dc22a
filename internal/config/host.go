package config

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// lenient accepts names that are not registrable IDNs too, with underscores and
// the like. Both profiles map as browsers do (UTS #46): case, full-width
// letters, ideographic full stops, invisible characters.
var lenient = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.CheckHyphens(false))

// fullStops are what IDNA takes for the dot between labels (UTS #46 §2.3).
var fullStops = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

// NormalHost is host[:port] in the form for comparison: userinfo removed,
// percent-encoding decoded, in lower case and punycode, full stops of any
// script as dots, no trailing dots, no default port of a scheme (80, 443), no
// zeros before a port.
func NormalHost(host string) string {
	if IsPlainHost(host) {
		return host
	}
	host = host[strings.LastIndex(host, "@")+1:]
	for range 3 { // what was encoded twice, too
		unescaped, err := url.PathUnescape(host)
		if err != nil || unescaped == host {
			break
		}
		host = unescaped
	}
	host = host[strings.LastIndex(host, "@")+1:]
	name, port := host, ""
	if i := strings.LastIndex(host, ":"); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
	}
	name = fullStops.Replace(name)
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	} else if ascii, err := lenient.ToASCII(name); err == nil {
		name = ascii
	}
	name = strings.TrimRight(strings.ToLower(name), ".")
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n)
	}
	if port == "" || port == "443" || port == "80" {
		return name
	}
	return name + ":" + port
}

// IsPlainHost reports whether a name is in the form for comparison as it stands,
// as most are: lower-case letters, digits and hyphens of ASCII, with single dots
// between them. Others, and those in punycode, have to go through IDNA, which
// costs more than the rest of what is done with a URI.
func IsPlainHost(name string) bool {
	dot := true // the character before is one, or the beginning
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-':
			dot = false
		case c == '.' && !dot:
			dot = true
		default:
			return false
		}
	}
	return !dot && !strings.Contains(name, "xn--")
}

// IsOwn reports whether a URI is on this server, in any form of its host:
// nothing that others send may claim to be (SECURITY-RULES 6).
func (c *Config) IsOwn(uri string) bool {
	authority, _ := split(uri)
	return authority != "" && c.IsOwnHost(authority)
}

// split cuts a URI into its authority and the rest, as leniently as a browser:
// even when the rest is not a valid URI.
func split(uri string) (authority, rest string) {
	_, after, ok := strings.Cut(strings.ReplaceAll(uri, `\`, "/"), "//")
	if !ok {
		return "", ""
	}
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		return after[:end], after[end:]
	}
	return after, ""
}

// IsOwnHost reports whether host[:port] is this server's or its domain's. A
// server without a port of its own claims its name on every port.
func (c *Config) IsOwnHost(host string) bool {
	host = NormalHost(host)
	name := withoutPort(host)
	for _, own := range []string{NormalHost(c.Host()), NormalHost(c.Domain), NormalHost(c.idHost())} {
		if own != "" && (host == own || name == own) {
			return true
		}
	}
	return false
}

func withoutPort(host string) string {
	if i := strings.LastIndex(host, ":"); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// parseOnOwnHost parses a URL on the host of this server's base URL, or of its
// ids, in any form; ok is false for others.
func (c *Config) parseOnOwnHost(uri string) (u *url.URL, ok bool) {
	scheme, _, _ := strings.Cut(uri, ":")
	if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return nil, false
	}
	authority, rest := split(uri)
	host := NormalHost(authority)
	if authority == "" || host != NormalHost(c.Host()) && host != NormalHost(c.idHost()) {
		return nil, false
	}
	u, err := url.Parse(c.URL + rest)
	return u, err == nil
}
