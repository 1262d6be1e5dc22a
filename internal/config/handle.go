package config

import "strings"

// Handle is how people name an account.
type Handle struct {
	Name string
	// Domain is where it lives, as it was written; "" here.
	Domain string
	// Own reports that a domain was given, and that it is ours.
	Own bool
}

// ParseHandle reads name or name@domain, with or without acct: and a leading
// @. It is the one function that reads handles. ok is false for what is none.
func (c *Config) ParseHandle(s string) (h Handle, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) >= len("acct:") && strings.EqualFold(s[:len("acct:")], "acct:") {
		s = s[len("acct:"):]
	}
	name, domain, whole := strings.Cut(strings.TrimPrefix(s, "@"), "@")
	h = Handle{Name: name, Domain: domain}
	if whole && c.IsOwnHost(domain) {
		h.Domain, h.Own = "", true
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
