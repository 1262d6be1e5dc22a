package config

import (
	"strings"
	"unicode"
)

// Handle identifies an account for people.
type Handle struct {
	Name string
	// Domain is the account's domain, as it was written; "" for a local
	// account.
	Domain string
	// Own reports that a domain was given, and that it is ours.
	Own bool
	// Community reports that a community is meant, as Lemmy's people write it:
	// !name@domain.
	Community bool
}

// ParseHandle parses name or name@domain, with or without acct: and a leading
// @, and !name@domain. It is the only parser of handles. ok is false when it is invalid.
func (c *Config) ParseHandle(s string) (h Handle, ok bool) {
	s = strings.TrimSpace(s)
	s, community := strings.CutPrefix(s, "!")
	if len(s) >= len("acct:") && strings.EqualFold(s[:len("acct:")], "acct:") {
		s = s[len("acct:"):]
	}
	name, domain, whole := strings.Cut(strings.TrimPrefix(s, "@"), "@")
	h = Handle{Name: name, Domain: domain, Community: community}
	if whole && c.IsOwnHost(domain) {
		h.Domain, h.Own = "", true
	}
	if community && h.Domain == "" {
		return h, false // there are none here
	}
	return h, name != "" && (!whole || domain != "" && !strings.ContainsAny(domain, "@/?# "))
}

// String is the handle without a leading @, and without our own domain.
func (h Handle) String() string {
	if h.Domain == "" {
		return h.Name
	}
	return h.Name + "@" + h.Domain
}

// ParseAddress reads what people paste as the address of a page or a document:
// a URL, whatever the case of its scheme, or one without it, which has a host
// with a dot and a path (example.org/@name). ok is false for all else: handles,
// and words to search for.
func (c *Config) ParseAddress(s string) (address string, ok bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	if scheme, rest, found := strings.Cut(s, "://"); found {
		scheme = strings.ToLower(scheme)
		return scheme + "://" + rest, scheme == "https" || scheme == "http"
	}
	host, path, found := strings.Cut(s, "/")
	if !found || path == "" || strings.ContainsAny(host, "@#?\\%") || host != c.Host() && !strings.Contains(strings.Trim(fullStops.Replace(host), "."), ".") {
		return "", false
	}
	if host == c.Host() {
		return c.URL + "/" + path, true // which may be http, on loopback
	}
	return "https://" + s, true
}
