package ap_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// profile serves an actor with an outbox, pins and counts.
func (s *crawlScene) profile(who *apptest.Stranger, posts, pins []any) {
	outbox := []any{}
	for i, p := range posts {
		if n, ok := p.(object); ok {
			p = object{"type": "Create", "id": fmt.Sprint(who.URI, "/activities/c", i), "actor": who.URI, "object": n}
		}
		outbox = append(outbox, p)
	}
	s.collection(who.Host, who.URI+"/outbox", outbox...)
	who.Host.Serve(who.URI+"/outbox", object{"id": who.URI + "/outbox", "type": "OrderedCollection", "totalItems": 1234, "first": who.URI + "/outbox/page/0"})
	for name, n := range map[string]int{"followers": 77, "following": 5} {
		who.Host.Serve(who.URI+"/"+name, object{"id": who.URI + "/" + name, "type": "OrderedCollection", "totalItems": n})
	}
	who.Host.Serve(who.URI+"/featured", object{"id": who.URI + "/featured", "type": "OrderedCollection", "orderedItems": pins})
	who.Document["featured"] = who.URI + "/featured"
	who.Publish()
}

func (s *crawlScene) posts(who *apptest.Stranger, params ...string) (uris []string) {
	s.Helper()
	for _, st := range s.alice.Timeline("/api/v1/accounts/"+s.alice.Find(who.URI)+"/statuses", params...) {
		uris = append(uris, st.URI)
	}
	return uris
}

// A profile that somebody opens or follows gets its newest posts with their own
// dates, its pins and its counts, and nobody is told of them.
func TestProfileIsCompleted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		open    func(s *crawlScene, who *apptest.Stranger)
		follows bool
	}{
		{"opened", func(s *crawlScene, who *apptest.Stranger) {
			s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(who.URI))
		}, false},
		{"followed", func(s *crawlScene, who *apptest.Stranger) { who.FollowedBy(s.alice) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newCrawlScene(t)
			bob, eve := s.world.Stranger("bob@b.test"), s.world.Stranger("eve@b.test")
			old := s.world.Now().Add(-90 * 24 * time.Hour).Format(time.RFC3339)
			one, two := bob.Note("one", "published", old, "to", []string{apptest.Public, s.alice.URI}, "tag", []object{apptest.Mention(s.alice)}), bob.Note("two", "published", old)
			three := bob.Note("three")
			pin := bob.Note("pinned", "published", old)
			private := bob.Note("private", "to", []string{bob.URI + "/followers"}, "cc", []string{})
			theirs, far := eve.Note("hers"), s.world.Stranger("far@far.test").Note("elsewhere")
			lie := object{"id": id(theirs), "type": "Note", "attributedTo": bob.URI, "content": "a lie", "to": []string{apptest.Public}}
			boost := object{"type": "Announce", "id": bob.URI + "/a", "actor": bob.URI, "object": id(far)}
			s.profile(bob, []any{three, boost, two, id(one), private, lie, far}, []any{pin, id(one), id(theirs)})
			c.open(s, bob)
			s.world.Advance(2 * time.Minute)
			got := s.posts(bob)
			for _, n := range []object{one, two, three, pin} {
				if s.alice.Status(id(n)) == nil {
					t.Errorf("%s is not here", n["content"])
				}
			}
			if len(got) != 4 || got[0] != id(three) {
				t.Errorf("the profile has %v", got)
			}
			for _, n := range []object{private, theirs, far} {
				if s.alice.Status(id(n)) != nil {
					t.Errorf("%s is here", n["content"])
				}
			}
			if st := s.alice.Status(id(one)); st.Entity["created_at"].(string)[:10] != old[:10] {
				t.Errorf("it is of %v", st.Entity["created_at"])
			}
			if pins := s.posts(bob, "pinned", "true"); len(pins) != 2 {
				t.Errorf("pinned are %v", pins)
			}
			if list := s.alice.Notifications(); len(list) > 0 {
				t.Errorf("alice is notified of %v", list)
			}
			if s.alice.HasInHome(id(three)) {
				t.Error("a post is in home as new")
			}
			a := s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(bob.URI))
			if a["followers_count"] != 77.0 || a["following_count"] != 5.0 || a["statuses_count"] != 1234.0 {
				t.Errorf("%v followers, %v followed, %v posts", a["followers_count"], a["following_count"], a["statuses_count"])
			}
			// It rests, and is then looked at again.
			asked := len(bob.Host.Asked("GET", ""))
			s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(bob.URI))
			s.world.Advance(2 * time.Minute)
			if n := len(bob.Host.Asked("GET", "")); n != asked {
				t.Errorf("%d requests during its rest", n-asked)
			}
			s.profile(bob, []any{three}, []any{pin})
			s.world.Advance(time.Hour)
			s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(bob.URI))
			s.world.Advance(2 * time.Minute)
			if pins := s.posts(bob, "pinned", "true"); len(pins) != 1 || pins[0] != id(pin) {
				t.Errorf("pinned are %v", pins)
			}
			// What follows moves the counts.
			bob.Send(s.here, bob.Activity("Create", bob.To(s.alice, "hello")))
			s.world.Run()
			fresh := s.alice.Find(bob.URI)
			if n := s.alice.Do("GET", "/api/v1/accounts/"+fresh)["statuses_count"]; c.follows && n != 1234.0 && n != 1235.0 {
				t.Errorf("%v posts", n)
			}
		})
	}
}

// An outbox that is empty or not for strangers: the public API names the posts.
func TestProfileOfTheAPI(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	bob, eve := s.world.Stranger("bob@b.test"), s.world.Stranger("eve@b.test")
	one, hers := bob.Note("one"), eve.Note("hers")
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, text)
		}
	}
	bob.Host.Handle("/api/v1/accounts/lookup", answer(`{"id":"17","username":"bob"}`))
	bob.Host.Handle("/api/v1/accounts/17/statuses", answer(fmt.Sprintf(`[{"uri":%q,"content":"a lie"},{"uri":%q},{"uri":"https://far.test/1"}]`, id(one), id(hers))))
	s.alice.Do("GET", "/api/v1/accounts/"+s.alice.Find(bob.URI))
	s.world.Advance(2 * time.Minute)
	if got := s.posts(bob); len(got) != 1 || got[0] != id(one) {
		t.Errorf("the profile has %v", got)
	}
	if s.alice.Status(id(hers)) != nil || len(s.world.Host("far.test").Asked("GET", "")) > 0 {
		t.Error("others' posts were fetched")
	}
}

// A thread of a followed author reaches home although its first post came late, or
// was fetched before it came.
func TestLateThreadReachesHome(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	bob, eve := s.world.Stranger("bob@b.test"), s.world.Stranger("eve@b.test")
	bob.FollowedBy(s.alice)
	first := bob.Note("first", "cc", []string{s.alice.URI}, "tag", []object{apptest.Mention(s.alice)})
	second := bob.Note("second", "inReplyTo", id(first))
	hers := eve.Note("hers")
	toEve := bob.Note("to eve", "inReplyTo", id(hers))
	for _, n := range []object{second, toEve} {
		bob.Send(s.here, bob.Activity("Create", n))
	}
	s.world.Run()
	if s.alice.Status(id(first)) == nil || s.alice.Status(id(hers)) == nil {
		t.Fatal("what they answer was not fetched")
	}
	if !s.alice.HasInHome(id(second)) {
		t.Error("the second is not in home")
	}
	if s.alice.HasInHome(id(toEve)) || s.alice.HasInHome(id(hers)) || s.alice.HasInHome(id(first)) {
		t.Error("what was fetched, or answers others, is in home")
	}
	// An account of the same host can't make it new.
	eve.Send(s.here, eve.Activity("Create", eve.To(s.alice, "mine", "id", id(first))))
	s.world.Run()
	if s.alice.HasInHome(id(first)) || len(s.alice.Notifications()) > 0 {
		t.Error("another than its author sent it")
	}
	bob.Host.Serve(id(first), first)
	for range 2 {
		bob.Send(s.here, bob.Activity("Create", first))
		s.world.Run()
		if !s.alice.HasInHome(id(first)) {
			t.Error("the first is not in home")
		}
		if list := s.alice.Notifications(); len(list) != 1 || list[0] != "mention @bob@b.test" {
			t.Errorf("alice is notified of %v", list)
		}
	}
}

// What came long ago stays out of home, although what it answers comes now.
func TestLateThreadOfLongAgo(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	bob := s.world.Stranger("bob@b.test")
	bob.FollowedBy(s.alice)
	first := bob.Note("first")
	bob.Host.Remove(id(first))
	send := func(n object) object {
		bob.Send(s.here, bob.Activity("Create", n))
		s.world.Run()
		return n
	}
	old := send(bob.Note("old", "inReplyTo", id(first)))
	s.world.Advance(8 * 24 * time.Hour)
	late := send(bob.Note("late", "inReplyTo", id(first)))
	send(first)
	if !s.alice.HasInHome(id(first)) || !s.alice.HasInHome(id(late)) || s.alice.HasInHome(id(old)) {
		t.Errorf("of now: %v, of long ago: %v", s.alice.HasInHome(id(late)), s.alice.HasInHome(id(old)))
	}
}

// Likes and boosts elsewhere are counted as the origin says, at least as many as
// are known here, and move with what comes.
func TestTotalsOfTheOrigin(t *testing.T) {
	t.Parallel()
	s := newCrawlScene(t)
	bob, eve := s.world.Stranger("bob@b.test"), s.world.Stranger("eve@e.test")
	size := func(n any) object { return object{"type": "Collection", "totalItems": n} }
	inline := bob.Note("inline", "likes", size(40), "shares", size(12))
	negative := bob.Note("negative", "likes", size(-4), "shares", size(1e300))
	byID := bob.Note("by id", "likes", bob.URI+"/likes", "shares", bob.URI+"/shares")
	bob.Host.Serve(bob.URI+"/likes", object{"id": bob.URI + "/likes", "type": "Collection", "totalItems": 9})
	bob.Host.Serve(bob.URI+"/shares", object{"id": bob.URI + "/shares", "type": "OrderedCollection", "totalItems": 3})
	count := func(n object, likes, shares int) {
		t.Helper()
		if st := s.alice.Resolve(id(n)); st.Count("favourites") != likes || st.Count("reblogs") != shares {
			t.Errorf("%s: %d likes and %d boosts instead of %d and %d", n["content"], st.Count("favourites"), st.Count("reblogs"), likes, shares)
		}
	}
	count(inline, 40, 12)
	count(negative, 0, 1<<53)
	count(byID, 0, 0)
	s.open(id(byID))
	s.world.Advance(time.Minute)
	count(byID, 9, 3)
	s.alice.Act("favourite", s.alice.Resolve(id(inline)))
	like := eve.Activity("Like", id(inline))
	eve.Send(s.here, like)
	s.world.Run()
	count(inline, 42, 12)
	eve.Send(s.here, eve.Activity("Undo", like))
	s.alice.Act("unfavourite", s.alice.Resolve(id(inline)))
	count(inline, 40, 12)
	// Another total, which is less than what is known here.
	s.alice.Act("favourite", s.alice.Resolve(id(byID)))
	bob.Host.Serve(bob.URI+"/likes", object{"id": bob.URI + "/likes", "type": "Collection", "totalItems": 0})
	s.world.Advance(20 * time.Minute)
	s.open(id(byID))
	s.world.Advance(time.Minute)
	count(byID, 1, 3)
	var liked bool
	s.here.View(func(tx *store.Tx) (err error) {
		o, err := tx.ObjectByURI(id(byID))
		if err == nil {
			liked, err = tx.HasFavourite(s.alice.ID, o.ID)
		}
		return err
	})
	if !liked {
		t.Error("it is not favourited")
	}
}
