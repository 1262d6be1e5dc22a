package activity_test

import (
	"fmt"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// Reactions are counted by their emoji, once for each account, and taken back
// by their id or by what they were.
func TestEmojiReact(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	alice := here.Account("alice")
	bob, carol := w.Stranger("@bob@b.test"), w.Stranger("@carol@c.test")
	post, private := alice.Post("Hello"), alice.Post("psst", "visibility", "direct")
	shown := func() string {
		list := alice.Status(post.URI).Entity["pleroma"].(map[string]any)["emoji_reactions"].([]any)
		out := ""
		for _, x := range list {
			r := x.(map[string]any)
			out += fmt.Sprintf("%v %v %v;", r["name"], r["count"], r["url"] != nil)
		}
		return out
	}
	react := func(s *apptest.Stranger, to, emoji string, more ...any) apptest.Object {
		t.Helper()
		a := s.Activity("EmojiReact", to, append([]any{"content", emoji}, more...)...)
		if got := s.Send(here, a); got != 202 {
			t.Errorf("%s is answered with %d", emoji, got)
		}
		return a
	}
	image := apptest.Object{"type": "Emoji", "name": ":blobcat:", "icon": apptest.Object{"type": "Image", "url": "https://b.test/blobcat.png"}}
	first := react(bob, post.URI, "👍")
	react(bob, post.URI, "👍")
	react(carol, post.URI, "👍")
	react(bob, post.URI, ":blobcat:", "tag", []any{image})
	for _, no := range []string{"", "a", "👍👍", ":blobcat:", "<script>"} {
		react(carol, post.URI, no)
	}
	if got := shown(); got != "👍 2 false;blobcat 1 true;" {
		t.Errorf("shown is %q", got)
	}
	if got := bob.Send(here, bob.Activity("Undo", first)); got != 202 {
		t.Error(got)
	}
	again := carol.Activity("Undo", apptest.Object{"type": "EmojiReact", "actor": carol.URI, "object": post.URI, "content": "👍"})
	if got := carol.Send(here, again); got != 202 {
		t.Error(got)
	}
	if got := shown(); got != "blobcat 1 true;" {
		t.Errorf("after the Undos it is %q", got)
	}
	react(bob, private.URI, "👍")
	if st := alice.Status(private.URI).Entity["pleroma"]; fmt.Sprint(st) != "map[emoji_reactions:[]]" {
		t.Errorf("one who may not see it reacts: %v", st)
	}
	if got := bob.Send(here, bob.Activity("Delete", bob.URI)); got != 202 {
		t.Error(got)
	}
	w.Run()
	if got := shown(); got != "" {
		t.Errorf("of one who is gone is left %q", got)
	}
}

// Nobody takes all the room that a post has for reactions.
func TestReactionsOfOne(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("Hello")
	for i := range store.MaxReactions {
		name := fmt.Sprint("e", i)
		image := object{"type": "Emoji", "name": name, "icon": object{"type": "Image", "url": "https://evil.test/" + name}}
		s.mallory.Send(s.here, s.mallory.Activity("EmojiReact", post.URI, "content", ":"+name+":", "tag", []any{image}))
	}
	s.sends(202, s.bob, s.bob.Activity("EmojiReact", post.URI, "content", "👍"))
	list := s.alice.Status(post.URI).Entity["pleroma"].(map[string]any)["emoji_reactions"].([]any)
	if n := len(list); n != store.MaxReactionsOfOne+1 {
		t.Errorf("%d emojis are shown", n)
	}
}
