package ap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// Software that says by NodeInfo that it reads EmojiReact gets one, and no Like;
// its Undo embeds the same.
func TestReactionByNodeInfo(t *testing.T) {
	t.Parallel()
	pleroma := apptest.Object{"software": apptest.Object{"name": "pleroma"}, "metadata": apptest.Object{"features": []string{"pleroma_api", "pleroma_emoji_reactions"}}}
	for _, c := range []struct {
		name, href string
		info       any
		want       string
	}{
		{"software that reads it", "https://b.test/nodeinfo/2.1", pleroma, "EmojiReact"},
		{"software that does not", "https://b.test/nodeinfo/2.1", apptest.Object{"metadata": []any{}}, "Like"},
		{"a NodeInfo elsewhere", "https://c.test/nodeinfo/2.1", pleroma, "Like"},
		{"no NodeInfo", "", nil, "Like"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here := w.Server("a.test")
			alice, bob := here.Account("alice"), w.Stranger("bob@b.test")
			bob.FollowedBy(alice)
			note := bob.Note("Hello")
			bob.Send(here, bob.Activity("Create", note))
			if c.href != "" {
				const schema = "http://nodeinfo.diaspora.software/ns/schema/"
				bob.Host.ServeAs("/.well-known/nodeinfo", "application/json", apptest.Object{"links": []apptest.Object{
					{"rel": schema + "1.0", "href": "https://b.test/old"}, {"rel": schema + "2.1", "href": c.href}, {"rel": schema + "2.0", "href": "https://b.test/nodeinfo/2.0"},
				}})
				w.Host(strings.Split(c.href, "/")[2]).ServeAs(c.href, "application/json", c.info)
			}
			w.Run()
			bob.Host.Forget()
			st := alice.Status(note["id"].(string))
			for range 2 {
				alice.Act("react/👍", st)
				w.Run()
				alice.Act("unreact/👍", st)
				w.Run()
			}
			if got := fmt.Sprint(bob.ReceivedTypes()); got != "["+c.want+" Undo "+c.want+" Undo]" {
				t.Fatalf("bob receives %s", got)
			}
			got := bob.Received()
			if undone := got[1]["object"].(map[string]any); undone["type"] != c.want || undone["id"] != got[0]["id"] {
				t.Errorf("undone is %v", undone)
			}
			if got[0]["content"] != "👍" || (got[0]["_misskey_reaction"] != nil) != (c.want == "Like") {
				t.Errorf("it is %v", got[0])
			}
			asked := len(bob.Host.Asked("GET", "/.well-known/nodeinfo"))
			w.Advance(8 * 24 * time.Hour)
			alice.Act("react/👍", st)
			if n := len(bob.Host.Asked("GET", "/.well-known/nodeinfo")); asked != 1 || n != 2 {
				t.Errorf("it is asked for %d times, and a week later %d", asked, n)
			}
		})
	}
}
