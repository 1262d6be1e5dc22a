package ap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// refuses calls the API, which has to answer with a status.
func refuses(t *testing.T, who *apptest.Account, want int, method, path string, params ...string) {
	t.Helper()
	if status, body := who.Call(method, path, params...); status != want {
		t.Errorf("%s %s %v is answered with %d %s, not %d", method, path, params, status, body, want)
	}
}

// Whoever locks the account decides who follows, and can end it.
func TestFollowRequests(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, carol, bob := s.Account("alice"), s.Account("carol"), w.Stranger("bob@b.test")
	alice.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", "locked", "true")
	requests := func() int { t.Helper(); return len(alice.List("/api/v1/follow_requests")) }

	if r := carol.Follow(alice.Handle); r["requested"] != true || r["following"] != false {
		t.Fatalf("carol's relationship is %v", r)
	}
	bob.Follow(alice)
	if n := requests(); n != 2 {
		t.Fatalf("%d requests wait", n)
	}
	alice.Do(http.MethodPost, "/api/v1/follow_requests/"+carol.ID.String()+"/authorize")
	alice.Do(http.MethodPost, "/api/v1/follow_requests/"+alice.Find(bob.URI)+"/authorize")
	w.Run()
	if got := bob.ReceivedTypes(); requests() != 0 || !slices.Equal(got, []string{"Accept"}) || carol.Relationship(alice.Handle)["following"] != true {
		t.Errorf("bob receives %v, carol's relationship is %v", got, carol.Relationship(alice.Handle))
	}
	refuses(t, alice, http.StatusOK, http.MethodPost, "/api/v1/follow_requests/"+carol.ID.String()+"/authorize") // again: two clients at once
	refuses(t, alice, http.StatusNotFound, http.MethodPost, "/api/v1/follow_requests/1/reject")

	alice.Relate("remove_from_followers", carol.Handle)
	carol.Follow(alice.Handle)
	alice.Do(http.MethodPost, "/api/v1/follow_requests/"+carol.ID.String()+"/reject")
	if r := carol.Relationship(alice.Handle); requests() != 0 || r["requested"] != false || r["following"] != false {
		t.Errorf("carol's relationship is %v", r)
	}
}

// A mute hides somebody until it ends, and nobody elsewhere learns of it.
func TestMute(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.FollowedBy(alice)
	bob.Host.Forget()
	note := bob.Note("hello")
	bob.Send(alice.Server, bob.Activity("Create", note))
	alice.Relate("mute", "@bob@b.test", "notifications", "false")
	if alice.HasInHome(note["id"].(string)) {
		t.Error("a muted account's post is in home")
	}
	bob.Send(alice.Server, bob.Activity("Create", bob.To(alice, "hello?")))
	alice.Relate("unmute", "@bob@b.test")
	w.Run()
	if r := alice.Relationship("@bob@b.test"); !alice.HasInHome(note["id"].(string)) || r["muting"] != false {
		t.Errorf("after the mute alice's relationship is %v", r)
	}
	if n := len(bob.Received()); n != 0 {
		t.Errorf("bob receives %v", bob.ReceivedTypes())
	}
	refuses(t, alice, http.StatusForbidden, http.MethodPost, "/api/v1/accounts/"+alice.ID.String()+"/mute")
}

// An edit is of one's own posts, shows its source, and is refused when it is
// too long or empty.
func TestEditPost(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	carol := alice.Server.Account("carol")
	post := alice.Post("one **two** @bob@b.test #three", "spoiler_text", "careful")
	w.Advance(time.Minute)
	source := alice.Do(http.MethodGet, "/api/v1/statuses/"+post.ID+"/source")
	if source["text"] != "one **two** @bob@b.test #three" || source["spoiler_text"] != "careful" {
		t.Errorf("the source is %v", source)
	}
	refuses(t, carol, http.StatusNotFound, http.MethodGet, "/api/v1/statuses/"+post.ID+"/source")
	refuses(t, carol, http.StatusNotFound, http.MethodPut, "/api/v1/statuses/"+post.ID, "status", "mine")
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPut, "/api/v1/statuses/"+post.ID, "status", "")
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPut, "/api/v1/statuses/"+post.ID, "status", strings.Repeat("x", 5001))
	edited := alice.Edit(post, "four @carol #five", "spoiler_text", "")
	if !strings.Contains(edited.Text(), "four") || edited.Entity["spoiler_text"] != "" || edited.Entity["edited_at"] == nil {
		t.Errorf("edited it is %v", edited.Entity)
	}
	if got := carol.Notifications(); !slices.Contains(got, "mention "+alice.Handle) {
		t.Errorf("carol is told %v", got)
	}
	w.Run()
	if got := bob.ReceivedTypes(); !slices.Equal(got, []string{"Create", "Update"}) {
		t.Errorf("bob receives %v", got)
	}
	if list := alice.Timeline("/api/v1/timelines/tag/three"); len(list) != 0 {
		t.Error("it is found by a tag that it has no more")
	}
	if list := alice.Timeline("/api/v1/timelines/tag/five"); len(list) != 1 {
		t.Error("it is not found by its new tag")
	}
}

// What is wrong with a post is said, and nothing of it is kept.
func TestPostsThatAreRefused(t *testing.T) {
	w := apptest.NewWorld(t)
	alice := w.Server("a.test").Account("alice")
	for name, params := range map[string][]string{
		"no text": {"status", ""}, "only spaces": {"status", " \n "}, "too long": {"status", strings.Repeat("ü", 5001)},
		"a visibility that is none": {"status", "x", "visibility", "secret"}, "an answer to nothing": {"status", "x", "in_reply_to_id", "1"},
	} {
		if status, body := alice.Call(http.MethodPost, "/api/v1/statuses", params...); status != http.StatusUnprocessableEntity && status != http.StatusNotFound {
			t.Errorf("%s is answered with %d %s", name, status, body)
		}
	}
	if n := len(alice.Timeline("/api/v1/accounts/" + alice.ID.String() + "/statuses")); n != 0 {
		t.Errorf("alice has %d posts", n)
	}
	alice.Post(strings.Repeat("ü", 5000))
}

// Pins are of one's own public posts, a few of them, and are in the collection
// that other servers read; bookmarks are nobody else's business.
func TestPinsAndBookmarks(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test", "KINGLET_MAX_PINNED=2")
	alice, carol, bob := s.Account("alice"), s.Account("carol"), w.Stranger("bob@b.test")
	var posts []*apptest.Status
	for i := range 3 {
		posts = append(posts, alice.Post(fmt.Sprint("post ", i)))
	}
	direct := alice.Post("psst", "visibility", "direct")
	alice.Act("pin", posts[0])
	alice.Act("pin", posts[1])
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/statuses/"+posts[2].ID+"/pin")
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/statuses/"+direct.ID+"/pin")
	refuses(t, carol, http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/statuses/"+posts[2].ID+"/pin")
	if list := carol.Timeline("/api/v1/accounts/"+alice.ID.String()+"/statuses", "pinned", "true"); len(list) != 2 {
		t.Errorf("%d posts are pinned", len(list))
	}
	featured := bob.Get(s, alice.URI+"/collections/featured").Body.String()
	for i, st := range posts {
		if strings.Contains(featured, st.URI) != (i < 2) {
			t.Errorf("the collection is %s", featured)
		}
	}
	alice.Act("unpin", posts[0])
	alice.Act("pin", posts[2])

	carol.Act("bookmark", posts[0])
	carol.Act("bookmark", posts[0])
	if list := carol.Timeline("/api/v1/bookmarks"); len(list) != 1 || list[0].Entity["bookmarked"] != true {
		t.Errorf("%d posts are bookmarked", len(list))
	}
	carol.Act("unbookmark", posts[0])
	if list := carol.Timeline("/api/v1/bookmarks"); len(list) != 0 {
		t.Errorf("%d posts are bookmarked", len(list))
	}
	refuses(t, carol, http.StatusNotFound, http.MethodPost, "/api/v1/statuses/"+direct.ID+"/bookmark")
	for _, action := range []string{"favourite", "reblog", "mute", "unmute", "unreblog", "unfavourite"} {
		if status, body := carol.Call(http.MethodPost, "/api/v1/statuses/"+direct.ID+"/"+action); status/100 != 4 && status != http.StatusNotImplemented {
			t.Errorf("%s of what carol may not see is answered with %d %s", action, status, body)
		}
	}
}

// A profile's texts are rendered with their mentions and tags, and every
// server that follows gets the new document.
func TestProfile(t *testing.T) {
	w, alice, bob, _ := followedScene(t)
	bob.Host.Forget()
	me := alice.Do(http.MethodPatch, "/api/v1/accounts/update_credentials",
		"display_name", "Alice <3", "note", "With @bob@b.test and #birds: https://a.test", "locked", "true", "bot", "true", "discoverable", "false",
		"fields_attributes[0][name]", "page", "fields_attributes[0][value]", "https://example.org", "source[privacy]", "unlisted", "source[language]", "de", "source[sensitive]", "true")
	note := me["note"].(string)
	for _, want := range []string{"https://b.test/@bob", "/tags/birds", `href="https://a.test"`} {
		if !strings.Contains(note, want) {
			t.Errorf("the note %s has no %s", note, want)
		}
	}
	source := me["source"].(map[string]any)
	if me["locked"] != true || me["bot"] != true || source["privacy"] != "unlisted" || source["language"] != "de" || source["sensitive"] != true ||
		source["note"] != "With @bob@b.test and #birds: https://a.test" {
		t.Errorf("the account is %v", me)
	}
	w.Run()
	got := bob.Received()
	if len(got) != 1 || got[0]["type"] != "Update" {
		t.Fatalf("bob receives %v", got)
	}
	doc := got[0]["object"].(map[string]any)
	if doc["name"] != "Alice <3" || doc["type"] != "Service" || doc["manuallyApprovesFollowers"] != true || doc["discoverable"] != false {
		t.Errorf("the document is %v", doc)
	}
	if st := alice.Post("hello"); st.Entity["visibility"] != "unlisted" || st.Entity["language"] != "de" || st.Entity["sensitive"] != true {
		t.Errorf("a post takes none of the defaults: %v", st.Entity)
	}
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPatch, "/api/v1/accounts/update_credentials", "display_name", strings.Repeat("x", 1000))
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPatch, "/api/v1/accounts/update_credentials", "note", strings.Repeat("x", 20_000))
	refuses(t, alice, http.StatusUnprocessableEntity, http.MethodPatch, "/api/v1/accounts/update_credentials", "source[privacy]", "secret")
}

// The server itself is an actor, with which it asks others, and which has
// nothing to say.
func TestInstanceActor(t *testing.T) {
	w := apptest.NewWorld(t)
	s, bob := w.Server("a.test"), w.Stranger("bob@b.test")
	var doc map[string]any
	if err := json.Unmarshal(bob.Get(s, "https://a.test/actor").Body.Bytes(), &doc); err != nil || doc["type"] != "Application" {
		t.Fatalf("%v %v", doc, err)
	}
	s.Account("alice").Find("@bob@b.test")
	asked := bob.Host.Asked(http.MethodGet, "/users/bob")
	if len(asked) != 1 || !strings.Contains(asked[0].Header.Get("Signature"), `keyId="https://a.test/actor#main-key"`) {
		t.Errorf("bob was asked %v", asked)
	}
	if got := bob.Get(s, "https://a.test/actor/outbox"); got.Code != http.StatusOK {
		t.Errorf("its outbox is answered with %d", got.Code)
	}
}
