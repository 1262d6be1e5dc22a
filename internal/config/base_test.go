package config

import "testing"

// Ids stay where they began when the URL changes; both hosts are our own.
func TestKeepIDs(t *testing.T) {
	c := &Config{Domain: "example.org", URL: "https://new.example.net"}
	c.KeepIDs("https://old.example.org")
	for got, want := range map[string]string{
		c.ActorURI("a"): "https://old.example.org/users/a", c.KeyID("a"): "https://old.example.org/users/a#main-key", c.SharedInboxURI(): "https://old.example.org/inbox",
		c.ObjectURI("1"): "https://old.example.org/objects/1", c.ActivityURI("1"): "https://old.example.org/activities/1", c.ContextURI("1"): "https://old.example.org/contexts/1",
		c.InstanceActorURI(): "https://old.example.org/actor", c.ProfileURL("a"): "https://new.example.net/@a", c.MediaURL("x", "y.jpg"): "https://new.example.net/media/x/y.jpg",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, uri := range []string{"https://old.example.org/users/a", "https://new.example.net/users/a", "https://new.example.net/@a", "https://OLD.example.org./@a"} {
		if name, ok := c.ParseURL(uri).Username(); !ok || name != "a" || !c.IsOwn(uri) {
			t.Errorf("%s: %q", uri, name)
		}
	}
	for uri, want := range map[string]string{
		"https://new.example.net/objects/1": "https://old.example.org/objects/1", "https://old.example.org/@a": "https://new.example.net/@a", "https://evil.test/objects/1": "",
	} {
		if got := c.MakeURL(c.ParseURL(uri)); got != want {
			t.Errorf("%s is %s", uri, got)
		}
	}
	if c.IsOwn("https://evil.test/") {
		t.Error("a stranger is our own")
	}
}
