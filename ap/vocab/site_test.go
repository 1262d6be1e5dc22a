package vocab

import "testing"

// The budgets of what is fetched are those of a registered domain.
func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"b.test": "b.test", "a.b.c.test": "c.test", "social.example.co.uk": "example.co.uk", "example.org:8443": "example.org", "a.example.org:8443": "example.org", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"alice.github.io": "alice.github.io", "x.alice.github.io": "alice.github.io", "co.uk": "co.uk", "127.0.0.1:8080": "127.0.0.1:8080", "[::1]:8080": "[::1]:8080", "10.0.0.1": "10.0.0.1", "localhost": "localhost", "": "",
		"a.b.test.": "b.test",
		// Each is a server of somebody else's.
		"alice.masto.host": "alice.masto.host", "x.alice.masto.host:443": "alice.masto.host", "masto.host": "masto.host", "bob.wordpress.com": "bob.wordpress.com", "notmasto.host": "notmasto.host",
	} {
		if got := Site(host); got != want {
			t.Errorf("%q is of %q, not %q", host, got, want)
		}
	}
}
