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
		"a page of ours":                    {[]any{"url", "https://a.test/@alice/1"}, map[string]string{"url": `^https://b.test/`}},
		"a page that is none":               {[]any{"url", "javascript:x"}, map[string]string{"url": `^https://b.test/`}},
		"a language":                        {[]any{"content", nil, "contentMap", object{"de": "<p>hallo</p>"}}, map[string]string{"language": "^de$", "content": "hallo"}},
		"hashtags":                          {[]any{"tag", []object{{"type": "Hashtag", "name": "#Birds"}, {"type": "Hashtag", "name": "no, tag"}, {"type": "Hashtag", "name": "#birds"}}}, map[string]string{"tags": `^\[map\[name:[Bb]irds [^\]]*\]\]$`}},
		"custom emoji":                      {[]any{"content", ":wren:", "tag", []object{{"type": "Emoji", "name": ":wren:", "icon": object{"type": "Image", "url": "https://b.test/w.png"}}}}, map[string]string{"emojis": "shortcode:wren"}},
		"a picture":                         {[]any{"attachment", []object{picture(1)}}, map[string]string{"media_attachments": `description:a bird.*remote_url:https://b.test/1.png.*type:image`}},
		"a film":                            {[]any{"attachment", []object{{"type": "Document", "mediaType": "video/mp4", "url": "https://b.test/1.mp4"}}}, map[string]string{"media_attachments": `type:video`}},
		"a sound":                           {[]any{"attachment", []object{{"type": "Audio", "url": "https://b.test/1.ogg", "mediaType": "audio/ogg"}}}, map[string]string{"media_attachments": `type:audio`}},
		"something attached":                {[]any{"attachment", []object{{"type": "Document", "mediaType": "application/zip", "url": "https://b.test/1.zip"}}}, map[string]string{"media_attachments": `type:unknown`}},
		"a page attached":                   {[]any{"attachment", []object{{"type": "Document", "mediaType": "image/png", "url": "javascript:x"}}}, map[string]string{"media_attachments": `^\[\]$`}},
		"more than one shows":               {[]any{"attachment", list(60, picture)}, map[string]string{"media_attachments": `0.png`}},
		"an article":                        {[]any{"type", "Article", "name", "On <i>birds</i>", "url", "https://b.test/birds"}, map[string]string{"content": `<strong>On birds</strong>.*hello.*https://b.test/birds`}},
		"its excerpt":                       {[]any{"type", "Article", "name", "On birds", "summary", "They sing."}, map[string]string{"content": `On birds.*They sing\..*hello`, "spoiler_text": "^$", "sensitive": "false"}},
		"its excerpt, of a long one":        {[]any{"type", "Article", "content", "<p>" + strings.Repeat("Birds sing. ", 500) + "</p>", "summary", "<p>They sing.</p>", "url", "https://b.test/birds"}, map[string]string{"content": `^<p>They sing\.</p><p><a href="https://b.test/birds".*</p>$`, "spoiler_text": "^$"}},
		"its excerpt, which it begins with": {[]any{"type", "Article", "content", "<p>Birds sing, and <b>fly</b> too.</p>", "summary", "Birds sing, and fly…"}, map[string]string{"content": `^<p>Birds sing, and <b>fly</b> too.</p><p><a`}},
		"the preview of an article":         {[]any{"type", "Article", "content", "<p>" + strings.Repeat("Birds sing. ", 500) + "</p>", "preview", object{"type": "Note", "content": "<p>They sing.</p>"}}, map[string]string{"content": `^<p>They sing\.</p><p><a`}},
		"a warning on a video":              {[]any{"type", "Video", "name", "Birds", "summary", "cats too", "sensitive", true}, map[string]string{"spoiler_text": "^cats too$", "sensitive": "true"}},
		"files of a video": {[]any{"type", "Video", "name", "Birds", "icon", []object{{"type": "Image", "url": "https://b.test/small.jpg", "width": 280}, {"type": "Image", "url": "https://b.test/large.jpg", "width": 850}}, "url", []object{
			{"type": "Link", "mediaType": "text/html", "href": "https://b.test/w/1"}, {"type": "Link", "mediaType": "video/mp4", "href": "https://b.test/1080.mp4", "height": 1080},
			{"type": "Link", "mediaType": "application/x-bittorrent", "href": "https://b.test/480.torrent", "height": 480}, {"type": "Link", "mediaType": "video/mp4", "href": "https://b.test/480.mp4", "height": 480},
			{"type": "Link", "mediaType": "video/mp4", "href": "https://b.test/720.mp4", "height": 720}}},
			map[string]string{"media_attachments": `^\[map\[[^¶]*preview_url:https://b.test/large.jpg remote_url:https://b.test/720.mp4 type:video url:https://b.test/720.mp4\]\]$`, "url": `^https://b.test/w/1$`}},
		"files of a playlist": {[]any{"type", "Video", "url", []object{{"type": "Link", "mimeType": "text/html", "href": "https://b.test/w/1"}, {"type": "Link", "mediaType": "application/x-mpegURL", "href": "https://b.test/1.m3u8", "tag": []object{
			{"type": "Infohash", "name": "x"}, {"type": "Link", "mediaType": "video/mp4", "href": "https://b.test/f.mp4", "height": 360}}}}},
			map[string]string{"media_attachments": `url:https://b.test/f.mp4\]\]$`}},
		"a video for its page only": {[]any{"type", "Video", "icon", "https://b.test/i.jpg", "url", "https://b.test/w/1"}, map[string]string{"media_attachments": `type:image url:https://b.test/i.jpg`}},
		"a sound by itself":         {[]any{"type", "Audio", "name", "Song", "url", object{"type": "Link", "mediaType": "audio/ogg", "href": "https://b.test/1.ogg"}, "icon", object{"type": "Image", "url": "https://b.test/c.png"}}, map[string]string{"media_attachments": `preview_url:https://b.test/c.png remote_url:https://b.test/1.ogg type:audio`, "url": `^https://b.test/users/bob/notes/`}},
		"a picture by itself":       {[]any{"type", "Image", "name", "A wren", "url", "https://b.test/1.jpeg"}, map[string]string{"media_attachments": `description:A wren.*type:image`}},
		"a link of Lemmy's":         {[]any{"type", "Page", "name", "News", "attachment", []object{{"type": "Link", "href": "https://c.test/news"}}}, map[string]string{"content": `News.*hello.*href="https://c.test/news"[^¶]*c\.test/news</span><span class="invisible"></span></a></p>$`, "media_attachments": `^\[\]$`, "url": `^https://b.test/users/bob/notes/`}},
		"a link that is the url":    {[]any{"type", "Page", "name", "News", "url", "https://c.test/news"}, map[string]string{"content": `href="https://c.test/news"`, "url": `^https://b.test/users/bob/notes/`}},
		"a picture of Lemmy's":      {[]any{"type", "Page", "name", "News", "attachment", []object{{"type": "Link", "href": "https://b.test/1.png"}}}, map[string]string{"media_attachments": `type:image url:https://b.test/1.png`}},
		"one attachment":            {[]any{"attachment", object{"type": "Image", "url": []object{{"type": "Link", "href": "https://b.test/1.webp", "mediaType": "image/webp", "width": 4, "height": 2}}, "summary": "a wren"}}, map[string]string{"media_attachments": `description:a wren.*aspect:2.*type:image url:https://b.test/1.webp`}},
		"a type that is not said":   {[]any{"attachment", []object{{"type": "Document", "url": "https://b.test/1.MP3?x=1"}}}, map[string]string{"media_attachments": `type:audio`}},
		"a broken blurhash":         {[]any{"attachment", []object{{"type": "Image", "url": "https://b.test/1.png", "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj"}, {"type": "Image", "url": "https://b.test/2.png", "blurhash": "LEHV"}}}, map[string]string{"media_attachments": `blurhash:LEHV6nWB2yk8pyo0adR\*.7kCMdnj.*blurhash:<nil>`}},
		"a focus beyond the edge":   {[]any{"attachment", []object{{"type": "Image", "url": "https://b.test/1.png", "focalPoint": []float64{-7, 0.5}}}}, map[string]string{"media_attachments": `focus:map\[x:-1 y:0.5\]`}},
		"more than sixteen":         {[]any{"attachment", list(20, picture)}, map[string]string{"media_attachments": `15.png`, "content": `hello.*a bird<br />.*https://b.test/16.png.*https://b.test/19.png`}},
		"a date and a place": {[]any{"type", "Event", "name", "Party", "startTime", "2026-05-01T19:00:00+02:00", "endTime", "2026-05-01T21:00:00+02:00", "location", object{"type": "Place", "name": "The <b>Barn</b>", "address": object{"streetAddress": "Lane 1", "postalCode": "123", "addressLocality": "Town", "addressCountry": nil}}},
			map[string]string{"content": `^<p><strong>Party</strong></p><p>When: 2026-05-01 19:00 – 21:00 \+02:00<br />Where: The Barn, Lane 1, 123 Town</p><p>hello</p>`}},
		"days and a meeting online": {[]any{"type", "Event", "startTime", "2026-05-01T19:00:00Z", "endTime", "2026-05-03T12:00:00Z", "location", []any{"Somewhere", object{"type": "VirtualLocation", "url": "https://c.test/meet"}}, "ical:status", "CANCELLED"},
			map[string]string{"content": `When: 2026-05-01 19:00 – 2026-05-03 12:00 UTC \(cancelled\)<br />Where: Somewhere; <a href="https://c.test/meet"`}},
		"a review":             {[]any{"type", "Review", "name", "Good", "rating", 3.5, "inReplyToBook", "https://b.test/book/1", "summary", "ends badly"}, map[string]string{"content": `Good.*★★★½ \(3.5/5\).*hello.*https://b.test/book/1`, "spoiler_text": "ends badly"}},
		"a quotation":          {[]any{"type", "Quotation", "quote", "<p>Call me <script>x</script>Ishmael.</p>"}, map[string]string{"content": `^<blockquote><p>Call me Ishmael.</p></blockquote><p>hello</p>$`, "quote": `^<nil>$`}},
		"a cover":              {[]any{"type", "Comment", "attachment", []object{{"type": "Document", "url": "https://b.test/cover", "name": "Moby Dick"}}}, map[string]string{"media_attachments": `description:Moby Dick.*type:image`}},
		"another type":         {[]any{"type", "Flight", "name", "To the <b>moon</b>", "url", "https://c.test/f"}, map[string]string{"content": `^<p><strong>To the moon</strong></p><p><a href="https://c.test/f".*c\.test/f`}},
		"no title of it":       {[]any{"type", "Flight", "content", "<p>" + strings.Repeat("word ", 200) + "</p>"}, map[string]string{"content": `^<p><strong>(word )+word…</strong></p><p><a href="https://b.test/users/bob/notes/`}},
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
