package config

import "testing"

// Our own host is recognized in every form that a URL parser, a resolver or a
// browser takes for it, and no other host is.
func TestOwnHostSpellings(t *testing.T) {
	c := &Config{Domain: "example.org", URL: "https://social.example.org"}
	idn := &Config{Domain: "xn--bcher-kva.example", URL: "https://xn--bcher-kva.example"}
	port := &Config{Domain: "example.org:8443", URL: "https://example.org:8443"}
	for _, x := range []struct {
		c    *Config
		host string
		want bool
	}{
		{c, "social.example.org", true}, {c, "example.org", true}, {c, "SOCIAL.Example.ORG", true}, {c, "social.example.org.", true}, {c, "social.example.org..", true},
		{c, "social。example。org", true}, {c, "social．example．org", true}, {c, "social｡example｡org", true}, {c, "social.example.org。", true}, {c, "social.example.org.:443", true},
		{c, "social%2eexample%2Eorg", true}, {c, "social%252eexample.org", true}, {c, "social%E3%80%82example.org", true}, {c, "%73ocial.example.org", true},
		{c, "user:pw@social.example.org", true}, {c, "user%40social.example.org", true}, {c, "social.example.org:443", true}, {c, "social.example.org:80", true}, {c, "social.example.org:8443", true},
		{c, "ｓｏｃｉａｌ.example.org", true}, {c, "soci\u00adal.example.org", true}, {c, "soci\u200bal.example.org", true},
		{c, "other.example.org", false}, {c, "notexample.org", false}, {c, "example.org.evil.test", false}, {c, "social.example.org@evil.test", false}, {c, "", false}, {c, ".", false}, {c, "xexample.org", false},
		{idn, "bücher.example", true}, {idn, "BÜCHER。example", true}, {idn, "b%C3%BCcher.example", true}, {idn, "bu\u0308cher.example", true}, {idn, "bucher.example", false},
		{port, "example.org:8443", true}, {port, "EXAMPLE.org.:08443", true}, {port, "example.org", false}, {port, "example.org:8444", false},
	} {
		if got := x.c.IsOwnHost(x.host); got != x.want {
			t.Errorf("IsOwnHost(%q) = %v", x.host, got)
		}
		if got := x.c.IsOwn("https://" + x.host + "/x"); got != x.want {
			t.Errorf("IsOwn(https://%s/x) = %v", x.host, got)
		}
	}
	for _, uri := range []string{`https:\\social.example.org\x`, "//social.example.org/x", "https://social.example.org?x", "https://social.example.org#x", "https://social.example.org/%zz"} {
		if !c.IsOwn(uri) {
			t.Errorf("%q is not our own", uri)
		}
	}
}

// What is taken as it stands is what IDNA makes of it: every name of up to five of
// these characters, which have all that is looked at.
func TestPlainHosts(t *testing.T) {
	const letters = "axn-.1Aü_"
	plain := 0
	var try func(name string, left int)
	try = func(name string, left int) {
		if IsPlainHost(name) {
			plain++
			if got := NormalHost("@" + name); got != name { // with a userinfo it goes the long way
				t.Fatalf("%q is taken as it stands, and is %q", name, got)
			}
		}
		if left == 0 {
			return
		}
		for _, c := range letters {
			try(name+string(c), left-1)
		}
	}
	try("", 5)
	if plain == 0 {
		t.Error("none is")
	}
	for name, want := range map[string]bool{
		"social.example.org": true, "a.b1-c.test": true, "127.0.0.1": true,
		"": false, ".": false, "a.": false, ".a": false, "a..b": false, "A.test": false, "a_b.test": false, "bücher.test": false, "xn--bcher-kva.test": false, "a.test:443": false, "[::1]": false, "a%2e": false, "u@a": false, "a\x00": false,
	} {
		if IsPlainHost(name) != want {
			t.Errorf("%q: not %v", name, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { NormalHost("social.example.org") }); n > 0 {
		t.Errorf("a plain host takes %v allocations", n)
	}
}
