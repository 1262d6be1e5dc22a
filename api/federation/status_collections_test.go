package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// A post of ours names its replies, likes, shares and context, and each can be
// asked for.
func TestCollectionsOfAPost(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, carol, bob := s.Account("alice"), s.Account("carol"), w.Stranger("bob@b.test")
	post := alice.Post("Hello")
	public := carol.Reply(post, "public")
	alice.Reply(post, "unlisted", "visibility", "unlisted")
	carol.Reply(post, "private", "visibility", "private")
	carol.Reply(post, "direct", "visibility", "direct")
	deep := alice.Reply(public, "deep")
	remote := bob.Note("from elsewhere", "inReplyTo", post.URI)
	status, body := bob.SendTo(s, alice.URI+"/inbox", bob.Activity("Create", remote))
	if status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	w.Run()
	carol.Act("favourite", post)
	carol.Act("reblog", post)
	doc := documentOf(t, get(t, s, post.URI, activityJSON))
	look := func(term string) apptest.Object {
		t.Helper()
		uri, _ := doc[term].(string)
		if embedded, ok := doc[term].(apptest.Object); ok { // with an empty page, which says where the first is
			uri, _ = embedded["id"].(string)
			if first := embedded["first"].(apptest.Object); first["next"] != uri+"?page=true" || first["partOf"] != uri || len(first["items"].([]any)) != 0 {
				t.Errorf("%s: %v", term, embedded)
			}
		}
		c := documentOf(t, get(t, s, uri, activityJSON))
		if c["id"] != uri || c["type"] != "OrderedCollection" {
			t.Errorf("%s: %v", term, c)
		}
		return c
	}
	for _, term := range []string{"likes", "shares"} {
		if c := look(term); c["totalItems"] != 1.0 || c["orderedItems"] != nil || c["first"] != nil {
			t.Errorf("%s: %v", term, c)
		}
	}
	replies := look("replies")
	page := documentOf(t, get(t, s, replies["first"].(string), activityJSON))
	if replies["totalItems"] != 3.0 || page["partOf"] != replies["id"] || len(page["orderedItems"].([]any)) != 3 || page["next"] != nil {
		t.Errorf("replies: %v, %v", replies, page)
	}
	if items := fmt.Sprint(page["orderedItems"]); !strings.Contains(items, public.URI) || !strings.Contains(items, remote["id"].(string)) {
		t.Errorf("replies: %s", items)
	}
	context := look("context")
	if items := fmt.Sprint(context["orderedItems"]); context["attributedTo"] != alice.URI || !strings.Contains(items, post.URI) || !strings.Contains(items, deep.URI) || len(context["orderedItems"].([]any)) != 5 {
		t.Errorf("context: %v", context)
	}
	// One that the author blocks is not listed.
	alice.Relate("block", bob.URI)
	page = documentOf(t, get(t, s, replies["first"].(string), activityJSON))
	if strings.Contains(fmt.Sprint(page["orderedItems"]), remote["id"].(string)) {
		t.Errorf("replies: %v", page)
	}
}

// The collections of what is not public are for those who may see it.
func TestCollectionsOfAPrivatePost(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob, mallory := s.Account("alice"), w.Stranger("bob@b.test"), w.Stranger("mallory@b.test")
	bob.Follow(alice)
	post := alice.Post("Hello", "visibility", "private")
	gone := alice.Post("Gone")
	alice.Delete(gone)
	for _, term := range []string{"replies", "likes", "shares"} {
		uri := post.URI + "/" + term
		if code := get(t, s, uri, activityJSON).Code; code != http.StatusNotFound {
			t.Errorf("%s: a stranger is answered %d", term, code)
		}
		if code := mallory.Get(s, uri).Code; code != http.StatusNotFound {
			t.Errorf("%s: who does not follow is answered %d", term, code)
		}
		rec := bob.Get(s, uri)
		if rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s: a follower is answered %d %v", term, rec.Code, rec.Header())
		}
		if code := get(t, s, gone.URI+"/"+term, activityJSON).Code; code != http.StatusNotFound {
			t.Errorf("%s: of a deleted post %d", term, code)
		}
	}
}

// Long threads come in pages.
func TestPagesOfReplies(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice := s.Account("alice")
	post := alice.Post("Hello")
	for i := range 41 {
		alice.Reply(post, fmt.Sprint(i))
	}
	page := documentOf(t, get(t, s, post.URI+"/replies?page=true", activityJSON))
	next, _ := page["next"].(string)
	if len(page["orderedItems"].([]any)) != 40 || next == "" {
		t.Fatalf("%v", page)
	}
	if page = documentOf(t, get(t, s, next, activityJSON)); len(page["orderedItems"].([]any)) != 1 || page["next"] != nil || page["id"] != next {
		t.Errorf("%v", page)
	}
}
