package config

import (
	"net/url"
	"strings"
	"testing"
)

// made is one URL of each kind, as its maker writes it.
func made(c *Config) map[URL]string {
	return map[URL]string{
		{ActorURL, "alice", ""}:          c.ActorURI("alice"),
		{KeyURL, "alice", ""}:            c.KeyID("alice"),
		{Ed25519KeyURL, "alice", ""}:     c.Ed25519KeyID("alice"),
		{InboxURL, "alice", ""}:          c.InboxURI("alice"),
		{OutboxURL, "alice", ""}:         c.OutboxURI("alice"),
		{FollowersURL, "alice", ""}:      c.FollowersURI("alice"),
		{FollowersSyncURL, "alice", ""}:  c.FollowersSyncURI("alice"),
		{FollowingURL, "alice", ""}:      c.FollowingURI("alice"),
		{FeaturedURL, "alice", ""}:       c.FeaturedURI("alice"),
		{InstanceActorURL, "", ""}:       c.InstanceActorURI(),
		{InstanceKeyURL, "", ""}:         c.InstanceKeyID(),
		{InstanceEd25519KeyURL, "", ""}:  c.InstanceEd25519KeyID(),
		{InstanceInboxURL, "", ""}:       c.InstanceInboxURI(),
		{InstanceOutboxURL, "", ""}:      c.InstanceOutboxURI(),
		{InstanceFollowersURL, "", ""}:   c.InstanceFollowersURI(),
		{SharedInboxURL, "", ""}:         c.SharedInboxURI(),
		{ObjectURL, "", "1-2"}:           c.ObjectURI("1-2"),
		{RepliesURL, "", "1-2"}:          c.ObjectURI("1-2") + "/replies",
		{LikesURL, "", "1-2"}:            c.ObjectURI("1-2") + "/likes",
		{SharesURL, "", "1-2"}:           c.ObjectURI("1-2") + "/shares",
		{ActivityURL, "", "1-2"}:         c.ActivityURI("1-2"),
		{ContextURL, "", "1-2"}:          c.ContextURI("1-2"),
		{ProfileURL, "alice", ""}:        c.ProfileURL("alice"),
		{StatusURL, "alice", "7"}:        c.StatusURL("alice", 7),
		{TagURL, "grün/blau #1", ""}:     c.TagURL("Grün/Blau #1"),
		{MediaURL, "a b?.jpg", "abc123"}: c.MediaURL("abc123", "a b?.jpg"),
		{StaticURL, "style.css", ""}:     c.StaticURL("style.css"),
	}
}

// Every URL that we make is read back as what it was made of, in all spellings
// of our host, and made again the same.
func TestURLsBothWays(t *testing.T) {
	moved := &Config{Domain: "example.org", URL: "https://new.example.net"}
	moved.KeepIDs("https://old.example.org")
	for name, x := range map[string]struct {
		c     *Config
		bases []string
	}{
		"host": {&Config{Domain: "example.org", URL: "https://social.example.org"}, []string{
			"https://social.example.org", "HTTPS://SOCIAL.example.ORG", "http://social.example.org", "https://social.example.org.", "https://social.example.org..:443",
			"https://social.example.org:80", "https://social。example．org", "https://social｡example.org", "https://social%2eexample%2Eorg", "https://social%252eexample.org",
			"https://user:pw@social.example.org", "https://user%40social.example.org", "https://ｓｏｃｉａｌ.example.org", "https://soci\u00adal.example.org", "https://soci\u200bal.example.org", `https:\\social.example.org`,
		}},
		"IDN":              {&Config{Domain: "xn--bcher-kva.example", URL: "https://xn--bcher-kva.example"}, []string{"https://bücher.example", "https://BÜCHER。example", "https://b%C3%BCcher.example", "https://bu\u0308cher.example"}},
		"port":             {&Config{Domain: "localhost:8443", URL: "http://localhost:8443"}, []string{"http://localhost:8443", "http://LOCALHOST.:08443"}},
		"URL that changed": {moved, []string{"https://old.example.org", "https://new.example.net", "https://NEW.example.net.", "https://OLD.example.org:443"}},
	} {
		t.Run(name, func(t *testing.T) {
			kinds := map[URLKind]bool{}
			for u, uri := range made(x.c) {
				kinds[u.Kind] = true
				parsed, err := url.Parse(uri)
				if err != nil {
					t.Fatal(err)
				}
				rest := strings.TrimPrefix(uri, parsed.Scheme+"://"+parsed.Host)
				for _, base := range append(x.bases, parsed.Scheme+"://"+parsed.Host) {
					if got := x.c.ParseURL(base + rest); got != u {
						t.Errorf("%s is %+v, want %+v", base+rest, got, u)
					} else if again := x.c.MakeURL(got); again != uri {
						t.Errorf("%s is made again as %s", uri, again)
					}
				}
			}
			for k := NotOurURL + 1; k.Path() != ""; k++ {
				if !kinds[k] {
					t.Errorf("no URL of the kind %s is tested", k.Path())
				}
			}
		})
	}
}

func TestParseURL(t *testing.T) {
	c := &Config{Domain: "example.org", URL: "https://social.example.org"}
	for uri, want := range map[string]URL{
		"HTTP://SOCIAL.example.org.:80/users/a":            {Kind: ActorURL, Name: "a"},
		"https://social.example.org/%75sers/%61":           {Kind: ActorURL, Name: "a"},
		"https://social.example.org/@a":                    {Kind: ProfileURL, Name: "a"},
		"https://social.example.org/users/a#":              {Kind: ActorURL, Name: "a"},
		"https://social.example.org/tags/C%2FD":            {Kind: TagURL, Name: "c/d"},
		"https://social.example.org/objects/a%23b":         {Kind: ObjectURL, ID: "a#b"},
		"https://social.example.org":                       {},
		"https://social.example.org/":                      {},
		"https://social.example.org/users/":                {},
		"https://social.example.org/users/a/":              {},
		"https://social.example.org/users/a?x":             {},
		"https://social.example.org/users/a#other":         {},
		"https://social.example.org/users/a%23main-key":    {},
		"https://social.example.org/users/a/main-key":      {},
		"https://social.example.org/users/a b":             {},
		"https://social.example.org/users/a%2Finbox":       {},
		"https://social.example.org/users/instance.actor":  {},
		"https://social.example.org//users/a":              {},
		"https://social.example.org/x/../users/a":          {},
		"https://social.example.org/@":                     {},
		"https://social.example.org/@a@b.test":             {},
		"https://social.example.org/inbox/1":               {},
		"https://social.example.org/media/1":               {},
		"https://social.example.org/%zz":                   {},
		"https://social.example.org:8443/users/a":          {},
		"https://example.org/users/a":                      {},
		"ftp://social.example.org/users/a":                 {},
		"social.example.org/users/a":                       {},
		"//social.example.org/users/a":                     {},
		"https://evil.test/social.example.org/users/a":     {},
		"https://evil.test/@social.example.org/users/a":    {},
		"https://social.example.org@evil.test/users/a":     {},
		`https://evil.test\@social.example.org/users/a`:    {},
		"https://evil.test#@social.example.org/users/a":    {},
		"https://social.example.org.evil.test/users/a":     {},
		"https://evil.test/?https://social.example.org/@a": {},
		"https://social.example.org%2Fevil.test/users/a":   {},
		"https:/social.example.org/users/a":                {},
		"javascript://social.example.org/users/a":          {},
	} {
		if got := c.ParseURL(uri); got != want {
			t.Errorf("%s is %+v, want %+v", uri, got, want)
		}
	}
}

// An account is named by its actor id and by its page, and by nothing else.
func TestUsernameOfURL(t *testing.T) {
	for u := range made(&Config{URL: "https://a.test"}) {
		if name, ok := u.Username(); ok != (u.Kind == ActorURL || u.Kind == ProfileURL) || ok && name != "alice" {
			t.Errorf("%+v names %q, %v", u, name, ok)
		}
	}
	if _, ok := (URL{Name: "alice"}).Username(); ok {
		t.Error("what is not ours names an account here")
	}
}

// What stands in a URL is escaped: it can't become another of ours.
func TestURLsAreEscaped(t *testing.T) {
	c := &Config{URL: "https://a.test"}
	for _, u := range []URL{{ObjectURL, "", "a/b#c?d"}, {StatusURL, "a", "1/2"}, {MediaURL, "x/y?.jpg", "k/#"}, {TagURL, "a/b?c#d", ""}} {
		if got := c.ParseURL(c.MakeURL(u)); got != u {
			t.Errorf("%+v is made %s, which is %+v", u, c.MakeURL(u), got)
		}
	}
}

// A new account can't have the name of a path of the server.
func TestReservedUsername(t *testing.T) {
	for name, want := range map[string]bool{
		"admin": true, "Users": true, "api": true, "actor": true, "OBJECTS": true, "media": true, "oauth": true, "health": true, "alice": false, "name": false, "featured": false,
	} {
		if got := ReservedUsername(name); got != want {
			t.Errorf("%s is reserved: %v", name, got)
		}
	}
	for k := NotOurURL + 1; k.Path() != ""; k++ {
		if first := strings.Split(k.Path(), "/")[1]; !strings.HasPrefix(first, "@") && !ReservedSegment(first) {
			t.Errorf("%s is not reserved", first)
		}
	}
	if ReservedSegment("") || ReservedSegment("alice") {
		t.Error("everything is reserved")
	}
}

// Nothing makes ParseURL panic; what it takes for ours is not taken by another
// server for its own, goes to our host as Go's parser reads it, and is made
// again as what it was.
func FuzzParseURL(f *testing.F) {
	c, foreign := &Config{Domain: "example.org", URL: "https://social.example.org"}, &Config{Domain: "evil.test", URL: "https://evil.test"}
	for _, uri := range made(c) {
		f.Add(uri)
	}
	for _, uri := range []string{
		"https://social.example.org@evil.test/users/a", `https://evil.test\@social.example.org/users/a`, `https://social.example.org\@evil.test/users/a`, "https://evil.test%2F@social.example.org/users/a",
		"https://social.example.org%2Fevil.test/users/a", "https://evil.test#@social.example.org/@a", "https://social%2eexample。org/@a", "https://[social.example.org]/@a", "http://social.example.org:80:80/@a",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		u := c.ParseURL(uri)
		if u.Kind == NotOurURL {
			if u != (URL{}) {
				t.Fatalf("%q is not ours, and %+v", uri, u)
			}
			return
		}
		if !c.IsOwn(uri) {
			t.Errorf("%q is %+v, and not our own", uri, u)
		}
		if foreign.IsOwn(uri) || foreign.ParseURL(uri) != (URL{}) {
			t.Errorf("%q is ours and another's", uri)
		}
		if parsed, err := url.Parse(uri); err == nil && parsed.Host != "" && !c.IsOwnHost(parsed.Host) {
			t.Errorf("%q is taken for ours and goes to %s", uri, parsed.Host)
		}
		if again := c.ParseURL(c.MakeURL(u)); again != u {
			t.Errorf("%q is %+v, made again %q, and then %+v", uri, u, c.MakeURL(u), again)
		}
	})
}
