package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type actorDocument struct {
	Summary    string
	Attachment []struct{ Type, Name, Value string }
	Tag        []struct{ Type, Href, Name string }
}

func (p *person) actorDocument() (doc actorDocument) {
	p.t.Helper()
	r, _ := http.NewRequest("GET", p.uri(), nil)
	r.Header.Set("Accept", "application/activity+json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		p.t.Fatal(err)
	}
	return doc
}

// Links of a profile are rel="me", mentions of known accounts and hashtags are
// links: to apps, to other servers, who verify by it, and on the page.
func TestProfileText(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	alice, bob := n.person("alice"), n.person("bob")
	r := newRemote(t)
	eve := r.actor("eve")
	bob.find(eve.uri) // known here from now on
	handle := "@eve@" + strings.TrimPrefix(r.URL, "http://")

	var me object
	if _, err := alice.try("PATCH", "/api/v1/accounts/update_credentials", pairs([]string{
		"note", "With @bob, @BOB@" + n.domain + " and " + handle + ", not @nobody or @x@unknown.example. #Birds https://alice.example/bio",
		"fields_attributes[0][name]", "Site", "fields_attributes[0][value]", "https://alice.example/",
		"fields_attributes[1][name]", "Friend", "fields_attributes[1][value]", "@bob #Friends",
	}), &me); err != nil {
		t.Fatal(err)
	}
	site := `<a href="https://alice.example/" target="_blank" rel="me nofollow noopener noreferrer" translate="no">`
	bobLink := `<a href="` + n.url + `/@bob" class="u-url mention" target="_blank" rel="nofollow noopener noreferrer">@<span>bob</span></a>`
	doc := alice.actorDocument()
	fields := me["fields"].([]any)
	page := newBrowser(t).open(n.url + "/@alice")
	html := page.source
	for _, c := range []struct{ where, text, want string }{
		{"the API's note", me["note"].(string), bobLink},
		{"the API's note", me["note"].(string), `href="` + eve.uri + `" class="u-url mention"`},
		{"the API's note", me["note"].(string), `not @nobody or @x@unknown.example.`},
		{"the API's note", me["note"].(string), `href="https://alice.example/bio" target="_blank" rel="me `},
		{"the API's field", fields[0].(object)["value"].(string), site},
		{"the API's field", fields[1].(object)["value"].(string), bobLink},
		{"the actor's summary", doc.Summary, bobLink},
		{"the actor's summary", doc.Summary, `href="https://alice.example/bio" target="_blank" rel="me `},
		{"the actor's field", doc.Attachment[0].Value, site},
		{"the page", html, site},
		{"the page", html, bobLink},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s has no %s: %s", c.where, c.want, c.text)
		}
	}
	if n := strings.Count(doc.Summary, `rel="me `); n != 1 {
		t.Errorf("%d links of the biography are rel=me: %s", n, doc.Summary)
	}
	var tags []string
	for _, tag := range doc.Tag {
		tags = append(tags, tag.Type+" "+tag.Name+" "+tag.Href)
	}
	want := []string{
		"Mention @" + bob.handle() + " " + bob.uri(), "Mention " + handle + " " + eve.uri,
		"Hashtag #Birds " + n.url + "/tags/birds", "Hashtag #Friends " + n.url + "/tags/friends",
	}
	if strings.Join(tags, "\n") != strings.Join(want, "\n") {
		t.Errorf("the actor's tags are\n%s, not\n%s", strings.Join(tags, "\n"), strings.Join(want, "\n"))
	}

	// A stranger's rel="me" on a page of ours would let him verify that page as
	// his own: neither his posts, boosted here, nor his profile keep it.
	note := eve.note("1", `<p>verify <a rel="me nofollow" href="`+r.URL+`/@eve">me</a></p>`, alice.uri())
	note["tag"] = []object{{"type": "Mention", "href": alice.uri(), "name": "@alice"}}
	if code, why := eve.send(n.url+"/users/alice/inbox", eve.activity("Create", "1", note)); code != http.StatusAccepted {
		t.Fatal(code, why)
	}
	alice.post("/api/v1/statuses/" + alice.status("verify") + "/reblog")
	boosts := newBrowser(t).open(n.url + "/@alice").source
	if !strings.Contains(boosts, r.URL+"/@eve") || strings.Count(boosts, `rel="me `) != 2 {
		t.Errorf("the page of the boost has %d links with rel=me", strings.Count(boosts, `rel="me `))
	}
}

// status finds what was just received by its text.
func (p *person) status(text string) string {
	p.t.Helper()
	for _, n := range p.list("/api/v1/notifications") {
		if st, ok := n["status"].(object); ok && strings.Contains(st["content"].(string), text) {
			return st["id"].(string)
		}
	}
	p.t.Fatalf("%s received no %q", p.name, text)
	return ""
}
