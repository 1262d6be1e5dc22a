package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// newHome is bob's other account, which says that it is bob as well.
func newHome(s *scene, pairs ...any) *apptest.Stranger {
	s.Helper()
	home := s.world.Stranger("bob@new.test")
	home.Document["alsoKnownAs"] = []string{s.bob.URI}
	for i := 0; i+1 < len(pairs); i += 2 {
		home.Document[pairs[i].(string)] = pairs[i+1]
	}
	home.Publish()
	return home
}

// follow is how alice follows the actor of a URI: "following", "requested" or "".
func follow(s *scene, uri string) string {
	s.Helper()
	r := s.alice.Relationship(uri)
	for _, how := range []string{"following", "requested"} {
		if r[how] == true {
			return how
		}
	}
	return ""
}

func TestMove(t *testing.T) {
	t.Parallel()
	var home *apptest.Stranger
	given := func(pairs ...any) func(s *scene) { return func(s *scene) { home = newHome(s, pairs...) } }
	move := func(s *scene) object { return s.bob.Activity("Move", s.bob.URI, "target", home.URI) }
	stays := func(s *scene) {
		s.Helper()
		if got := follow(s, s.bob.URI); got != "following" {
			s.Errorf("alice's follow of bob is %q", got)
		}
	}
	moved := func(s *scene) {
		s.Helper()
		if old, new := follow(s, s.bob.URI), follow(s, home.URI); old != "" || new != "requested" {
			s.Errorf("alice's follows are %q and %q", old, new)
		}
		home.Accept(s.alice)
		if got := follow(s, home.URI); got != "following" {
			s.Errorf("alice's follow of the new one is %q", got)
		}
	}
	try(t, []rule{
		{name: "to an account that agrees", given: given(), send: move, then: func(s *scene) {
			moved(s)
			got := s.bob.ReceivedTypes()
			if len(got) == 0 || got[len(got)-1] != "Undo" {
				t.Errorf("bob receives %v", got)
			}
			shown := s.alice.Do(http.MethodGet, "/api/v1/accounts/"+s.alice.Find(s.bob.URI))
			if to, _ := shown["moved"].(object); to["uri"] != home.URI {
				t.Errorf("bob is shown as moved to %v", to["uri"])
			}
		}},
		{name: "whose alias is a text", given: func(s *scene) { home = newHome(s, "alsoKnownAs", s.bob.URI) }, send: move, then: moved},
		{name: "whose alias is one of many", given: func(s *scene) {
			home = newHome(s, "alsoKnownAs", append(manyAliases(200), s.bob.URI))
		}, send: move, then: moved},
		{name: "whose aliases are ten thousand", nothing: true, given: func(s *scene) {
			home = newHome(s, "alsoKnownAs", append(manyAliases(9000), s.bob.URI))
		}, send: move, then: stays},
		{name: "that names nobody", nothing: true, given: given("alsoKnownAs", nil), send: move, then: stays},
		{name: "that names another", nothing: true, given: given("alsoKnownAs", []string{"https://b.test/users/eve"}), send: move, then: stays},
		{name: "that names the page of the actor", nothing: true, given: given("alsoKnownAs", []string{"https://b.test/@bob"}), send: move, then: stays},
		{name: "that has moved itself", nothing: true, given: given("movedTo", "https://third.test/users/bob"), send: move, then: stays},
		{name: "back to where it comes from", nothing: true, given: given("movedTo", "https://b.test/users/bob"), send: move, then: stays},
		{name: "that is another's document", nothing: true, given: func(s *scene) {
			home = newHome(s)
			s.mallory.Document["id"] = home.URI
			s.mallory.Document["alsoKnownAs"] = []string{s.bob.URI}
			home.Document["alsoKnownAs"] = []string{}
			home.Publish()
			s.mallory.Publish()
		}, send: func(s *scene) object { return s.bob.Activity("Move", s.bob.URI, "target", s.mallory.URI) }, then: stays},
		{name: "that does not exist", nothing: true, given: given(),
			send: func(s *scene) object {
				return s.bob.Activity("Move", s.bob.URI, "target", "https://new.test/users/nobody")
			}, then: stays},
		{name: "that is suspended", nothing: true, given: func(s *scene) { home = newHome(s); s.suspend(home) }, send: move, then: stays},
		{name: "to nowhere", want: 403, send: func(s *scene) object { return s.bob.Activity("Move", s.bob.URI) }, then: stays},
		{name: "to itself", want: 403, send: func(s *scene) object { return s.bob.Activity("Move", s.bob.URI, "target", s.bob.URI) }, then: stays},
		{name: "forged: of a neighbour", by: byEve, want: 403, given: func(s *scene) { home = newHome(s); s.eve.FollowedBy(s.carol) },
			send: func(s *scene) object { return s.eve.Activity("Move", s.bob.URI, "target", home.URI) }, then: stays},
		{name: "forged: signed by a neighbour", by: byEve, want: 403, given: given(), send: move, then: stays},
		{name: "forged: by the target", by: func(*scene) *apptest.Stranger { return home }, want: 403, given: given(),
			send: func(s *scene) object { return home.Activity("Move", s.bob.URI, "target", home.URI) }, then: stays},
		{name: "of whom nobody knows", by: byMallory, nothing: true, given: func(s *scene) {
			home = newHome(s, "alsoKnownAs", []string{s.mallory.URI})
		}, send: func(s *scene) object { return s.mallory.Activity("Move", s.mallory.URI, "target", home.URI) }, then: func(s *scene) {
			if n := home.Host.Attempts(); n != 0 {
				t.Errorf("%d requests for a target that nobody wants", n)
			}
		}},
		{name: "by somebody suspended", want: 403, given: func(s *scene) { home = newHome(s); s.suspend(s.bob) }, send: move},
		{name: "to a locked account, which is asked", given: given("manuallyApprovesFollowers", true), send: move, then: moved},
		{name: "of whom alice only asked to follow", nothing: true, by: byMallory, given: func(s *scene) {
			s.alice.Follow("@mallory@evil.test")
			s.world.Run()
			s.mallory.FollowedBy(s.carol)
			home = newHome(s, "alsoKnownAs", []string{s.mallory.URI})
		}, send: func(s *scene) object {
			a := s.mallory.Activity("Move", s.mallory.URI, "target", home.URI)
			return a
		}, then: func(s *scene) {
			if old, new := follow(s, s.mallory.URI), follow(s, home.URI); old != "requested" || new != "" {
				t.Errorf("alice's follows are %q and %q", old, new)
			}
		}},
		{name: "to whom alice mutes", given: func(s *scene) { home = newHome(s); s.alice.Relate("mute", home.URI) }, send: move, then: stays},
		{name: "to whom alice blocks", given: func(s *scene) { home = newHome(s); s.alice.Relate("block", home.URI) }, send: move, then: stays},
		{name: "to who blocks alice", given: func(s *scene) {
			home = newHome(s)
			s.sends(http.StatusAccepted, home, home.Activity("Block", s.alice.URI))
		}, send: move, then: stays},
		{name: "to whom alice follows", given: func(s *scene) { home = newHome(s); home.FollowedBy(s.alice) }, send: move, then: func(s *scene) {
			if old, new := follow(s, s.bob.URI), follow(s, home.URI); old != "" || new != "following" {
				t.Errorf("alice's follows are %q and %q", old, new)
			}
		}},
		{name: "of whom carol blocks and mutes", given: func(s *scene) {
			home = newHome(s)
			s.carol.Relate("block", s.bob.URI)
			s.alice.Relate("mute", s.bob.URI)
			s.alice.Relate("unfollow", s.bob.URI)
		}, send: move, then: func(s *scene) {
			if r := s.carol.Relationship(home.URI); r["blocking"] != true {
				t.Error("carol does not block the new one")
			}
			if r := s.alice.Relationship(home.URI); r["muting"] != true {
				t.Error("alice does not mute the new one")
			}
		}},
	})
}

func manyAliases(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("https://c.test/users/%d", i))
	}
	return list
}

// A follow keeps its settings.
func TestMoveKeepsSettings(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	home := newHome(s)
	s.alice.Follow(s.bob.URI, "reblogs", "false", "notify", "true")
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", home.URI))
	home.Accept(s.alice)
	if r := s.alice.Relationship(home.URI); r["following"] != true || r["showing_reblogs"] != false || r["notifying"] != true {
		t.Errorf("the new follow is %v", r)
	}
}

// Nobody moves people to and fro: not before a week has passed.
func TestMoveCooldown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	home := newHome(s)
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", home.URI))
	home.Accept(s.alice)
	third := s.world.Stranger("bob@third.test")
	third.Document["alsoKnownAs"] = []string{s.bob.URI}
	third.Publish()
	s.bob.FollowedBy(s.carol)
	again := func() { s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", third.URI)) }
	s.world.Advance(6 * 24 * time.Hour)
	again()
	if r := s.carol.Relationship(s.bob.URI); r["following"] != true {
		t.Error("carol was moved within a week")
	}
	s.world.Advance(2 * 24 * time.Hour)
	again()
	if r := s.carol.Relationship(third.URI); r["requested"] != true {
		t.Error("carol is not moved after a week")
	}
}

// A target that is down is asked again until it answers.
func TestMoveToHostThatIsDown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	home := newHome(s)
	home.Host.Down()
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", home.URI))
	if got := follow(s, s.bob.URI); got != "following" {
		t.Errorf("alice's follow of bob is %q", got)
	}
	home.Host.Up()
	s.world.Advance(time.Hour)
	if got := follow(s, home.URI); got != "requested" {
		t.Errorf("alice's follow of the new one is %q", got)
	}
}

// A remote account moves here.
func TestMoveHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", s.carol.URI))
	if got := follow(s, s.carol.URI); got != "" {
		t.Errorf("alice's follow of carol, who does not agree, is %q", got)
	}
	if _, err := s.here.Service.AddAlias(t.Context(), "carol", "@bob@b.test"); err != nil {
		t.Fatal(err)
	}
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Move", s.bob.URI, "target", s.carol.URI))
	if old, new := follow(s, s.bob.URI), follow(s, s.carol.URI); old != "" || new != "following" {
		t.Errorf("alice's follows are %q and %q", old, new)
	}
}

// An account here moves: its followers are told once, it serves where it is now,
// and begins nothing more.
func TestMoveAway(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	service, ctx := s.here.Service, t.Context()
	s.carol.Follow(s.alice.Handle)
	s.world.Run()
	home := s.world.Stranger("alice@new.test")
	post := s.alice.Post("before")
	if _, err := service.MoveAccount(ctx, "alice", "@alice@new.test"); err == nil || !strings.Contains(err.Error(), "alsoKnownAs") {
		t.Errorf("moved to who does not agree: %v", err)
	}
	home.Document["alsoKnownAs"] = []string{s.alice.URI}
	home.Publish()
	s.world.Run()
	s.bob.Host.Forget()
	if _, err := service.MoveAccount(ctx, "alice", "@alice@new.test"); err != nil {
		t.Fatal(err)
	}
	s.world.Run()
	got := s.bob.Received()
	if len(got) != 2 || got[0]["type"] != "Move" || got[0]["object"] != s.alice.URI || got[0]["target"] != home.URI || got[1]["type"] != "Update" {
		t.Fatalf("bob receives %v", got)
	}
	if doc := got[1]["object"].(object); doc["movedTo"] != home.URI {
		t.Errorf("the Update says %v", doc)
	}
	if r := s.carol.Relationship(home.URI); r["requested"] != true {
		t.Errorf("carol's follow is %v", r)
	}
	for _, c := range [][]string{{"/api/v1/statuses", "status", "after"}, {"/api/v1/statuses/" + post.ID + "/favourite"}, {"/api/v1/accounts/" + s.carol.ID.String() + "/follow"}} {
		if status, body := s.alice.Call(http.MethodPost, c[0], c[1:]...); status != http.StatusForbidden {
			t.Errorf("%s is answered with %d %s", c[0], status, body)
		}
	}
	if s.mallory.Follow(s.alice) != "Reject" {
		t.Errorf("a Follow of who moved is answered with %v", s.mallory.ReceivedTypes())
	}
	s.alice.Delete(post)
	if err := service.CancelMove(ctx, "alice"); err != nil {
		t.Fatal(err)
	}
	s.alice.Post("again")
	if _, err := service.MoveAccount(ctx, "alice", "@alice@new.test"); err == nil {
		t.Error("moved twice within 30 days")
	}
	s.world.Advance(30*24*time.Hour + time.Minute)
	if _, err := service.MoveAccount(ctx, "alice", "@alice@new.test"); err != nil {
		t.Error(err)
	}
}

// The aliases of an account here are in its document.
func TestAliases(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	service, ctx := s.here.Service, t.Context()
	for range 2 {
		if uri, err := service.AddAlias(ctx, "alice", "https://evil.test/users/mallory"); err != nil || uri != s.mallory.URI {
			t.Fatal(uri, err)
		}
	}
	if _, err := service.AddAlias(ctx, "alice", s.alice.Handle); err == nil {
		t.Error("alice is an alias of herself")
	}
	if list, err := service.Aliases(ctx, "alice"); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
	s.world.Run()
	got := s.bob.Received()
	if doc := got[len(got)-1]["object"].(object); fmt.Sprint(doc["alsoKnownAs"]) != "["+s.mallory.URI+"]" {
		t.Errorf("bob receives %v", got[len(got)-1])
	}
	s.mallory.Host.Failing(http.StatusGone)
	if err := service.RemoveAlias(ctx, "alice", "@mallory@evil.test"); err != nil {
		t.Error(err)
	}
	if err := service.RemoveAlias(ctx, "alice", "@mallory@evil.test"); err == nil {
		t.Error("removed twice")
	}
	s.here.View(func(tx *store.Tx) error {
		a, err := tx.Account(s.alice.ID)
		if err == nil && len(a.AlsoKnownAs) != 0 {
			t.Errorf("alice's aliases are %v", a.AlsoKnownAs)
		}
		return err
	})
}
