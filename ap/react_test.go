package ap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// reactionsTo describes the reactions to a post as an account sees them; an
// asterisk is its own.
func reactionsTo(a *apptest.Account, uri string) string {
	e := a.Status(uri).Entity
	var out []string
	list, _ := e["reactions"].([]any)
	for _, v := range list {
		r := v.(map[string]any)
		one := fmt.Sprint(r["name"], " ", r["count"])
		if r["me"] == true {
			one += "*"
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ") + fmt.Sprintf("; %v favourites", e["favourites_count"])
}

// A reaction to a post of another server is seen there, its author is notified,
// and it is taken back without the favourite of the same account.
func TestReact(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("Hello")
	w.Run()
	id := bob.Status(post.URI).ID
	both := func(bobs, alices string) {
		t.Helper()
		w.Run()
		if got := reactionsTo(bob, post.URI); got != bobs {
			t.Errorf("bob sees %s, not %s", got, bobs)
		}
		if got := reactionsTo(alice, post.URI); got != alices {
			t.Errorf("alice sees %s, not %s", got, alices)
		}
	}
	bob.Do("PUT", "/api/v1/pleroma/statuses/"+id+"/reactions/👍")
	bob.Do("PUT", "/api/v1/pleroma/statuses/"+id+"/reactions/👍")
	bob.Act("favourite", post)
	both("👍 1*; 1 favourites", "👍 1; 1 favourites")
	bob.Act("react/🎉", post)
	alice.Act("react/🎉", post)
	both("👍 1*, 🎉 1*; 1 favourites", "👍 1, 🎉 2*; 1 favourites")
	want := []string{"favourite @bob@b.test", "pleroma:emoji_reaction @bob@b.test", "follow @bob@b.test"}
	if got := alice.Notifications(); !slices.Equal(got, want) {
		t.Errorf("alice has %v", got)
	}
	if n := alice.List("/api/v1/notifications")[1]; n["emoji"] != "🎉" || fmt.Sprint(n["fallback"]) != "map[title:@bob@b.test reacted with 🎉]" {
		t.Errorf("she is notified of %v", n)
	}
	list := alice.List("/api/v1/pleroma/statuses/" + post.ID + "/reactions")
	if len(list) != 2 || len(list[1]["accounts"].([]any)) != 2 {
		t.Errorf("it lists %v", list)
	}
	if list = alice.List("/api/v1/pleroma/statuses/" + post.ID + "/reactions/👍"); len(list) != 1 || list[0]["name"] != "👍" {
		t.Errorf("of one emoji it lists %v", list)
	}
	bob.Act("unfavourite", post)
	both("👍 1*, 🎉 1*; 0 favourites", "👍 1, 🎉 2*; 0 favourites")
	bob.Act("favourite", post)
	bob.Act("unreact/🎉", post)
	both("👍 1*; 1 favourites", "👍 1, 🎉 1*; 1 favourites")
	bob.Do("DELETE", "/api/v1/pleroma/statuses/"+id+"/reactions/👍")
	bob.Do("DELETE", "/api/v1/pleroma/statuses/"+id+"/reactions/👍")
	both("; 1 favourites", "🎉 1*; 1 favourites")
	if got := alice.Notifications(); !slices.Equal(got, []string{"favourite @bob@b.test", "follow @bob@b.test"}) {
		t.Errorf("after all she has %v", got)
	}
	for _, no := range []string{"x", "👍👍", "nosuchemoji", "%3Cb%3E"} {
		if code, body := bob.Call("PUT", "/api/v1/pleroma/statuses/"+id+"/reactions/"+no); code != 422 {
			t.Errorf("%s is answered with %d %s", no, code, body)
		}
	}
	if n := bob.Server.Count(`SELECT COUNT(*) FROM objects WHERE type = 'Reaction' AND deleted_at = 0`); n != 0 {
		t.Errorf("%d activities are left", n)
	}
}

// What goes out is one Like that Misskey, Pleroma and Mastodon read, with the
// picture of a custom emoji that others used before.
func TestReactionDocument(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	alice, bob, eve := here.Account("alice"), w.Stranger("bob@b.test"), w.Stranger("eve@c.test")
	bob.FollowedBy(alice)
	note := bob.Note("Hello")
	bob.Send(here, bob.Activity("Create", note))
	image := apptest.Object{"type": "Emoji", "name": ":blobcat:", "icon": apptest.Object{"type": "Image", "url": "https://c.test/blobcat.png"}}
	eve.Send(here, eve.Activity("EmojiReact", note["id"], "content", ":blobcat:", "tag", []any{image}))
	st := alice.Status(note["id"].(string))
	before := len(bob.Received())
	alice.Act("react/blobcat@c.test", st)
	alice.Act("unreact/blobcat", st)
	alice.Act("react/👍", st)
	w.Run()
	got := bob.Received()[before:]
	if len(got) != 2 {
		t.Fatalf("bob received %v", got)
	}
	like := got[1]
	if got[0]["type"] == "Like" {
		like = got[0]
	}
	if like["content"] != "👍" || like["_misskey_reaction"] != "👍" || like["object"] != note["id"] || like["tag"] != nil {
		t.Errorf("it is %v", like)
	}
	alice.Act("react/:blobcat:", st)
	w.Run()
	last := bob.Received()[len(bob.Received())-1]
	if fmt.Sprint(last["content"], last["tag"]) != ":blobcat:[map[icon:map[type:Image url:https://c.test/blobcat.png] name::blobcat: type:Emoji]]" {
		t.Errorf("it is %v", last)
	}
}
