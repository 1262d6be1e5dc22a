package vocab

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseRefuses(t *testing.T) {
	for name, doc := range map[string]string{
		"no JSON":                    `<note>`,
		"a list":                     `[]`,
		"more behind it":             `{} {}`,
		"10,000 deep":                strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"10,000 deep in a string":    `{"a":"\"` + strings.Repeat("[", 100) + `"` + strings.Repeat(",[", 100),
		"very many values":           `{"a":[` + strings.Repeat("1,", MaxValues) + `1]}`,
		"too large":                  `{"a":"` + strings.Repeat("x", MaxBytes) + `"}`,
		"a key twice":                `{"id":"a","id":"b"}`,
		"a key twice inside":         `{"object":{"id":"a","id":"b"}}`,
		"two actors":                 `{"actor":["https://a.test/","https://b.test/"]}`,
		"an id with a NUL":           `{"id":"https://a.test/\u0000"}`,
		"a recipient with a NUL":     `{"to":["https://a.test/","https://a.test/\u0000"]}`,
		"two ids":                    `{"id":["a","b"]}`,
		"a context that redefines":   `{"@context":["https://www.w3.org/ns/activitystreams",{"actor":"https://evil.test/actor"}]}`,
		"a context that swaps terms": `{"@context":{"attributedTo":{"@id":"as:actor"}}}`,
		"recipients without end":     `{"to":[` + strings.Repeat(`"a",`, MaxRecipients) + `"a"]}`,
	} {
		if _, err := Parse([]byte(doc)); err == nil {
			t.Errorf("%s is taken", name)
		} else if strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%s: the reason is %q", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := Parse([]byte(`{
		"@context": ["https://www.w3.org/ns/activitystreams", {"sensitive": "as:sensitive"}],
		"type": ["x:Toot", "Note"], "id": "https://a.test/1", "Actor": "https://evil.test/", "actor": ["https://a.test/u"],
		"attributedTo": [{"type": "Person", "id": "https://a.test/u"}, "https://a.test/v"],
		"to": "as:Public", "cc": [{"id": "https://a.test/followers"}], "content": "hi\u0000", "contentMap": {"de": "hi\u0000"},
		"published": "2026-01-02T03:04:05.678+01:00", "sensitive": "true", "url": [{"type": "Link", "href": "https://a.test/page", "mediaType": "text/html"}],
		"tag": {"type": "Mention", "href": "https://b.test/u", "name": "@u"},
		"attachment": [{"type": "Document", "mediaType": "image/png", "url": "https://a.test/p.png", "width": 3, "focalPoint": [0.5, -1]}],
		"object": {"type": "Note", "id": "https://a.test/2", "inReplyTo": {"id": "https://a.test/0"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if o.Type != "Note" || o.Actor.ID != "https://a.test/u" || len(o.AttributedTo) != 2 || o.AttributedTo[0].ID != "https://a.test/u" ||
		o.To[0] != Public || o.Cc[0] != "https://a.test/followers" || o.Content != "hi" || o.Language != "de" || !o.Sensitive ||
		!o.Published.Equal(time.Date(2026, 1, 2, 2, 4, 5, 678e6, time.UTC)) || o.URL[0].Href != "https://a.test/page" || o.Tag[0].Href != "https://b.test/u" ||
		o.Attachment[0].Width != 3 || o.Attachment[0].FocalPoint != [2]float64{0.5, -1} || o.Object.Object.InReplyTo.ID != "https://a.test/0" {
		t.Errorf("got %+v", o)
	}
}

// Everything that other implementations really send can be read; what they
// send has what its kind must have.
func TestFixtures(t *testing.T) {
	root := fixtures(t)
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var m map[string]any
		if json.Unmarshal(b, &m) != nil {
			return nil // lists and what is no JSON on purpose
		}
		name, _ := filepath.Rel(root, path)
		o, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		n++
		if id, ok := m["id"].(string); ok && o.ID != id {
			t.Errorf("%s: the id is %q", name, o.ID)
		}
		if typ, ok := m["type"].(string); ok && o.Type != typ {
			t.Errorf("%s: the type is %q", name, o.Type)
		}
		if IsActorType(o.Type) && m["inbox"] != nil && (o.Inbox == "" || o.PreferredUsername == "") {
			t.Errorf("%s: an actor with inbox %q and name %q", name, o.Inbox, o.PreferredUsername)
		}
		if actor, ok := m["actor"].(string); ok && o.Actor.ID != actor {
			t.Errorf("%s: the actor is %q", name, o.Actor.ID)
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d read, %v", n, err)
	}
}

func fixtures(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		root := filepath.Join(dir, "shared", "fixtures", "payloads")
		if _, err := os.Stat(root); err == nil {
			return root
		}
	}
	t.Skip("no shared/fixtures/payloads above here")
	return ""
}

func TestURIs(t *testing.T) {
	for in, want := range map[string]string{
		"https://A.Test/X": "https://a.test/X", "HTTPS://a.test:443/": "https://a.test/", "http://a.test:80/x?Y#z": "http://a.test/x?Y#z",
		"https://a.test./x": "https://a.test/x", "https://bücher.test/": "https://xn--bcher-kva.test/", "https://a.test:8443/": "https://a.test:8443/",
		"https://[::1]/x": "https://[::1]/x", "https://u@a.test/": "", "ftp://a.test/": "", "https:///x": "", "//a.test/": "", "a.test": "",
		"https://a.test/\x01": "", "https://a. test/": "", "https:\\\\a.test": "", "javascript:alert(1)": "", "https://a%2etest/": "",
	} {
		if got, err := Canonical(in); got != want {
			t.Errorf("Canonical(%q) = %q, %v", in, got, err)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://a.test/1", "https://A.TEST:443/2", true}, {"https://a.test/", "http://a.test/", false},
		{"https://a.test/", "https://a.test.evil.test/", false}, {"https://a.test/", "https://a.test:8443/", false}, {"", "", false},
	} {
		if SameOrigin(c.a, c.b) != c.same {
			t.Errorf("SameOrigin(%s, %s) is not %v", c.a, c.b, c.same)
		}
	}
}

func TestNegotiation(t *testing.T) {
	for accept, want := range map[string]bool{
		"application/activity+json": true, Accept: true, "application/ld+json, text/html;q=0.5": true, "application/json": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false, "*/*": false, "": false,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`: true, "application/ld+json;profile=https://www.w3.org/ns/activitystreams": true,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams, x", text/html;q=0.1`: true, "Application/Activity+JSON;q=0.9, */*;q=0.1": true,
		"application/ld+json": true, "text/html;q=0.2, application/ld+json;q=0.3, */*": true, "application/activity+json; q=x": true, ";;;, application/activity+json": true,
		"application/*": false, "image/avif,image/webp,*/*": false, "application/xml": false,
		"text/html, application/activity+json": true, "text/html, application/activity+json;q=0.9": false, "application/activity+json;q=0": false,
	} {
		if WantsActivityPub(accept) != want {
			t.Errorf("Accept %q: not %v", accept, want)
		}
	}
	for ct, want := range map[string]bool{
		"application/activity+json": true, "application/activity+json; charset=utf-8": true, `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`: true,
		"application/ld+json": false, "application/json": false, "text/html": false, "": false, "application/ld+json; profile=x": false,
	} {
		if IsActivityPubContentType(ct) != want {
			t.Errorf("Content-Type %q: not %v", ct, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"Create","actor":"https://a.test/","object":{"type":"Note","content":"x","tag":[{"type":"Mention"}]}}`))
	for _, doc := range ownPayloads(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(o.Raw)
		if err != nil || again.ID != o.ID || again.Type != o.Type || again.Actor.ID != o.Actor.ID || again.Object.ID != o.Object.ID {
			t.Fatalf("read again it is another: %v", err)
		}
	})
}

// ownPayloads are the documents that ../interop tests.
func ownPayloads(f *testing.F) (list [][]byte) {
	names, err := filepath.Glob("../interop/testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no payloads", err)
	}
	for _, name := range names {
		doc, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, doc)
	}
	return list
}

func FuzzCanonical(f *testing.F) {
	f.Add("HTTPS://A.test.:443/x")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Canonical(s)
		if err != nil {
			return
		}
		if again, err := Canonical(c); err != nil || again != c || !SameOrigin(s, c) {
			t.Fatalf("%q, %q, %q, %v", s, c, again, err)
		}
	})
}

// A number that is too large for a float is none: it could not be written as
// JSON again, and would spoil every page that shows it.
func TestInfiniteNumbers(t *testing.T) {
	o, err := Parse([]byte(`{"id":"https://a.test/1","type":"Note","attachment":[{"type":"Image","url":"https://a.test/1.png","width":1e999,"height":-1e999,"focalPoint":[1e999,-1e999]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if a := o.Attachment[0]; a.Width != 0 || a.Height != 0 || a.FocalPoint != [2]float64{} {
		t.Errorf("%+v", a)
	}
}
