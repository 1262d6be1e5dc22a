package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// TestQuirks sends what each implementation does in its own way (INTEROP.md,
// section 3). Its documents are ours, written after theirs; one that no row is
// about fails.
func TestQuirks(t *testing.T) {
	files := map[string][]byte{}
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	listed := map[string]bool{}
	for _, f := range quirks() {
		listed[f.file] = true
		if files[f.file] == nil {
			t.Fatalf("there is no %s", f.file)
		}
		t.Run(f.file, func(t *testing.T) {
			t.Parallel()
			f.try(t, files, f.file)
		})
	}
	for name := range files {
		if !listed[name] {
			t.Errorf("no row says what %s is", name)
		}
	}
}

// severalPoll has alice ask something with more than one answer, if she can.
func severalPoll(s *scene) {
	status, body := s.alice.Call("POST", "/api/v1/statuses", "status", "tea?", "poll[options][]", "suya..", "poll[options][]", "b", "poll[multiple]", "true", "poll[expires_in]", "3600")
	if status == 200 {
		s.poll = s.alice.Status(s.parse(body)["uri"].(string))
	}
}

func quirks() []fixture {
	return []fixture{
		{file: "mastodon_note.json", want: `
			Note by @bea@social.example, public, en, at home
			text: <p>Good morning</p>
			page: https://social.example/@bea/1
			at: 2026-05-06T07:08:09.000Z`},
		{file: "mastodon_bear.json", want: `
			answer: 403
			reason: the activity bear:?t=token&u=… has another origin than its actor …`},
		{file: "misskey_home.json", want: `
			Note by @9abc@forkey.example, unlisted, at home
			text: <p><b>bold</b><span> and </span><small>small</small></p>
			emojis: cat
			at: 2026-05-06T07:08:09.000Z`},
		{file: "misskey_reaction.json", want: `
			alice's post: 👍 1
			…`},
		{file: "misskey_custom_reaction.json", want: `
			alice's post: cat… 1
			…`},
		{file: "misskey_block.json", want: `
			relation: blocked_by`},
		{file: "misskey_quote.json", want: `
			Note by @9abc@forkey.example, public, at home
			text: <p>look</p>
			quote: accepted https://a.test/objects/…
			…`},
		{file: "pleroma_direct.json", want: `
			Note by @quinn@pond.example, direct, at home
			text: <span class="h-card"><a href="https://a.test/users/alice" class="u-url mention" …>@<span>alice</span></a></span> psst
			mentions: alice
			at: 2026-05-06T07:08:09.000Z
			notification: mention @quinn@pond.example`},
		{file: "pleroma_reaction.json", want: `
			alice's post: 🔥 1
			…`},
		{file: "pleroma_listen.json", want: `
			reason: activities of type "Listen" are not understood here`},
		{file: "lemmy_page.json", want: `
			Page by @dana@links.example, public, en
			text: <p><strong>A heron</strong></p><p>seen today</p>…
			at: 2026-05-06T07:08:09.123Z`},
		{file: "lemmy_announce.json", serves: map[string]string{"https://links.example/post/1": "lemmy_page.json"}, want: `
			…
			boost by @birds@links.example, …
			Page by @dana@links.example, public, en…
			…`},
		{file: "peertube_comment.json", want: `
			reason: https://films.example/videos/watch/1 answers 404
			Note by @eli@films.example, public
			text: <p>I <em>liked</em> it, see <a href="https://films.example/w/1" …</a></p><p>Bye</p>
			reply to: https://films.example/videos/watch/1
			page: https://films.example/w/1;threadId=2
			at: 2026-05-06T07:08:09.000Z`},
		{file: "peertube_view.json", want: `
			reason: activities of type "View" are not understood here`},
		{file: "pixelfed_album.json", want: `
			Note by @flo@pics.example, public, at home
			text: <p>my week</p>
			image: https://pics.example/1.jpg (day 1)
			image: https://pics.example/2.jpg (day 2)
			image: https://pics.example/3.jpg (day 3)
			image: https://pics.example/4.jpg (day 4)
			image: https://pics.example/5.jpg (day 5)
			image: https://pics.example/6.jpg (day 6)
			at: 2026-05-06T07:08:09.000Z`},
		{file: "loops_video.json", want: `
			Note by @71@clips.example, public, at home
			text: <p>wait for it</p>
			video: https://cdn.clips.example/5.mp4 (a cat jumps)
			page: https://clips.example/v/abc
			at: 2026-05-06T07:08:09.000Z`},
		{file: "wordpress_note.json", want: `
			Note by @somebody@blog.example, public, at home
			text: <p><strong>Hello</strong></p><p>A post.</p>…
			image: https://blog.example/a.jpg?a=1&b=2 (a door)
			tags: doors
			page: https://blog.example/2026/05/hello/
			at: 2026-05-06T07:08:09.000Z`},
		{file: "ghost_article.json", want: `
			Article by @index@paper.example, public, at home
			text: <p><strong>The news</strong></p>…<p>All of it</p>…
			…
			page: https://paper.example/the-news/
			at: 2026-05-06T07:08:09.000Z`},
		{file: "threads_post.json", want: `
			Note by @17841400000000000@threads.example, public, en, at home
			text: <p>hi there</p>
			page: https://www.threads.example/@gus/post/AbC-d_e
			at: 2026-05-06T07:08:09.000Z`},
		{file: "bridgy_note.json", want: `
			Note by @hal.bsky.social@bsky.bridge.example, public, en, at home
			text: <p>from over there</p>
			page: https://bsky.bridge.example/r/https://bsky.app/profile/hal/post/3k
			at: 2026-05-06T07:08:09.000Z`},
		{file: "bridgy_actor.json", want: `
			Person @hal.bsky.social@bsky.bridge.example, "Hal"
			note: <p>a bird</p>
			page: https://bsky.bridge.example/r/https://bsky.app/profile/hal`},
		{file: "bookwyrm_review.json", want: `
			… by @ida@books.example, public, at home
			text: …Review of &#34;Birds&#34; (4 stars): Lovely…<p>I read it twice.</p>…
			image: https://books.example/images/covers/1.jpg (Birds)
			at: 2026-05-06T07:08:09.000Z`},
		{file: "friendica_long.json", want: `
			Note by @jo@home.example, public, de, at home
			text: …<p><strong>Title</strong></p>text<br /><blockquote>shared</blockquote>
			at: 2026-05-06T07:08:09.000Z`},
		{file: "friendica_announce.json", serves: map[string]string{"https://links.example/post/1": "lemmy_page.json"}, want: `
			…
			boost by @forum@home.example, public, at home
			Page by @dana@links.example, public, en…
			text: <p><strong>A heron</strong></p><p>seen today</p>…
			…`},
		{file: "gotosocial_note.json", want: `
			Note by @kim@sloth.example, unlisted, en, at home
			text: …hello</p>
			mentions: alice
			page: https://sloth.example/@kim/statuses/01ABC
			at: 2026-05-06T07:08:09.000Z
			notification: mention @kim@sloth.example`},
		{file: "gotosocial_votes.json", given: severalPoll, want: `
			alice's post: suya.. 1, b 1`},
		{file: "mobilizon_join.json", want: `
			reason: activities of type "Join" are not understood here`},
		{file: "owncast_live.json", want: `
			Note by @stream@live.example, public, at home
			text: <p>I&#39;m live!</p>…
			image: https://live.example/preview.gif
			tags: owncast
			at: 2026-05-06T07:08:09.000Z`},
		{file: "funkwhale_audio.json", want: `
			Audio by @noa@songs.example, public, at home
			text: <p><strong>A song</strong></p><p>about rain</p>…
			audio: https://songs.example/listen/1.mp3
			page: https://songs.example/library/tracks/1
			at: 2026-05-06T07:08:09.000Z`},
		{file: "smithereen_wall.json", want: `
			Note by @4@walls.example, public, at home
			text: <p>on your wall</p>
			mentions: 5@walls.example
			at: 2026-05-06T07:08:09.000Z`},
		{file: "honk_note.json", want: `
			Note by @ola@honk.example, public, at home
			text: honk honk
			at: 2026-05-06T07:08:09.000Z`},
		{file: "snac_note.json", want: `
			Note by @pat@tiny.example, public, at home
			text: <p>see <a href="https://tiny.example" …>this</a></p>
			tags: tiny
			at: 2026-05-06T07:08:09.000Z`},
		{file: "piefed_feed.json", want: `
			Group @nature@feeds.example, "Nature"
			group
			note: <p>Birds and trees</p>`},
		{file: "bridgy_old_actor.json", want: `
			Person @old.example@fed.bridge.example, "Old"
			page: https://fed.bridge.example/r/https://old.example/`},
		{file: "event_without_author.json", want: `
			Event by @group@events.example, public
			text: <p><strong>Picnic</strong></p>…<p>bring cake</p>…
			at: 2026-05-06T07:08:09.000Z`},
	}
}
