package config

import (
	"strings"
	"testing"
)

// Whatever somebody pastes: a handle is read the same again as it is written, and
// an address is one with a scheme that is fetched.
func FuzzParseHandle(f *testing.F) {
	for _, s := range []string{
		"alice", "@alice", "acct:alice@example.org", " @bob@b.test ", "@bob@b.test:8443", "a@b@c", "@@", "ACCT:@a@SOCIAL.example.org", "b.test/@bob", "HTTPS://b.test/x", "https://", "social.example.org/x", "a b/c", "b。test/@bob", "\\b.test/x",
	} {
		f.Add(s)
	}
	c := &Config{Domain: "example.org", URL: "https://social.example.org"}
	f.Fuzz(func(t *testing.T, s string) {
		if address, ok := c.ParseAddress(s); ok && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			t.Errorf("%q is the address %q", s, address)
		}
		h, ok := c.ParseHandle(s)
		if !ok {
			return
		}
		if h.Name == "" || h.Own && h.Domain != "" || h.Domain != "" && c.IsOwnHost(h.Domain) || strings.ContainsAny(h.Domain, "@/?# ") {
			t.Errorf("%q is %+v", s, h)
		}
	})
}
