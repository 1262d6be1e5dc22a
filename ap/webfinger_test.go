package ap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kinglet/internal/apptest"
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

// Lemmy's people and communities may have one name: !name is the community, in a
// search and in a post.
func TestCommunityHandle(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	person, group := w.Stranger("birds@lemmy.test"), w.Stranger("cbirds@lemmy.test")
	group.Document["type"], group.Document["preferredUsername"] = "Group", "birds"
	group.Publish()
	const typ = "https://www.w3.org/ns/activitystreams#type"
	link := func(of *apptest.Stranger, is string) apptest.Object {
		return apptest.Object{"rel": "self", "type": "application/activity+json", "href": of.URI, "properties": apptest.Object{typ: is}}
	}
	links := []apptest.Object{link(person, "Person"), link(group, "Group")}
	person.Host.Handle("/.well-known/webfinger", func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(apptest.Object{"subject": "acct:birds@lemmy.test", "links": links})
	})
	find := func(q string) string {
		t.Helper()
		list := alice.Do("GET", "/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape(q))["accounts"].([]any)
		if len(list) == 0 {
			return ""
		}
		return list[0].(map[string]any)["uri"].(string)
	}
	for range 2 { // not known, and known
		if got := find("@birds@lemmy.test"); got != person.URI {
			t.Errorf("@birds is %s", got)
		}
		if got := find("!birds@lemmy.test"); got != group.URI {
			t.Errorf("!birds is %s", got)
		}
	}
	group.Host.Forget()
	post := alice.Post("a question for !birds@lemmy.test")
	w.Run()
	if got := group.Received(); len(got) != 1 || got[0]["object"].(map[string]any)["audience"] != group.URI {
		t.Errorf("the community receives %v", got)
	}
	if text := alice.Status(post.URI).Text(); !strings.Contains(text, ">!<span>") {
		t.Errorf("it reads %s", text)
	}
	links = links[:1]
	other := w.Stranger("cats@person.test")
	if got := find("!cats@person.test"); got != "" {
		t.Errorf("a person is found as the community %s", got)
	}
	alice.Post("nobody !cats@person.test")
	w.Run()
	if got := other.Received(); len(got) != 0 {
		t.Errorf("a person is mentioned as a community: %v", got)
	}
}

// What somebody shows to who is signed in only is not shown to strangers.
func TestSigninOnly(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	for i, term := range []string{"_misskey_requireSigninToViewContents", "hidesToPublicFromUnauthedWeb", "other"} {
		bob := w.Stranger(fmt.Sprintf("bob@b%d.test", i))
		bob.Document[term] = true
		bob.Publish()
		bob.FollowedBy(alice)
		note := bob.Note("hello")
		bob.Send(alice.Server, bob.Activity("Create", note))
		st := alice.Status(note["id"].(string))
		alice.Act("reblog", st)
		strangers := func(path string) string {
			r := httptest.NewRequest("GET", "https://a.test"+path, nil)
			rec := alice.Server.Do(r)
			return fmt.Sprint(rec.Code, " ", strings.Contains(rec.Body.String(), "hello"))
		}
		want := "200 true"
		if term != "other" {
			want = "404 false"
		}
		if got := strangers("/api/v1/statuses/" + st.ID); got != want {
			t.Errorf("%s: strangers are answered %s", term, got)
		}
		if got := strangers("/api/v1/accounts/" + alice.ID.String() + "/statuses"); strings.HasSuffix(got, "true") != (term == "other") {
			t.Errorf("%s: of a boost strangers are answered %s", term, got)
		}
		if !alice.HasInHome(note["id"].(string)) {
			t.Errorf("%s: alice does not see it", term)
		}
		bob.Document[term] = false
		bob.Publish()
		bob.Send(alice.Server, bob.Activity("Update", bob.Document))
		w.Run()
		if got := strangers("/api/v1/statuses/" + st.ID); got != "200 true" {
			t.Errorf("%s: after an Update strangers are answered %s", term, got)
		}
		alice.Act("unreblog", st)
	}
}
