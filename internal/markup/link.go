package markup

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxURL  = 8 << 10 // bytes
	maxHost = 255     // bytes, RFC 1035 §3.1
)

// safeURL is an absolute URL in the form for a link: one of linkSchemes, all in
// ASCII (hosts as in RFC 5890, the rest percent-encoded, RFC 3987 §3.1),
// without control characters. A URL in this form is returned unchanged, since
// clients compare links with known URLs.
func safeURL(raw string) (string, bool) {
	raw = strings.Trim(raw, " \t\r\n\f")
	scheme, rest, ok := strings.Cut(raw, ":")
	scheme = strings.ToLower(scheme)
	if !ok || len(raw) > maxURL || !slices.Contains(linkSchemes(), scheme) || strings.ContainsFunc(raw, isControlOrLine) {
		return "", false
	}
	authority := ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		if authority, ok = asciiHost(after[:end]); !ok {
			return "", false
		}
		authority, rest = "//"+authority, after[end:]
	}
	u, err := url.Parse(scheme + ":" + authority + percentEncode(rest))
	if err != nil || (scheme == "http" || scheme == "https") && !isHost(u.Hostname()) {
		return "", false
	}
	// Parsed again, as bluemonday will: the result must not change any
	// more.
	s := u.String()
	again, err := url.Parse(s)
	return s, err == nil && again.String() == s && again.Scheme == scheme && again.Host == u.Host && len(s) <= 3*maxURL
}

func isControlOrLine(r rune) bool { return r == '\n' || r == '\t' || isControl(r) }

// asciiHost converts the host of an authority (RFC 3986 §3.2) to ASCII.
func asciiHost(authority string) (string, bool) {
	at := strings.LastIndexByte(authority, '@') + 1
	user, host := authority[:at], authority[at:]
	if len(host) > maxHost || strings.ContainsAny(authority, " \"<>\\^`{|}") { // a browser takes \ for /
		return "", false
	}
	if isASCII(host) {
		return percentEncode(user) + host, true
	}
	host, port, found := strings.Cut(host, ":")
	host, err := idnaProfile().ToASCII(host)
	if err != nil {
		return "", false
	}
	if found {
		host += ":" + port
	}
	return percentEncode(user) + host, true
}

// idnaProfile maps as browsers do (UTS #46), and lets underscores through.
func idnaProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isHost reports whether a string is a name or address, and not only dots and
// signs.
func isHost(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return isWordRune(r) && r != '_' }) || s == "::"
}

// percentEncode encodes characters that are invalid in a URL, and a percent
// sign that encodes nothing. Encoded characters stay.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		stray := c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]))
		if stray || c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
