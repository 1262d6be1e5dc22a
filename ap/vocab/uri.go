package vocab

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"kinglet/internal/config"

	"golang.org/x/net/idna"
)

// MaxURI is the longest URI that is read.
const MaxURI = 2048

// ParseURI parses an absolute http or https URI that has a host and no
// userinfo, spaces or control characters.
func ParseURI(s string) (*url.URL, error) {
	if len(s) > MaxURI {
		return nil, fmt.Errorf("a URI of %d bytes", len(s))
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r == '\\' {
			return nil, fmt.Errorf("invalid URI %q", s)
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("invalid URI %q", s)
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" || u.Opaque != "" {
		return nil, fmt.Errorf("%q is not an http URI", s)
	}
	if u.User != nil {
		return nil, fmt.Errorf("%q has userinfo", s)
	}
	host, err := canonicalHost(u)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s, err)
	}
	u.Scheme, u.Host = scheme, host
	return u, nil
}

// fullStops are what IDNA takes for the dot between labels (UTS #46 §2.3).
var fullStops = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

// canonicalHost is host[:port] in the form for comparison: lower-case,
// punycode, without a trailing dot and without the scheme's default port.
func canonicalHost(u *url.URL) (string, error) {
	name := u.Hostname()
	plain := config.IsPlainHost(name)
	if !plain {
		// Full stops of other scripts first: otherwise a trailing one would remain.
		name = strings.TrimRight(fullStops.Replace(name), ".")
	}
	if name == "" || strings.Contains(name, "%") {
		return "", errors.New("no host")
	}
	switch {
	case plain:
	case !strings.Contains(name, ":"): // not an IPv6 address
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			// Underscores and the like are not valid in IDNA, but occur in real names.
			ascii = strings.ToLower(name)
			for _, r := range ascii {
				if r > 0x7e {
					return "", errors.New("not a host name")
				}
			}
		}
		if name = strings.TrimRight(ascii, "."); name == "" {
			return "", errors.New("no host")
		}
	default:
		name = "[" + strings.ToLower(name) + "]"
	}
	port := u.Port()
	if port == "" {
		return name, nil
	}
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n)
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return name, nil
	}
	return name + ":" + port, nil
}

// Canonical is a URI with its scheme and host in the form for comparison; path,
// query and fragment are unchanged.
func Canonical(s string) (string, error) {
	u, err := ParseURI(s)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// Origin is the canonical scheme://host[:port] of a URI.
func Origin(s string) (string, error) {
	u, err := ParseURI(s)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// SameOrigin reports whether two URIs have one origin; invalid ones have none.
func SameOrigin(a, b string) bool {
	x, err := Origin(a)
	if err != nil {
		return false
	}
	y, err := Origin(b)
	return err == nil && x == y
}

// Host is the canonical host[:port] of a URI, "" when it is invalid.
func Host(s string) string {
	u, err := ParseURI(s)
	if err != nil {
		return ""
	}
	return u.Host
}

// WithoutFragment is a URI up to its #: the document of a key.
func WithoutFragment(s string) string {
	before, _, _ := strings.Cut(s, "#")
	return before
}
