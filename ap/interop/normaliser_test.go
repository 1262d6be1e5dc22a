package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// variation is a note of bob's in one of the forms in which others write it.
type variation struct {
	name string
	// note are members in place of the plain note's, as they are sent; null
	// takes one out. {id} is the note's.
	note string
	// activity are members of its Create, likewise; to and cc stand there too
	// unless they are given.
	activity string
	// raw changes the whole document's bytes.
	raw func(doc string) string
	// inbox is "alice" for her own inbox.
	inbox string
	want  string // as of a fixture
}

const public = `"https://www.w3.org/ns/activitystreams#Public"`

// TestNormaliser: the forms of each property that other implementations send
// are read as one (INTEROP.md, section 1). Most of them lead to the same note.
func TestNormaliser(t *testing.T) {
	s := newScene(t)
	bob := s.actor("https://b.test/users/bob")
	s.actor("https://c.test/users/carol")
	s.actor("https://b.test/c/group")
	s.follow(bob.URI, false)
	s.post = s.alice.Post("hello")
	plain := "Note by @bob@b.test, public, at home\ntext: hi\nat: 2026-01-02T03:04:05.000Z"
	for i, v := range slices.Concat(referenceVariations(), textVariations(), addressingVariations(), jsonVariations()) {
		t.Run(v.name, func(t *testing.T) {
			s.T, s.world.T = t, t
			id := fmt.Sprintf("https://b.test/notes/%d", i)
			doc := s.times(v.document(id))
			inbox := s.here.Config.SharedInboxURI()
			if v.inbox == "alice" {
				inbox = s.alice.URI + "/inbox"
			}
			logged, notified := len(s.here.Log()), len(s.alice.Notifications())
			answer := s.send(bob, inbox, []byte(strings.NewReplacer("{alice}", s.alice.URI, "{post}", s.post.URI).Replace(doc)))
			var lines []string
			if answer != http.StatusAccepted {
				lines = append(lines, fmt.Sprintf("answer: %d", answer))
			}
			for _, r := range s.reasons(logged) {
				if !strings.Contains(r, "answers 404") { // parents, which nobody serves
					lines = append(lines, "reason: "+r)
				}
			}
			if st := s.alice.Status(id); st != nil {
				lines = append(lines, s.statusLines(st)...)
			}
			for _, n := range s.alice.Notifications()[:len(s.alice.Notifications())-notified] {
				lines = append(lines, "notification: "+n)
			}
			want := s.times(v.want)
			if want == "" {
				want = plain
			}
			if got := strings.Join(lines, "\n"); !(fixture{want: want}).matches(got) {
				t.Errorf("%s\nalice sees\n%s\nand not\n%s", doc, got, want)
			}
		})
	}
	s.T, s.world.T = t, t
}

// document is the Create with the variation, as it is sent.
func (v variation) document(id string) string {
	note := members(map[string]string{
		"id": `"` + id + `"`, "type": `"Note"`, "attributedTo": `"https://b.test/users/bob"`, "to": public,
		"content": `"hi"`, "published": `"2026-01-02T03:04:05Z"`,
	}, strings.ReplaceAll(v.note, "{id}", id))
	activity := members(map[string]string{
		"@context": `"https://www.w3.org/ns/activitystreams"`, "id": `"` + id + `/create"`, "type": `"Create"`, "actor": `"https://b.test/users/bob"`, "to": public,
	}, v.activity)
	doc := strings.TrimSuffix(activity, "}") + `,"object":` + note + "}"
	if v.raw != nil {
		doc = v.raw(doc)
	}
	return doc
}

// members is an object with other members in place of some.
func members(base map[string]string, other string) string {
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+other+"}"), &given); err != nil {
		panic(other + ": " + err.Error())
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(base)) {
		if _, ok := given[k]; !ok {
			list = append(list, fmt.Sprintf("%q:%s", k, base[k]))
		}
	}
	if other != "" {
		list = append(list, other)
	}
	return "{" + strings.Join(list, ",") + "}"
}

const begins = "Note by @bob@b.test, public, at home\ntext: hi\n"

func referenceVariations() []variation {
	return []variation{
		{name: "plain"},
		{name: "@id and @type", note: `"id": null, "type": null, "@id": "{id}", "@type": "Note"`},
		{name: "id and @id that agree", note: `"@id": "{id}"`},
		{name: "id and @id that differ", note: `"@id": "https://b.test/other"`, want: "answer: 400\nreason: duplicate key \"id\" in one object, as \"@id\""},
		{name: "types, one of them known", note: `"type": ["https://example.org/ns#Toot", "Note"]`},
		{name: "a type with a prefix", note: `"type": "as:Note"`},
		{name: "a type by its IRI", note: `"type": ["https://www.w3.org/ns/activitystreams#Note"]`},
		{name: "terms with a prefix", note: `"content": null, "as:content": "hi"`},
		{name: "@graph", note: `"@graph": [{"id": "https://c.test/1"}]`, want: "answer: 400\nreason: the document is restructured by @graph"},
		{name: "@reverse", note: `"@reverse": {}`, want: "answer: 400\nreason: …@reverse"},
		{name: "@included", activity: `"@included": []`, want: "answer: 400\nreason: …@included"},
		{name: "an actor as object", activity: `"actor": {"type": "Person", "id": "https://b.test/users/bob", "name": "Bob"}`},
		{name: "an actor in a list", activity: `"actor": [{"type": "Person", "id": "https://b.test/users/bob"}]`},
		{name: "an author in a list", note: `"attributedTo": ["https://b.test/users/bob"]`},
		{name: "an author embedded", note: `"attributedTo": {"type": "Person", "id": "https://b.test/users/bob", "inbox": "https://evil.test/"}`},
		{name: "an author and the channel", note: `"attributedTo": [{"type": "Group", "id": "https://b.test/c/group"}, {"type": "Person", "id": "https://b.test/users/bob"}]`},
		{name: "an actor in place of the author", note: `"attributedTo": null, "actor": "https://b.test/users/bob"`},
		{name: "nobody's", note: `"attributedTo": null`, want: "answer: 403\nreason: the object has no author"},
		{name: "another's actor in place of the author", note: `"attributedTo": null, "actor": "https://b.test/users/eve"`, want: "answer: 403\nreason: the author of the object …"},
		{name: "without an id", note: `"id": null`, want: "answer: 403\nreason: the object has no id"},
		{name: "in reply to a list", note: `"inReplyTo": ["{post}", "https://c.test/2"]`, want: begins + "reply to: https://a.test/objects/…\nat: …"},
		{name: "in reply to an object", note: `"inReplyTo": {"type": "Note", "id": "https://c.test/1", "content": "forged"}`, want: "Note by @bob@b.test, public\ntext: hi\nreply to: https://c.test/1\nat: …"},
		{name: "in reply to nothing", note: `"inReplyTo": []`},

		{name: "one tag", note: `"tag": {"type": "Hashtag", "name": "#one"}`, want: begins + "tags: one\nat: …"},
		{name: "no tag", note: `"tag": null`},
		{name: "tags that are double, hold spaces or have no #", note: `"tag": [{"type": "Hashtag", "name": "#Cat"}, {"type": "Hashtag", "name": " cat "}, {"type": "Hashtag", "name": "science fiction"}, {"type": "Hashtag", "name": "##two"}, {"type": "Hashtag", "name": "a-b"}, {"type": "Hashtag"}]`,
			want: begins + "tags: cat, sciencefiction, two\nat: …"},
		{name: "an emoji without an id", note: `"content": ":blob: hi", "tag": [{"type": "Emoji", "id": null, "name": ":blob:", "icon": {"type": "Image", "url": "https://b.test/blob.png"}}]`,
			want: "Note by @bob@b.test, public, at home\ntext: :blob: hi\nemojis: blob\nat: …"},
		{name: "an emoji's name without colons", note: `"tag": {"type": "toot:Emoji", "name": "blob", "icon": "https://b.test/blob.png"}`, want: begins + "emojis: blob\nat: …"},
		{name: "a mention by name", note: `"tag": {"type": "Mention", "href": "{alice}", "name": "@alice"}`, want: begins + "mentions: alice\nat: …\nnotification: mention @bob@b.test"},
		{name: "a mention by URL", note: `"tag": [{"type": "Mention", "href": "{alice}", "name": "{alice}"}]`, want: begins + "mentions: alice\nat: …\nnotification: mention @bob@b.test"},
		{name: "a mention of a page", note: `"tag": [{"type": "Mention", "href": "https://a.test/@alice"}]`, want: begins + "mentions: alice\nat: …\nnotification: mention @bob@b.test"},
		{name: "a mention by handle alone", note: `"tag": [{"type": "Mention", "name": "@alice@a.test"}]`, want: begins + "mentions: alice\nat: …\nnotification: mention @bob@b.test"},
		{name: "a mention twice", note: `"tag": [{"type": "Mention", "href": "{alice}"}, {"type": "Mention", "href": "{alice}", "name": "@alice@a.test"}]`, want: begins + "mentions: alice\nat: …\nnotification: mention @bob@b.test"},

		{name: "one attachment", note: `"attachment": {"type": "Document", "mediaType": "image/png", "url": "https://b.test/p.png", "name": "alt"}`, want: begins + "image: https://b.test/p.png (alt)\nat: …"},
		{name: "an attachment's url as a link", note: `"attachment": [{"type": "Image", "url": {"type": "Link", "href": "https://b.test/p.png", "mediaType": "image/png"}, "summary": "alt"}]`, want: begins + "image: https://b.test/p.png (alt)\nat: …"},
		{name: "an attachment's urls", note: `"attachment": [{"type": "Video", "url": [{"type": "Link", "href": "https://b.test/v.mp4", "mimeType": "video/mp4"}]}]`, want: begins + "video: https://b.test/v.mp4\nat: …"},
		{name: "an attachment with WordPress's escapes, and sizes as strings", note: `"attachment": [{"type": "Image", "url": "https://b.test/p.png?a=1&#038;b=2", "width": "600", "height": "-1"}]`, want: begins + "image: https://b.test/p.png?a=1&b=2\nat: …"},
		{name: "a page as a link", note: `"url": {"type": "Link", "href": "https://b.test/@bob/1", "mimeType": "text/html"}`, want: begins + "page: https://b.test/@bob/1\nat: …"},
		{name: "pages, and what is none", note: `"url": ["javascript:alert(1)", {"type": "Link", "href": "https://b.test/v.mp4", "mediaType": "video/mp4"}, {"type": "Link", "href": "https://www.b.test/1", "mediaType": "text/html"}]`, want: begins + "page: https://www.b.test/1\nat: …"},
		{name: "a page of ours", note: `"url": "https://a.test/@alice"`},
	}
}

func textVariations() []variation {
	text := func(s string) string {
		return strings.TrimSpace("Note by @bob@b.test, public, at home\ntext: "+s) + "\nat: …"
	}
	in := func(language string) string {
		return "Note by @bob@b.test, public, " + language + ", at home\ntext: hi\nat: …"
	}
	return []variation{
		{name: "content with its language", note: `"contentMap": {"de": "hi"}`, want: in("de")},
		{name: "a map alone", note: `"content": null, "contentMap": {"fr": "hi", "nl": "hoi"}`, want: in("fr")},
		{name: "a map in which the text is one of several", note: `"contentMap": {"en": "hello", "nl": "hi"}`, want: in("nl")},
		{name: "a map with one other text", note: `"contentMap": {"de": "<bdi>hi</bdi>"}`, want: in("de")},
		{name: "a map with several other texts", note: `"contentMap": {"de": "x", "en": "y"}`},
		{name: "a map whose language is none", note: `"contentMap": {"not a language": "hi"}`},
		{name: "a map with und", note: `"contentMap": {"und": "hi"}`},
		{name: "content as a value", note: `"content": {"@value": "hi", "@language": "en-GB"}`, want: in("en-GB")},
		{name: "content as a list", note: `"content": ["hi"]`},
		{name: "content as a list of values", note: `"content": [{"@value": "hi", "@language": "en"}, {"@value": "hallo", "@language": "de"}]`, want: in("en")},
		{name: "content that is a number", note: `"content": 5`, want: text("")},
		{name: "language as an object", note: `"language": {"identifier": "fr", "name": "Français"}`, want: in("fr")},
		{name: "language as a text", note: `"language": "fr"`, want: in("fr")},
		{name: "Mobilizon's language", note: `"inLanguage": "fr"`, want: in("fr")},
		{name: "Lemmy's unknown language", note: `"language": {"identifier": "und", "name": "Undetermined"}`},
		{name: "the context's language", activity: `"@context": ["https://www.w3.org/ns/activitystreams", {"@language": "nl"}]`, note: `"language": []`},
		{name: "a warning in HTML", note: `"summary": "<p>a &amp; <b>b</b></p>"`, want: "Note by @bob@b.test, public, at home\nwarning: a & b\ntext: hi\nat: …"},
		{name: "a warning in a map", note: `"summaryMap": {"en": "cw"}`, want: "Note by @bob@b.test, public, at home\nwarning: cw\ntext: hi\nat: …"},
		{name: "a warning that is empty", note: `"summary": ""`},
		{name: "sensitive as a text", note: `"sensitive": "true"`, want: "Note by @bob@b.test, public, at home\nsensitive\ntext: hi\nat: …"},

		{name: "Markdown", note: `"mediaType": "text/markdown", "content": "**a** <script>b</script>\n\n- c"`, want: text("<p><strong>a</strong> </p><ul><li>c</li></ul>")},
		{name: "MFM", note: `"mediaType": "text/x.misskeymarkdown", "content": "$[x2 a] **b**"`, want: text("<p>a <strong>b</strong></p>")},
		{name: "BBCode", note: `"mediaType": "text/bbcode", "content": "[b]a[/b] <b>"`, want: text("<b>a</b> &lt;b&gt;")},
		{name: "plain text", note: `"mediaType": "text/plain", "content": "a <b>\nc"`, want: text("<p>a &lt;b&gt;<br />c</p>")},
		{name: "HTML by name", note: `"mediaType": "text/html; charset=utf-8", "content": "<b>a</b><iframe src=x></iframe>"`, want: text("<b>a</b>")},
		{name: "a source is no content", note: `"source": {"content": "**x**", "mediaType": "text/markdown"}`},
		{name: "a source as a text", note: `"source": "x"`},

		{name: "no time", note: `"published": null`, want: begins + "at: {now}"},
		{name: "year 0", note: `"published": "0000-00-00T00:00:00Z"`, want: begins + "at: {now}"},
		{name: "year 1", note: `"published": "0001-01-01T00:00:00Z"`, want: begins + "at: {now}"},
		{name: "year 9999", note: `"published": "9999-12-31T23:59:59Z"`, want: begins + "at: {now}"},
		{name: "year 10000", note: `"published": "+10000-01-01T00:00:00Z"`, want: begins + "at: {now}"},
		{name: "no zone", note: `"published": "2026-01-02T03:04:05"`},
		{name: "a zone without a colon", note: `"published": "2026-01-02T04:04:05.000+0100"`},
		{name: "a time that is none", note: `"published": "yesterday"`, want: begins + "at: {now}"},
		{name: "a little ahead", note: `"published": "{soon}"`, want: begins + "at: {soon}"},
		{name: "edited in the future", note: `"updated": "2999-01-01T00:00:00Z"`, want: begins + "at: …\nedited: {now}"},
	}
}

func addressingVariations() []variation {
	seen := func(visibility string) string {
		return "Note by @bob@b.test, " + visibility + ", at home\ntext: hi\nat: …"
	}
	message := "Note by @bob@b.test, direct, at home\ntext: hi\nmentions: alice\nat: …\nnotification: mention @bob@b.test"
	// Whom only bcc, or the inbox, says it is for is told, and nobody is told of them.
	hidden := "Note by @bob@b.test, direct, at home\ntext: hi\nat: …\nnotification: mention @bob@b.test"
	const followers = `"https://b.test/users/bob/followers"`
	return []variation{
		{name: "public with a prefix", note: `"to": "as:Public"`, activity: `"to": ["as:Public"]`},
		{name: "public by its short name", note: `"to": ["Public"]`, activity: `"to": null`},
		{name: "public as an object", note: `"to": [{"id": ` + public + `}]`},
		{name: "unlisted", note: `"to": ` + followers + `, "cc": [` + public + `]`, want: seen("unlisted")},
		{name: "for followers", note: `"to": [` + followers + `], "cc": []`, activity: `"to": [` + followers + `]`, want: seen("private")},
		{name: "of the activity alone", note: `"to": null`},
		{name: "to of the object, cc of the activity", note: `"to": [` + followers + `]`, activity: `"to": [` + followers + `], "cc": [` + public + `]`, want: seen("unlisted")},
		{name: "the object is addressed more narrowly", note: `"to": [` + followers + `], "cc": []`, activity: `"to": [` + followers + `], "cc": [` + public + `]`, want: seen("private")},
		{name: "bto", note: `"to": [], "bto": [` + public + `]`},
		{name: "bcc", note: `"to": [], "cc": [], "bcc": [` + public + `]`, activity: `"to": null`, want: seen("unlisted")},
		{name: "audience", note: `"to": [], "audience": ` + public, activity: `"to": null`, want: seen("unlisted")},
		{name: "a community as audience", note: `"audience": "https://b.test/c/group"`},

		{name: "a direct message without a mention", note: `"to": ["{alice}"]`, activity: `"to": ["{alice}"]`, want: message},
		{name: "a direct message in copy", note: `"to": [], "cc": ["{alice}"]`, activity: `"to": null, "cc": ["{alice}"]`, want: message},
		{name: "a blind copy", note: `"to": ["https://c.test/users/carol"], "cc": [], "bcc": ["{alice}"]`, activity: `"to": null`, want: hidden},
		{name: "a direct message with a mention", note: `"to": "{alice}", "tag": {"type": "Mention", "href": "{alice}"}`, activity: `"to": "{alice}"`, want: message},
		{name: "to nobody, in the shared inbox", note: `"to": null`, activity: `"to": null`, want: "answer: 403\nreason: the object https://b.test/notes/… is addressed to nobody"},
		{name: "to nobody, in her own inbox", note: `"to": null`, activity: `"to": null`, inbox: "alice", want: hidden},
		{name: "to somebody else, in her own inbox", note: `"to": ["https://c.test/users/carol"]`, activity: `"to": ["https://c.test/users/carol"]`, inbox: "alice", want: hidden},
		{name: "to all, in her own inbox", inbox: "alice"},
	}
}

func jsonVariations() []variation {
	return []variation{
		{name: "a byte order mark", raw: func(s string) string { return "\ufeff" + s }},
		{name: "spaces", raw: func(s string) string { return "\r\n\t" + s + " \n" }},
		{name: "a duplicate key that decides nothing", note: `"content": "ho", "content": "hi"`},
		{name: "a duplicate id", raw: func(s string) string { return strings.Replace(s, `"id":`, `"id":"https://b.test/x","id":`, 1) }, want: "answer: 400\nreason: duplicate key \"id\" in one object"},
		{name: "a duplicate actor", raw: func(s string) string {
			return strings.Replace(s, `"actor":`, `"actor":"https://c.test/users/carol","actor":`, 1)
		}, want: "answer: 400\nreason: duplicate key \"actor\" in one object"},
		{name: "a NUL in a text", note: `"content": "h\u0000i"`},
		{name: "a NUL in an id", raw: func(s string) string { return strings.Replace(s, `/create"`, `/create\u0000"`, 1) }, want: "answer: 400\nreason: an id, type or name contains a NUL"},
		{name: "a NUL in an @id", note: `"id": null, "@id": "{id}\u0000"`, want: "answer: 400\nreason: an id, type or name contains a NUL"},
		{name: "a lone surrogate", note: `"content": "hi\ud800"`, want: "Note by @bob@b.test, public, at home\ntext: hi\ufffd\nat: …"},
		{name: "bytes that are no UTF-8", raw: func(s string) string { return strings.Replace(s, `"hi"`, "\"hi\xff\"", 1) }, want: "Note by @bob@b.test, public, at home\ntext: hi\ufffd\nat: …"},
		{name: "too deep", note: `"x": ` + strings.Repeat("[", 64) + strings.Repeat("]", 64), want: "answer: 400\nreason: the document is nested deeper than 32"},
		{name: "no context", activity: `"@context": null`},
		{name: "a context of who knows where", activity: `"@context": ["https://www.w3.org/ns/activitystreams", "https://nowhere.example/context.jsonld", {"toot": "http://joinmastodon.org/ns#"}]`},
		{name: "a context that redefines the actor", activity: `"@context": [{"actor": "https://evil.test/actor"}]`, want: "answer: 400\nreason: the @context redefines the term \"actor\""},
		{name: "counts that are texts, negative or missing", note: `"type": "Question", "oneOf": [{"type": "Note", "name": "a", "replies": {"type": "Collection", "totalItems": "3"}}, {"name": "b", "replies": {"totalItems": -4}}, {"name": "c"}]`,
			want: "Question by @bob@b.test, public, at home\ntext: hi\npoll: a 3, b 0, c 0\nat: …"},
	}
}

// times puts the world's time into an expectation.
func (s *scene) times(text string) string {
	now := s.world.Now().UTC()
	const form = "2006-01-02T15:04:05.000Z"
	return strings.NewReplacer("{now}", now.Format(form), "{soon}", now.Add(5*time.Minute).Truncate(time.Second).Format(form)).Replace(text)
}
