package interop

import (
	"fmt"
	"strings"
	"testing"
)

// TestActorForms: an actor in the forms in which others write it (INTEROP.md,
// section 1), which are read as one, or refused.
func TestActorForms(t *testing.T) {
	s := newScene(t)
	plain := `Person @{name}@b.test, "Bob"`
	for i, v := range []struct{ name, actor, want string }{
		{name: "plain"},
		{name: "a Service", actor: `"type": "Service"`, want: "Service @{name}@b.test, \"Bob\"\nbot"},
		{name: "a Group", actor: `"type": "Group"`, want: "Group @{name}@b.test, \"Bob\"\ngroup"},
		{name: "an Organization", actor: `"type": "Organization"`, want: `Organization @{name}@b.test, "Bob"`},
		{name: "an Application", actor: `"type": "Application"`, want: "Application @{name}@b.test, \"Bob\"\nbot"},
		{name: "types", actor: `"type": ["https://example.org/ns#Cat", "as:Person"]`},
		{name: "@id and @type", actor: `"id": null, "type": null, "@id": "{id}", "@type": "Person"`},
		{name: "PieFed's feed", actor: `"type": "Feed", "summary": "<p>all of it</p>", "feeds": []`, want: "Group @{name}@b.test, \"Bob\"\ngroup\nnote: <p>all of it</p>"},
		{name: "something with an inbox", actor: `"type": "Robot"`, want: `nothing: …"Robot"…`},
		{name: "no name", actor: `"preferredUsername": null`, want: `nothing: … preferredUsername "" is not a name`},
		{name: "a name that is none", actor: `"preferredUsername": "a b@c"`, want: `nothing: … is not a name`},
		{name: "no inbox", actor: `"inbox": null`, want: "nothing: …it has no inbox on its own server"},
		{name: "an inbox elsewhere", actor: `"inbox": "https://c.test/inbox"`, want: "nothing: …it has no inbox on its own server"},
		{name: "a shared inbox elsewhere", actor: `"endpoints": {"sharedInbox": "https://c.test/inbox"}`},
		{name: "an inbox as an object", actor: `"inbox": {"type": "OrderedCollection", "id": "{id}/inbox"}`},
		{name: "Misskey's shared inbox", actor: `"sharedInbox": "https://b.test/inbox"`},
		{name: "no key", actor: `"publicKey": null`, want: "nothing: …it has no public key of its own"},
		{name: "another's key", actor: `"publicKey": {"id": "{id}#main-key", "owner": "https://b.test/u/other", "publicKeyPem": "x"}`, want: "nothing: …it has no public key of its own"},
		{name: "a key in another's document", actor: `"publicKey": {"id": "https://b.test/u/other#main-key", "owner": "{id}", "publicKeyPem": "x"}`, want: "nothing: …it has no public key of its own"},
		{name: "a key without an owner", actor: `"publicKey": {"id": "{id}#main-key", "publicKeyPem": "x"}`},
		{name: "a key with a controller", actor: `"publicKey": {"id": "{id}#main-key", "controller": "{id}", "publicKeyPem": "x"}`},
		{name: "a key with another controller", actor: `"publicKey": {"id": "{id}#main-key", "controller": "https://b.test/u/other", "publicKeyPem": "x"}`, want: "nothing: …it has no public key of its own"},
		{name: "a key with two slashes", actor: `"publicKey": {"id": "https://b.test//u/{name}#main-key", "owner": "{id}", "publicKeyPem": "x"}`},
		{name: "a key in a list", actor: `"publicKey": [{"id": "{id}#main-key", "owner": "{id}", "publicKeyPem": "x"}]`},
		{name: "a key with sec:", actor: `"publicKey": null, "sec:publicKey": {"id": "{id}#main-key", "sec:owner": {"id": "{id}"}, "publicKeyPem": "x"}`},
		{name: "an icon as a text", actor: `"icon": "https://b.test/a.png"`, want: plain + "\navatar: https://b.test/a.png"},
		{name: "icons", actor: `"icon": [{"type": "Image", "url": "data:image/png;base64,AAAA"}, {"type": "Image", "url": "https://b.test/a.png"}, "https://b.test/b.png"]`, want: plain + "\navatar: https://b.test/a.png"},
		{name: "an icon as a link", actor: `"icon": {"type": "Image", "url": [{"type": "Link", "href": "https://b.test/a.png"}]}, "image": [{"type": "Image", "href": "https://b.test/h.png"}]`, want: plain + "\navatar: https://b.test/a.png\nheader: https://b.test/h.png"},
		{name: "an icon that is none", actor: `"icon": {"type": "Image", "url": "javascript:alert(1)"}, "image": null`},
		{name: "discoverable as a text", actor: `"discoverable": "true"`, want: plain + "\ndiscoverable"},
		{name: "a bio as it was typed", actor: `"summary": "a\r\n\r\nb https://c.test"`, want: plain + "\nnote: <p>a</p><p>b <a href=\"https://c.test\"…c.test…</a></p>"},
		{name: "a bio in HTML", actor: `"summary": "a<br>\n<script>b</script>&amp;"`, want: plain + "\nnote: a<br />⏎&amp;"},
		{name: "a bio in Markdown", actor: `"summary": "*a*", "mediaType": "text/markdown"`, want: plain + "\nnote: <p><em>a</em></p>"},
		{name: "a bio in a map", actor: `"summaryMap": {"en": "a"}, "name": null, "nameMap": {"en": "Bob"}`, want: plain + "\nnote: a"},
		{name: "a name in a list", actor: `"name": ["Bob"]`},
		{name: "one field", actor: `"attachment": {"type": "schema:PropertyValue", "name": "a", "schema:value": "<b>b</b>"}`, want: plain + "\nfield: a = <b>b</b>"},
		{name: "other attachments", actor: `"attachment": [{"type": "IdentityProof", "name": "a", "value": "b"}, {"type": "PropertyValue", "name": "c", "value": "d"}, "x", null]`, want: plain + "\nfield: c = d"},
		{name: "pages", actor: `"url": [{"type": "Link", "href": "https://b.test/feed", "mediaType": "application/rss+xml"}, {"type": "Link", "href": "https://b.test/@bob", "mediaType": "text/html"}]`, want: plain + "\npage: https://b.test/@bob"},
		{name: "a byte order mark", actor: "\ufeff"},
		{name: "made in year 1", actor: `"published": "0001-01-01T00:00:00Z"`},
	} {
		t.Run(v.name, func(t *testing.T) {
			s.T, s.world.T = t, t
			name := fmt.Sprintf("bob%d", i)
			id := "https://b.test/u/" + name
			swap := strings.NewReplacer("{id}", id, "{name}", name)
			mark, own := "", swap.Replace(v.actor)
			if own == "\ufeff" {
				mark, own = own, ""
			}
			doc := members(map[string]string{
				"@context": `"https://www.w3.org/ns/activitystreams"`, "id": `"` + id + `"`, "type": `"Person"`, "preferredUsername": `"` + name + `"`, "name": `"Bob"`,
				"inbox": `"` + id + `/inbox"`, "publicKey": `{"id": "` + id + `#main-key", "owner": "` + id + `", "publicKeyPem": "x"}`,
			}, own)
			s.give(id, []byte(doc))
			s.documents[id] = append([]byte(mark), s.documents[id]...)
			want := v.want
			if want == "" {
				want = plain
			}
			f := fixture{want: swap.Replace(want)}
			if got := f.lookUp(s, id); !f.matches(got) {
				t.Errorf("%s\nalice sees\n%s\nand not\n%s", doc, got, f.want)
			}
		})
	}
	s.T, s.world.T = t, t
}
