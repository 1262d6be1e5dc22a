package auth

import "testing"

func TestRedirectSchemes(t *testing.T) {
	for _, s := range []string{
		OutOfBand, "https://app.example/callback?x=1", "http://localhost:4000/cb", "http://127.0.0.1/", "icecubesapp://", "tusky://oauth",
		"com.example:/cb", "com.example.app://oauth/cb", "moz-extension://1234/cb", "chrome-extension://abc/cb", "mastodon-desktop://x", "x-app://cb", "view://x",
		"HTTPS://app.example/",
	} {
		if !validRedirect(s) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range []string{
		"javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "DATA:x", "vbscript:x", "view-source:https://a.example/",
		"filesystem:https://a.example/temporary/x", "blob:https://a.example/1", "about:blank", "file:///etc/passwd", "jar:https://a.example!/x",
		"mhtml:x", "res://x", "intent://x#Intent;end", "intent://x", "ms-msdt:/id", "ms-settings:x", "search-ms:query=x", "chrome://settings", "edge://x",
		"urn:ietf:wg:oauth:2.0:oob:auto", "urn:x", "mailto:a@b.example", "ws://a.example", "feed:https://a.example",
		"", "/relative", "//a.example/x", "https:", "https://", "https:///x", "https:a.example", "https://:443/", "https://a.example/#fragment", "https://a.example/#",
		"https://a.example/ x", "https://a.example/\nx", "https://a.example/'x", `https://a.example\@b.example/`, "https://user@a.example/", "https://a.example;x/", "https://a.example,b/",
		" javascript:alert(1)", "java\tscript:alert(1)", "\x01javascript:alert(1)",
	} {
		if validRedirect(s) {
			t.Errorf("%q is taken", s)
		}
	}
}
