package config

import "testing"

func TestParseHandle(t *testing.T) {
	c := &Config{Domain: "here.test", URL: "https://social.here.test"}
	for s, want := range map[string]Handle{
		"alice": {Name: "alice"}, "@alice": {Name: "alice"}, " @alice ": {Name: "alice"},
		"@alice@Here.Test": {Name: "alice", Own: true}, "acct:alice@here.test": {Name: "alice", Own: true}, "ACCT:alice@here.test": {Name: "alice", Own: true},
		"bob@b.test": {Name: "bob", Domain: "b.test"}, "acct:@bob@b.test": {Name: "bob", Domain: "b.test"}, "@bob@b.test:8443": {Name: "bob", Domain: "b.test:8443"},
	} {
		if got, ok := c.ParseHandle(s); !ok || got != want {
			t.Errorf("%q: %+v %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "@", "acct:", "@@b.test", "bob@", "bob@b@c", "bob@b.test/x", "bob@b test"} {
		if got, ok := c.ParseHandle(s); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}
