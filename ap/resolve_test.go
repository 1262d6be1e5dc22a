package ap_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// found is the URI of what an address leads to, or the error.
func (n *network) found(what string) (string, error) {
	n.Helper()
	found, err := n.Resolve(n.Context(), what)
	if err != nil {
		return "", err
	}
	var uri string
	n.view(func(tx *store.Tx) error {
		if found.Account != 0 {
			a, err := tx.Account(found.Account)
			uri = a.URI
			return err
		}
		o, err := tx.Object(found.Status)
		uri = o.URI
		return err
	})
	return uri, nil
}

func (n *network) html(address, page string, header ...string) {
	n.page(address, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		_, _ = w.Write([]byte(page))
	})
}

// Pages that link to their document, in the head or in a header, lead to it; and
// so do the addresses of activities.
func TestResolvePages(t *testing.T) {
	n := newNetwork(t)
	const host = "https://blog.example.com"
	bob := n.actor("blog.example.com", "bob")
	mallory := n.actor("evil.example.com", "mallory")
	note := func(by *remote, id string) object {
		return object{"id": id, "type": "Note", "attributedTo": by.uri, "content": "Hello", "to": []string{vocab.Public}}
	}
	n.document(host+"/n/1", note(bob, host+"/n/1"))
	n.document(host+"/n/2", note(bob, host+"/n/2"))
	n.document(host+"/a/1", object{"id": host + "/a/1", "type": "Create", "actor": bob.uri, "object": note(bob, host+"/n/1")})
	n.document(host+"/a/2", object{"id": host + "/a/2", "type": "Announce", "actor": bob.uri, "object": host + "/n/2"})
	n.document(host+"/a/3", object{"id": host + "/a/3", "type": "Create", "actor": bob.uri, "object": host + "/a/1"})
	n.document(host+"/a/4", object{"id": host + "/a/4", "type": "Like", "actor": bob.uri, "object": host + "/n/1"})
	// What the activity embeds of another origin is not what is found.
	forged := note(bob, host+"/n/1")
	forged["id"], forged["content"] = host+"/n/3", "forged"
	n.document("https://evil.example.com/a", object{"id": "https://evil.example.com/a", "type": "Create", "actor": mallory.uri, "object": forged})
	// Nor is what is linked to believed of another origin.
	n.document("https://evil.example.com/n", note(bob, host+"/n/1"))
	n.document("https://evil.example.com/n2", note(bob, host+"/n/4"))

	const link = `<link rel="alternate" type="application/activity+json" href="%">`
	head := func(href string) string {
		return "<!doctype html><html><head><title>x</title>" + strings.Replace(link, "%", href, 1) + "</head><body>"
	}
	for _, c := range []struct{ name, page, header, want string }{
		{"in the head", head("https://blog.example.com/n/1"), "", host + "/n/1"},
		{"relative", head("/n/2"), "", host + "/n/2"},
		{"relative to the base", `<base href="/n/">` + strings.Replace(link, "%", "2", 1), "", host + "/n/2"},
		{"with other words and cases", `<LINK HREF="/n/1" TYPE='application/ld+json; profile="https://www.w3.org/ns/activitystreams"' REL="me ALTERNATE">`, "", host + "/n/1"},
		{"after a feed", `<link rel="alternate" type="application/rss+xml" href="/feed"><script>"<p>"</script>` + head("/n/1"), "", host + "/n/1"},
		{"an actor", head(bob.uri), "", bob.uri},
		{"in a header", "x", `</n/1>; rel="alternate"; type="application/activity+json"`, host + "/n/1"},
		{"behind another in a header", "x", `</f,x>; rel=alternate; type="application/rss+xml", <https://blog.example.com/n/2>;type=application/activity+json;rel=alternate`, host + "/n/2"},
		{"whose document is elsewhere, where it is", head("https://evil.example.com/n"), "", host + "/n/1"},

		{"none", "<html><head></head><body>", "", ""},
		{"in the body", "<html><head></head><body>" + head("/n/1"), "", ""},
		{"behind text of others", "<p>" + head("/n/1"), "", ""},
		{"in a comment", "<!-- " + head("/n/1") + "-->", "", ""},
		{"of another relation", strings.Replace(head("/n/1"), "alternate", "canonical", 1), "", ""},
		{"of another type", strings.Replace(head("/n/1"), "activity+json", "json", 1), "", ""},
		{"to a script", head("javascript:alert(1)"), "", ""},
		{"to a file", head("file:///etc/passwd"), "", ""},
		{"to ourselves", head(own + "/users/nobody"), "", ""},
		{"to itself", head("#"), "", ""},
		{"to another page", head("/other"), "", ""},
		{"to what is not there", head("https://evil.example.com/n2"), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := []string{}
			if c.header != "" {
				header = []string{"Link", c.header}
			}
			n.html(host+"/page", c.page, header...)
			n.html(host+"/other", head("/n/1"))
			if got, err := n.found(host + "/page"); got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("found %q: %v", got, err)
			}
		})
	}
	for address, want := range map[string]string{
		host + "/a/1": host + "/n/1", host + "/a/2": host + "/n/2", host + "/a/3": "", host + "/a/4": "", "https://evil.example.com/a": "",
		"HTTPS://BLOG.example.com/n/1": host + "/n/1", "blog.example.com/n/1": host + "/n/1", "blog.example.com./n/1": host + "/n/1",
		"@bob@blog.example.com": bob.uri, "acct:bob@blog.example.com": bob.uri, "ACCT:@bob@BLOG.example.com": bob.uri, "bob@blog。example。com": bob.uri,
		"bob": "", "hello world": "", "@bob@": "",
	} {
		if got, err := n.found(address); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: found %q: %v", address, got, err)
		}
	}
	if _, err := n.found(host + "/nothing"); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "404") {
		t.Errorf("the reason is %v", err)
	}
}

// Our own addresses are known with a slash at their end as well.
func TestResolveOwn(t *testing.T) {
	n := newNetwork(t)
	alice := n.account("alice")
	for _, address := range []string{alice.URI, alice.URI + "/", alice.URL, alice.URL + "/", "HTTPS://OWN.example.com/@alice", "own.example.com/@alice", "@alice@own.example.com"} {
		if got, err := n.found(address); got != alice.URI {
			t.Errorf("%s: found %q: %v", address, got, err)
		}
	}
}

// What has nothing for who asks for a document is asked once more as a browser does,
// and may link to its document.
func TestResolvePagesThatRefuse(t *testing.T) {
	n := newNetwork(t)
	const host = "https://blog.example.com"
	bob := n.actor("blog.example.com", "bob")
	asked := 0
	link := `<link rel="alternate" type="application/activity+json" href="` + bob.uri + `">`
	page := func(status int, html string) {
		n.page(host+"/page", func(w http.ResponseWriter, r *http.Request) {
			asked++
			if strings.Contains(r.Header.Get("Accept"), "json") || r.Header.Get("Signature") != "" {
				w.WriteHeader(status)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(html))
		})
	}
	for _, c := range []struct {
		status int
		html   string
		want   string
		times  int
	}{
		{406, link, bob.uri, 2}, {404, link, bob.uri, 2}, {403, link, bob.uri, 2},
		{406, "nothing", "", 2}, {410, link, "", 1}, {500, link, "", 1},
	} {
		asked = 0
		page(c.status, c.html)
		got, err := n.found(host + "/page")
		if got != c.want || (err == nil) != (c.want != "") || asked != c.times {
			t.Errorf("%d: found %q, %v, with %d requests", c.status, got, err, asked)
		}
		if err != nil && c.status != 410 && !strings.Contains(err.Error(), fmt.Sprint(c.status)) {
			t.Errorf("%d: the reason is %v", c.status, err)
		}
	}
}
