package config

import "strings"

// The URL of a server may change, ids may not: other servers store them. Ids
// keep the URL that the database began with, whose host must go on reaching
// this server; pages, media and the API use the current URL.

// KeepIDs sets the URL that ids begin with to the one that the database began
// with. It is called at the start, before any request is answered.
func (c *Config) KeepIDs(base string) { c.idBase = base }

// ids is the URL that ids begin with.
func (c *Config) ids() string {
	if c.idBase != "" {
		return c.idBase
	}
	return c.URL
}

// idHost is its host[:port].
func (c *Config) idHost() string {
	_, host, _ := strings.Cut(c.ids(), "//")
	return host
}

// OwnHosts are the names that requests to this server may be signed for: of
// its URL, of its ids, and of its domain.
func (c *Config) OwnHosts() []string { return []string{c.Host(), c.idHost(), c.Domain} }
