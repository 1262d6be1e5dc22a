package auth

import (
	"net/url"
	"slices"
	"strings"
)

// forbiddenSchemes are those that run code, display the URL's own content, wrap
// another URL, open files or start programs. All others are accepted: every app
// has one of its own.
var forbiddenSchemes = []string{
	"about", "afp", "android-app", "blob", "cid", "content", "data", "facetime", "feed", "file", "filesystem", "ftp", "ftps", "intent", "jar",
	"javascript", "jscript", "ldap", "ldaps", "livescript", "mailto", "mhtml", "mid", "mk", "mocha", "nfs", "opera", "pcast", "res", "resource",
	"search-ms", "sftp", "shell", "sms", "smb", "ssh", "tel", "telnet", "urn", "vbs", "vbscript", "view-source", "webcal", "ws", "wss", "wyciwyg",
}

// forbiddenPrefixes are those of schemes that belong to a browser's own pages
// or to the operating system (ms-settings, chrome-search, …).
var forbiddenPrefixes = []string{"about-", "browser-", "chrome-search", "chrome-untrusted", "devtools", "edge-", "ms-", "view-", "x-javascript"}

var browserSchemes = []string{"brave", "chrome", "edge", "firefox", "vivaldi"}

// validRedirect accepts absolute URIs to which a browser may be redirected with
// a code: web pages, and apps by their schemes.
func validRedirect(s string) bool {
	if s == OutOfBand {
		return true
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || len(s) > 2000 || strings.ContainsAny(s, " \r\n\t\"'<>#\\") {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	if slices.Contains(forbiddenSchemes, scheme) || slices.Contains(browserSchemes, scheme) ||
		slices.ContainsFunc(forbiddenPrefixes, func(p string) bool { return strings.HasPrefix(scheme, p) }) {
		return false
	}
	if scheme == "http" || scheme == "https" {
		// The host is part of the consent page's Content-Security-Policy.
		return u.Hostname() != "" && u.User == nil && !strings.ContainsAny(u.Host, ";,")
	}
	return true
}
