package config

import "testing"

func TestParseHandle(t *testing.T) {
	c := &Config{Domain: "here.test", URL: "https://social.here.test"}
	for s, want := range map[string]Handle{
		"alice": {Name: "alice"}, "@alice": {Name: "alice"}, " @alice ": {Name: "alice"},
		"@alice@Here.Test": {Name: "alice", Own: true}, "acct:alice@here.test": {Name: "alice", Own: true}, "ACCT:alice@here.test": {Name: "alice", Own: true},
		"bob@b.test": {Name: "bob", Domain: "b.test"}, "acct:@bob@b.test": {Name: "bob", Domain: "b.test"}, "@bob@b.test:8443": {Name: "bob", Domain: "b.test:8443"},
		"!birds@b.test": {Name: "birds", Domain: "b.test", Community: true},
	} {
		if got, ok := c.ParseHandle(s); !ok || got != want {
			t.Errorf("%q: %+v %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "@", "acct:", "@@b.test", "bob@", "bob@b@c", "bob@b.test/x", "bob@b test", "!birds", "!birds@here.test", "!"} {
		if got, ok := c.ParseHandle(s); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

func TestParseAddress(t *testing.T) {
	c := &Config{Domain: "localhost:8443", URL: "http://localhost:8443"}
	for s, want := range map[string]string{
		"https://b.test/@bob": "https://b.test/@bob", " HTTPS://b.test/x ": "https://b.test/x", "Http://b.test": "http://b.test",
		"b.test/@bob": "https://b.test/@bob", "b.test:8443/users/bob?x=1": "https://b.test:8443/users/bob?x=1", "bücher.example/@bob": "https://bücher.example/@bob",
		"bücher。example/@bob": "https://bücher。example/@bob", "localhost:8443/@alice": "http://localhost:8443/@alice",
	} {
		if got, ok := c.ParseAddress(s); !ok || got != want {
			t.Errorf("%q is read as %q %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "and/or", "localhost/x", "b.test", "b.test/", "@bob@b.test", "bob@b.test", "bob@b.test/x", "acct:bob@b.test", "ftp://b.test/x", "javascript://b.test/%0aalert(1)",
		"see b.test/x", "https://b.test/x y", ".../x", "a.b?c/d", "a.b#c/d", `a.b\c/d`, "a%2eb/c",
	} {
		if got, ok := c.ParseAddress(s); ok {
			t.Errorf("%q is read as %q", s, got)
		}
	}
}
