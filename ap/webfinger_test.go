package ap_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What the WebFinger of other software says, and through whom.
func TestWebFingerForms(t *testing.T) {
	const host = "wf.example.com"
	self := func(pairs ...any) object {
		o := object{"rel": "self", "type": "application/activity+json", "href": "https://" + host + "/users/bob"}
		for i := 0; i+1 < len(pairs); i += 2 {
			o[pairs[i].(string)] = pairs[i+1]
		}
		return o
	}
	const xrd = `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" type="application/xrd+xml" template="%"/></XRD>`
	for _, c := range []struct {
		name     string
		links    []object // of the host's WebFinger; nil for none
		hostMeta string
		found    bool
	}{
		{"the usual type", []object{self()}, "", true},
		{"with a character set", []object{self("type", "application/activity+json; charset=utf-8")}, "", true},
		{"the other type", []object{self("type", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`)}, "", true},
		{"without the profile", []object{self("type", "application/ld+json")}, "", true},
		{"in capitals", []object{self("type", "Application/Activity+JSON")}, "", true},
		{"after others", []object{{"rel": "self", "type": "text/html", "href": "https://wf.example.com/@bob"}, {"rel": "x", "template": "y"}, self()}, "", true},
		{"of another type", []object{self("type", "application/json")}, "", false},
		{"to no URL", []object{self("href", "javascript:x")}, "", false},
		{"no link", []object{}, "", false},
		{"too many", append(make([]object, 100), self()), "", false},
		{"too large", []object{{"rel": strings.Repeat("x", 70_000)}, self()}, "", false},
		{"by host-meta", nil, strings.Replace(xrd, "%", "https://deep.example.com/wf?q={uri}", 1), true},
		{"by host-meta in JSON", nil, `{"links":[{"rel":"lrdd","template":"https://deep.example.com/wf?q={uri}"}]}`, true},
		{"a host-meta that leads back", nil, strings.Replace(xrd, "%", "https://wf.example.com/.well-known/webfinger?resource={uri}", 1), false},
		{"a host-meta that leads to us", nil, strings.Replace(xrd, "%", "https://own.example.com/wf?q={uri}", 1), false},
		{"a host-meta that leads away from https", nil, strings.Replace(xrd, "%", "http://deep.example.com/wf?q={uri}", 1), false},
		{"a host-meta without a place", nil, strings.Replace(xrd, "%", "https://deep.example.com/wf", 1), false},
		{"a host-meta that is none", nil, "<html>", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(t)
			n.actor(host, "bob")
			jrd := func(links []object) http.HandlerFunc {
				return func(w http.ResponseWriter, _ *http.Request) {
					_ = json.NewEncoder(w).Encode(object{"subject": "acct:bob@" + host, "links": links})
				}
			}
			n.world.Host(host).Handle("/.well-known/webfinger", http.NotFound)
			if c.links != nil {
				n.world.Host(host).Handle("/.well-known/webfinger", jrd(c.links))
			}
			n.page("https://"+host+"/.well-known/host-meta", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(c.hostMeta)) })
			n.page("https://deep.example.com/wf", jrd([]object{self()}))
			n.page("https://own.example.com/wf", jrd([]object{self()}))
			if uri := n.named("@bob@" + host); (uri != "") != c.found {
				t.Errorf("found %q", uri)
			}
		})
	}
}

// An apex that redirects to the host that serves it.
func TestWebFingerOfApex(t *testing.T) {
	n := newNetwork(t)
	const apex, host = "apex.example.com", "social.apex.example.com"
	bob := n.actor(host, "bob")
	n.subjects[host] = "acct:bob@" + apex
	n.world.Host(apex).Handle("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusMovedPermanently)
	})
	if uri := n.named("@bob@" + apex); uri != bob.uri {
		t.Errorf("found %q", uri)
	}
	if got := n.accountOf(bob.uri); got.Domain != apex || !got.HandleVerified {
		t.Errorf("its handle is %s, verified %v", got.Acct(), got.HandleVerified)
	}
}
