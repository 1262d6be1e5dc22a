package config

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// check completes the settings and refuses invalid values. names are the
// settings' names as the user wrote them.
func (c *Config) check(names map[string]string, needDomain bool) error {
	if c.Domain == "" && needDomain {
		return &Error{"KINGLET_DOMAIN", "", "want the domain of your handles, like example.org"}
	}
	if c.Domain != "" {
		domain, err := canonicalHost(c.Domain)
		if err != nil || strings.ContainsAny(c.Domain, "/@") || strings.HasPrefix(domain, ":") || strings.Contains("."+domain+".", "..") {
			return &Error{names["domain"], c.Domain, "want a domain like example.org"}
		}
		c.Domain = domain
		if c.URL == "" {
			c.URL = "https://" + domain
		}
	}
	if c.URL != "" {
		base, err := canonicalBase(c.URL)
		if err != "" {
			return &Error{names["url"], c.URL, err}
		}
		c.URL = base
	}
	if !validListen(c.Listen) {
		return &Error{names["listen"], c.Listen, "want host:port or unix:/path"}
	}
	if strings.Contains(c.Database, "://") && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") || c.Database == "" {
		return &Error{names["database"], withoutPassword(c.Database), "want a file path or postgres://…"}
	}
	if !oneOf(c.LogLevel, "debug", "info", "warn", "error") {
		return &Error{names["log_level"], c.LogLevel, "want debug, info, warn or error"}
	}
	if !oneOf(c.LogFormat, "text", "json") {
		return &Error{names["log_format"], c.LogFormat, "want text or json"}
	}
	if !oneOf(c.Threads.Fetch, "on", "opened", "off") {
		return &Error{names["threads.fetch"], c.Threads.Fetch, "want on, opened or off"}
	}
	if len(c.Languages) == 0 {
		return &Error{names["languages"], "", "want languages like en or pt-BR, separated by commas"}
	}
	for _, l := range c.Languages {
		if !language.MatchString(l) {
			return &Error{names["languages"], l, "want languages like en or pt-BR, separated by commas"}
		}
	}
	if u, err := url.Parse(c.SourceURL); c.SourceURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return &Error{names["source_url"], c.SourceURL, "want a URL like https://example.org/source"}
	}
	if a, err := mail.ParseAddress(c.ContactEmail); c.ContactEmail != "" && (err != nil || a.Address != c.ContactEmail) {
		return &Error{names["contact_email"], c.ContactEmail, "want an address like you@example.org"}
	}
	if c.Title == "" {
		c.Title = c.Domain
	}
	return nil
}

// language is a tag of BCP 47, as far as servers use them.
var language = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

func oneOf(s string, list ...string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

func validListen(s string) bool {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return strings.HasPrefix(path, "/")
	}
	_, port, err := net.SplitHostPort(s)
	n, perr := strconv.Atoi(port)
	return err == nil && perr == nil && n >= 0 && n <= 65535
}

// canonicalHost is host[:port], lower-case and in punycode.
func canonicalHost(s string) (string, error) {
	name, port := s, ""
	if h, p, err := net.SplitHostPort(s); err == nil {
		name, port = h, ":"+p
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "", &Error{"port", p, "want a number"}
		}
	}
	name = strings.Trim(strings.TrimSuffix(name, "."), "[]")
	if a, err := netip.ParseAddr(name); err == nil {
		if a.Is6() {
			return "[" + a.String() + "]" + port, nil
		}
		return a.String() + port, nil
	}
	ascii, err := idna.Lookup.ToASCII(name)
	return ascii + port, err
}

// canonicalBase is a base URL in the form of Config.URL, or a suggestion of
// what is expected.
func canonicalBase(s string) (base, want string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", "want a URL without a path, like https://social.example.org"
	}
	host, err := canonicalHost(u.Host)
	if err != nil {
		return "", "want a URL without a path, like https://social.example.org"
	}
	scheme := strings.ToLower(u.Scheme)
	switch {
	case scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	case scheme == "http" && isLoopback(u.Hostname()):
		host = strings.TrimSuffix(host, ":80")
	case scheme == "http":
		return "", "want https://; http:// is for loopback only (put TLS in a proxy before it)"
	default:
		return "", "want a URL that begins with https://"
	}
	return scheme + "://" + host, ""
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.IsLoopback()
}
