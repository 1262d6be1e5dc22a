package activity_test

import (
	"fmt"
	"strings"
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
	for _, no := range []string{"", "a", "👍👍", ":unknown:", "<script>"} {
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

// A reaction is one emoji, in whatever form it came; what has none that can be
// shown is a favourite, once.
func TestLikeWithContent(t *testing.T) {
	t.Parallel()
	image := func(name string) []object {
		return []object{{"type": "Emoji", "id": nil, "name": name, "icon": object{"type": "Image", "url": "https://b.test/x.png"}}}
	}
	type sent struct {
		typ   string
		pairs []any
	}
	for _, c := range []struct {
		name       string
		send       []sent
		reactions  string
		favourites int
	}{
		{"a plain Like", []sent{{"Like", nil}}, "", 1},
		{"Misskey's", []sent{{"Like", []any{"content", "👍", "_misskey_reaction", "👍"}}}, "👍 1", 0},
		{"Misskey's own term alone", []sent{{"Like", []any{"_misskey_reaction", "👍"}}}, "👍 1", 0},
		{"Misskey's custom emoji", []sent{{"Like", []any{"content", ":cat:", "_misskey_reaction", ":cat:", "tag", image(":cat:")}}}, "cat 1", 0},
		{"with its host", []sent{{"Like", []any{"content", ":cat@.:", "tag", image(":cat@.:")}}}, "cat 1", 0},
		{"one tag instead of a list", []sent{{"EmojiReact", []any{"content", ":cat:", "tag", image("cat")[0]}}}, "cat 1", 0},
		{"a Like with a text", []sent{{"Like", []any{"content", "How nice"}}}, "", 1},
		{"a Like with a custom emoji without a picture", []sent{{"Like", []any{"content", ":cat:"}}}, "", 1},
		{"a Like with a picture of no address", []sent{{"Like", []any{"content", ":cat:", "tag", []object{{"type": "Emoji", "name": ":cat:", "icon": object{"url": "javascript:alert(1)"}}}}}}, "", 1},
		{"a Like with a name that is none", []sent{{"Like", []any{"content", ":c-t:", "tag", image(":c-t:")}}}, "", 1},
		{"a Like with several emojis", []sent{{"Like", []any{"content", "👍👍"}}}, "", 1},
		{"several texts are one favourite", []sent{{"Like", []any{"content", "a text"}}, {"Like", []any{"content", "another"}}, {"Like", nil}}, "", 1},
		{"a Like, and one with an emoji", []sent{{"Like", nil}, {"Like", []any{"content", "👍"}}}, "👍 1", 1},
		{"the same emoji in both forms", []sent{{"EmojiReact", []any{"content", "👍"}}, {"Like", []any{"content", "👍"}}}, "👍 1", 0},
		{"a custom one that is known, without a picture", []sent{{"EmojiReact", []any{"content", ":cat:", "tag", image(":cat:")}}, {"EmojiReact", []any{"content", "cat@c.test"}}}, "cat 1", 0},
		{"an EmojiReact without an emoji", []sent{{"EmojiReact", []any{"content", "nice"}}, {"EmojiReact", nil}}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			post := s.alice.Post("Hello")
			state := func(reactions string, favourites int) {
				t.Helper()
				e := s.alice.Status(post.URI).Entity
				var shown []string
				for _, v := range e["pleroma"].(object)["emoji_reactions"].([]any) {
					shown = append(shown, fmt.Sprint(v.(object)["name"], " ", v.(object)["count"]))
				}
				if got := strings.Join(shown, ", "); got != reactions || int(e["favourites_count"].(float64)) != favourites {
					t.Errorf("it has the reactions %q and %v favourites, not %q and %d", got, e["favourites_count"], reactions, favourites)
				}
			}
			var all []object
			for _, x := range c.send {
				all = append(all, s.sends(202, s.bob, s.bob.Activity(x.typ, post.URI, x.pairs...)))
			}
			state(c.reactions, c.favourites)
			want := map[bool]int{true: 1}
			if n := s.countNotifications("pleroma:emoji_reaction @bob@b.test"); n != want[c.reactions != ""] {
				t.Errorf("alice has %d notifications", n)
			}
			for _, a := range all {
				undone := object{"type": a["type"], "actor": a["actor"], "object": a["object"], "content": a["content"], "_misskey_reaction": a["_misskey_reaction"], "id": "https://b.test/another-id"}
				s.sends(202, s.bob, s.bob.Activity("Undo", undone))
			}
			state("", 0)
			if n := len(s.alice.Notifications()); n != 1 { // that bob follows
				t.Errorf("alice has %v", s.alice.Notifications())
			}
		})
	}
}

// To take a reaction back does not take the favourite, nor does another's Undo.
func TestUndoOfReaction(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	post := s.alice.Post("Hello")
	s.sends(202, s.bob, s.bob.Activity("Like", post.URI))
	reaction := s.sends(202, s.bob, s.bob.Activity("Like", post.URI, "content", "👍"))
	before := s.seen()
	s.sends(202, s.bob, s.bob.Activity("Undo", object{"type": "Like", "actor": s.bob.URI, "object": post.URI, "content": "🎉"}))
	s.sends(403, s.eve, s.eve.Activity("Undo", reaction))
	s.sends(202, s.eve, s.eve.Activity("Undo", reaction["id"]))
	s.sends(202, s.eve, s.eve.Activity("Undo", object{"type": "Like", "actor": s.eve.URI, "object": post.URI, "content": "👍"}))
	s.same(before, "another's Undo")
	s.sends(202, s.bob, s.bob.Activity("Undo", reaction["id"]))
	s.count(post.URI, "favourites", 1)
	if list := s.alice.Status(post.URI).Entity["pleroma"].(object)["emoji_reactions"].([]any); len(list) != 0 {
		t.Errorf("left are %v", list)
	}
}
