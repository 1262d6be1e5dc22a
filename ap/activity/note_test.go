package activity_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// What a note of another server says, as a client here is given it.
func TestNotesOfOthers(t *testing.T) {
	t.Parallel()
	list := func(n int, item func(i int) object) (out []object) {
		for i := range n {
			out = append(out, item(i))
		}
		return out
	}
	picture := func(i int) object {
		return object{"type": "Document", "mediaType": "image/png", "url": fmt.Sprintf("https://b.test/%d.png", i), "name": "a bird", "width": 3, "height": 2}
	}
	for name, c := range map[string]struct {
		pairs []any
		want  map[string]string // regular expressions, by the entity's key
	}{
		"a content warning": {[]any{"summary", "birds & <b>bees</b>", "sensitive", false}, map[string]string{"spoiler_text": "birds & bees", "sensitive": "true"}},
		"sensitive":         {[]any{"sensitive", true}, map[string]string{"sensitive": "true", "spoiler_text": "^$"}},
		"HTML is cleaned":   {[]any{"content", `<p onclick="x()">a<script>b</script><a href="javascript:c">d</a></p>`}, map[string]string{"content": `^<p>a(<a[^>]*>)?d(</a>)?</p>$`}},
		"plain text":        {[]any{"content", "a <b> & c", "mediaType", "text/plain"}, map[string]string{"content": `a &lt;b&gt; &amp; c`}},
		"its page":          {[]any{"url", "https://b.test/@bob/1"}, map[string]string{"url": `^https://b.test/@bob/1$`}},
		"its pages": {[]any{"url", []object{{"type": "Link", "mediaType": "video/mp4", "href": "https://b.test/1.mp4"}, {"type": "Link", "mediaType": "text/html", "href": "https://b.test/1"}}},
			map[string]string{"url": `^https://b.test/1$`}},
		"a page of ours":       {[]any{"url", "https://a.test/@alice/1"}, map[string]string{"url": `^https://b.test/`}},
		"a page that is none":  {[]any{"url", "javascript:x"}, map[string]string{"url": `^https://b.test/`}},
		"a language":           {[]any{"content", nil, "contentMap", object{"de": "<p>hallo</p>"}}, map[string]string{"language": "^de$", "content": "hallo"}},
		"hashtags":             {[]any{"tag", []object{{"type": "Hashtag", "name": "#Birds"}, {"type": "Hashtag", "name": "no, tag"}, {"type": "Hashtag", "name": "#birds"}}}, map[string]string{"tags": `^\[map\[name:[Bb]irds [^\]]*\]\]$`}},
		"custom emoji":         {[]any{"content", ":wren:", "tag", []object{{"type": "Emoji", "name": ":wren:", "icon": object{"type": "Image", "url": "https://b.test/w.png"}}}}, map[string]string{"emojis": "shortcode:wren"}},
		"a picture":            {[]any{"attachment", []object{picture(1)}}, map[string]string{"media_attachments": `description:a bird.*remote_url:https://b.test/1.png.*type:image`}},
		"a film":               {[]any{"attachment", []object{{"type": "Document", "mediaType": "video/mp4", "url": "https://b.test/1.mp4"}}}, map[string]string{"media_attachments": `type:video`}},
		"a sound":              {[]any{"attachment", []object{{"type": "Audio", "url": "https://b.test/1.ogg", "mediaType": "audio/ogg"}}}, map[string]string{"media_attachments": `type:audio`}},
		"something attached":   {[]any{"attachment", []object{{"type": "Document", "mediaType": "application/zip", "url": "https://b.test/1.zip"}}}, map[string]string{"media_attachments": `type:unknown`}},
		"a page attached":      {[]any{"attachment", []object{{"type": "Document", "mediaType": "image/png", "url": "javascript:x"}}}, map[string]string{"media_attachments": `^\[\]$`}},
		"more than one shows":  {[]any{"attachment", list(60, picture)}, map[string]string{"media_attachments": `0.png`}},
		"an article":           {[]any{"type", "Article", "name", "On <i>birds</i>", "url", "https://b.test/birds"}, map[string]string{"content": `<strong>On birds</strong>.*hello.*https://b.test/birds`}},
		"a film with a title":  {[]any{"type", "Video", "name", "Birds"}, map[string]string{"content": `<strong>Birds</strong>`}},
		"a poll":               {[]any{"type", "Question", "oneOf", []object{{"type": "Note", "name": "yes"}, {"type": "Note", "name": "<b>no</b>"}}}, map[string]string{"content": `hello`}},
		"mentions of nobody":   {[]any{"tag", []object{{"type": "Mention", "href": "https://a.test/users/nobody", "name": "@nobody@a.test"}}}, map[string]string{"mentions": `^\[\]$`}},
		"no text at all":       {[]any{"content", nil}, map[string]string{"content": `^$`}},
		"a time that is wrong": {[]any{"published", "yesterday"}, map[string]string{"created_at": `^2026-`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			note := s.knows(s.bob.Note("hello", c.pairs...))
			st := s.alice.Status(note["id"].(string))
			if st == nil {
				t.Fatal("alice does not see it")
			}
			for key, want := range c.want {
				if got := strings.ReplaceAll(fmt.Sprint(st.Entity[key]), "\n", " "); !regexp.MustCompile(want).MatchString(got) {
					t.Errorf("%s is %q, not %s", key, got, want)
				}
			}
		})
	}
}

// A mention of somebody who is not known here is looked up, a few of them and
// no more; the post is there meanwhile.
func TestMentionsOfOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.world.Host("c.test").Down()
	carl := s.world.Stranger("carl@c.test")
	tag := func(who *apptest.Stranger) object { return object{"type": "Mention", "href": who.URI} }
	note := s.knows(s.bob.Note("hello", "tag", []object{tag(carl), tag(s.mallory), apptest.Mention(s.alice)}, "cc", []string{carl.URI, s.mallory.URI, s.alice.URI}))
	s.notified("mention @bob@b.test")
	if got := fmt.Sprint(s.alice.Status(note["id"].(string)).Entity["mentions"]); !strings.Contains(got, "mallory@evil.test") || !strings.Contains(got, "acct:alice") || strings.Contains(got, "carl") {
		t.Errorf("mentioned are %s", got)
	}
	many := []object{}
	for i := range 100 {
		many = append(many, object{"type": "Mention", "href": fmt.Sprintf("https://d.test/users/%d", i)})
	}
	s.world.Host("d.test")
	s.sends(202, s.bob, s.bob.Activity("Create", s.bob.Note("hello all", "tag", many)))
	if n := len(s.world.Host("d.test").Asked("GET", "")); n > 50 {
		t.Errorf("one note had us ask %d times", n)
	}
}
