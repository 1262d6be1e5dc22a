package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// community is a Group, followed by alice, whose members post from m.test.
type community struct {
	*scene
	group, member *apptest.Stranger
	page          object
}

func newCommunity(t *testing.T) *community {
	t.Helper()
	s := newScene(t)
	c := &community{scene: s, group: s.world.Stranger("birds@lemmy.test"), member: s.world.Stranger("member@m.test")}
	c.group.Document["type"] = "Group"
	c.group.Publish()
	c.group.FollowedBy(s.alice)
	c.page = c.post("a heron")
	return c
}

// post is one of the member's in the community.
func (c *community) post(text string, pairs ...any) object {
	return c.member.Note(text, append([]any{"type", "Page", "name", text, "to", []string{c.group.URI, apptest.Public}, "audience", c.group.URI}, pairs...)...)
}

// announce has the group announce an activity of somebody, as Lemmy does.
func (c *community) announce(inner object) object {
	c.Helper()
	delete(inner, "@context")
	return c.sends(http.StatusAccepted, c.group, c.group.Activity("Announce", inner, "to", []string{apptest.Public}))
}

func (c *community) asked(who *apptest.Stranger) int {
	return len(who.Host.Asked(http.MethodGet, ""))
}

func TestGroupAnnounces(t *testing.T) {
	t.Parallel()
	created := func(c *community) { c.announce(c.member.Activity("Create", c.page)) }
	for _, x := range []struct {
		name string
		run  func(t *testing.T, c *community)
	}{
		{"a Create of a Page boosts it, once", func(t *testing.T, c *community) {
			created(c)
			c.announce(c.member.Activity("Create", c.page))
			c.sends(202, c.group, c.group.Activity("Announce", c.page["id"], "to", []string{apptest.Public}))
			c.has(c.page["id"])
			c.count(c.page["id"], "reblogs", 1)
			if n := len(c.member.Host.Asked(http.MethodGet, strings.TrimPrefix(c.page["id"].(string), "https://m.test"))); n != 1 {
				t.Errorf("the page was fetched %d times", n)
			}
		}},
		{"a Create that was announced is unboosted", func(t *testing.T, c *community) {
			a := c.announce(c.member.Activity("Create", c.page))
			c.sends(202, c.group, c.group.Activity("Undo", object{"type": "Announce", "actor": c.group.URI, "object": a["object"]}))
			c.count(c.page["id"], "reblogs", 0)
		}},
		{"what is embedded is not believed", func(t *testing.T, c *community) {
			forged := object{}
			for k, v := range c.page {
				forged[k] = v
			}
			forged["content"] = "forged"
			c.announce(c.member.Activity("Create", forged))
			if st := c.alice.Status(c.page["id"].(string)); st == nil || strings.Contains(st.Text(), "forged") {
				t.Errorf("alice sees %v", st)
			}
		}},
		{"a comment is kept where its thread is, and not boosted", func(t *testing.T, c *community) {
			created(c)
			comment := c.post("nice", "type", "Note", "name", nil, "inReplyTo", c.page["id"])
			c.announce(c.member.Activity("Create", comment))
			other := c.post("elsewhere", "type", "Note", "name", nil, "inReplyTo", "https://m.test/unknown")
			c.announce(c.member.Activity("Create", other))
			c.hasNot(comment["id"])
			c.count(c.page["id"], "replies", 1)
			if c.alice.Status(other["id"].(string)) != nil {
				t.Error("a comment of an unknown thread was fetched")
			}
		}},
		{"a comment on a post here notifies", func(t *testing.T, c *community) {
			mine := c.alice.Post("hello")
			comment := c.post("nice", "type", "Note", "name", nil, "inReplyTo", mine.URI, "tag", []object{apptest.Mention(c.alice)})
			c.announce(c.member.Activity("Create", comment))
			c.notified("mention @member@m.test")
			c.sends(202, c.member, c.member.Activity("Create", comment))
			c.notified("mention @member@m.test")
		}},
		{"what is old is not new because it is announced", func(t *testing.T, c *community) {
			c.member.FollowedBy(c.alice)
			mine := c.alice.Post("hello")
			for i, age := range []time.Duration{8 * 24 * time.Hour, time.Hour} {
				comment := c.post("nice", "type", "Note", "name", nil, "inReplyTo", mine.URI, "tag", []object{apptest.Mention(c.alice)},
					"published", c.world.Now().Add(-age).Format(time.RFC3339))
				top := c.post("a heron", "published", c.world.Now().Add(-age).Format(time.RFC3339))
				before := c.here.Count(`SELECT COUNT(*) FROM home_feed`)
				c.announce(c.member.Activity("Create", comment))
				c.announce(c.member.Activity("Create", top))
				if n := c.countNotifications("mention @member@m.test"); n != i {
					t.Errorf("of what is %s old alice has %d notifications", age, n)
				}
				// The boost of the old post; the new one itself, for its author's followers,
				// and the comment for alice, whose post it answers.
				if n := c.here.Count(`SELECT COUNT(*) FROM home_feed`) - before; n != int64(1+i) {
					t.Errorf("of what is %s old %d entries are in home", age, n)
				}
			}
		}},
		{"an Update is fetched", func(t *testing.T, c *community) {
			created(c)
			c.page["content"] = "<p>two herons</p>"
			c.page["updated"] = "2030-01-01T00:00:00Z"
			c.member.Host.Serve(c.page["id"].(string), c.page)
			forged := object{"id": c.page["id"], "type": "Page", "content": "forged", "attributedTo": c.member.URI}
			c.announce(c.member.Activity("Update", forged))
			if st := c.alice.Status(c.page["id"].(string)); !strings.Contains(st.Text(), "two herons") {
				t.Errorf("alice sees %s", st.Text())
			}
		}},
		{"a Delete by its author is asked for at the origin", func(t *testing.T, c *community) {
			plain := c.post("no audience", "audience", nil)
			c.announce(c.member.Activity("Create", plain))
			c.announce(c.member.Activity("Delete", plain["id"]))
			c.has(plain["id"]) // it stands there
			c.world.Clock.Advance(600e9)
			c.member.Host.Handle(strings.TrimPrefix(plain["id"].(string), "https://m.test"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
			c.announce(c.member.Activity("Delete", plain["id"]))
			c.has(plain["id"]) // hidden from us is not deleted
			c.world.Clock.Advance(600e9)
			c.member.Host.Handle(strings.TrimPrefix(plain["id"].(string), "https://m.test"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
			c.announce(c.member.Activity("Delete", plain["id"]))
			c.hasNot(plain["id"])
		}},
		{"a Delete by a moderator is believed of what is in the community", func(t *testing.T, c *community) {
			created(c)
			c.announce(object{"id": "https://lemmy.test/d/1", "type": "Delete", "actor": "https://lemmy.test/u/mod", "object": c.page["id"], "summary": "spam"})
			c.hasNot(c.page["id"])
			if c.alice.Status(c.page["id"].(string)) != nil {
				t.Error("it is still here")
			}
		}},
		{"another group can't delete it", func(t *testing.T, c *community) {
			created(c)
			other := c.world.Stranger("cats@lemmy.test") // even on the host of the community
			other.Document["type"] = "Group"
			other.Publish()
			other.FollowedBy(c.alice)
			for _, who := range []*apptest.Stranger{other, c.member, c.mallory} {
				c.sends(202, who, who.Activity("Announce", object{"id": who.URI + "/d", "type": "Delete", "actor": c.member.URI, "object": c.page["id"]}))
			}
			c.has(c.page["id"])
		}},
		{"a moderator takes no post of an account here away, only the boost of it", func(t *testing.T, c *community) {
			mine := c.alice.Post("hello @birds@lemmy.test")
			c.announce(object{"id": mine.URI + "/c", "type": "Create", "actor": c.alice.URI, "object": mine.URI})
			c.count(mine.URI, "reblogs", 1)
			c.announce(object{"id": "https://lemmy.test/d/1", "type": "Delete", "actor": "https://lemmy.test/u/mod", "object": mine.URI})
			c.count(mine.URI, "reblogs", 0)
		}},
		{"what waits to be fetched is small", func(t *testing.T, c *community) {
			long := strings.Repeat("x", 300_000)
			create := c.member.Activity("Create", c.page, "id", "https://m.test/"+long, "content", long)
			create["object"].(object)["content"] = long
			other := c.member.Activity("Create", object{"id": "https://m.test/" + long, "type": "Page"})
			reply := c.member.Activity("Create", object{"id": "https://m.test/1", "type": "Note", "inReplyTo": "https://m.test/" + long})
			for _, inner := range []object{create, other, reply} {
				if status := c.group.Send(c.here, c.group.Activity("Announce", inner)); status != 202 {
					t.Fatal(status)
				}
			}
			if n := c.here.Count(`SELECT COALESCE(MAX(LENGTH(args)), 0) FROM jobs`); n == 0 || n > 2000 {
				t.Errorf("%d bytes wait", n)
			}
		}},
		{"all else costs no fetch and changes nothing", func(t *testing.T, c *community) {
			created(c)
			before, asked := c.seen(), c.asked(c.member)+c.asked(c.group)+c.asked(c.mallory)
			for i := range 20 {
				for _, typ := range []string{"Like", "Dislike", "Lock", "Add", "Remove", "Block", "Undo", "Flag", "View", "Announce", "EmojiReact", "Follow"} {
					c.announce(object{"id": fmt.Sprintf("https://evil.test/%s/%d", typ, i), "type": typ, "actor": c.mallory.URI, "object": c.page["id"], "content": "🔥"})
				}
			}
			c.announce(object{"id": "https://evil.test/undo", "type": "Undo", "actor": c.mallory.URI, "object": object{"id": "https://evil.test/l", "type": "Like", "actor": c.mallory.URI, "object": c.page["id"]}})
			c.sends(202, c.group, c.group.Activity("Announce", c.mallory.Document))
			c.same(before, "it")
			if n := c.asked(c.member) + c.asked(c.group) + c.asked(c.mallory); n != asked {
				t.Errorf("it cost %d fetches", n-asked)
			}
			if !strings.Contains(c.here.Log(), "a Dislike that a group announces changes nothing here") {
				t.Error("no reason is logged")
			}
		}},
		{"what a group announces that nobody follows is not fetched", func(t *testing.T, c *community) {
			other := c.world.Stranger("cats@other.test")
			other.Document["type"] = "Group"
			other.Publish()
			c.sends(202, other, other.Activity("Announce", c.member.Activity("Create", c.page)))
			if n := c.asked(c.member); n != 0 {
				t.Errorf("it cost %d fetches", n)
			}
		}},
		{"what somebody announces who is no group is not fetched", func(t *testing.T, c *community) {
			c.sends(202, c.bob, c.bob.Activity("Announce", c.member.Activity("Create", c.page)))
			if n := c.asked(c.member); n != 0 {
				t.Errorf("it cost %d fetches", n)
			}
		}},
	} {
		t.Run(x.name, func(t *testing.T) { x.run(t, newCommunity(t)) })
	}
}

// What is written here to a community, or answers in it, is addressed as Lemmy
// reads it and delivered there; what is not public is not.
func TestPostToCommunity(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.announce(c.member.Activity("Create", c.page))
	c.group.Host.Forget()
	reply := c.alice.Reply(c.alice.Status(c.page["id"].(string)), "@member@m.test indeed")
	top := c.alice.Post("@birds@lemmy.test a question")
	c.world.Run()
	c.world.Clock.Advance(time.Second)
	c.alice.Edit(reply, "@member@m.test indeed!")
	c.alice.Reply(c.alice.Status(c.page["id"].(string)), "@member@m.test psst", "visibility", "private")
	c.world.Run()
	got := c.group.Received()
	if types := fmt.Sprint(c.group.ReceivedTypes()); types != "[Create Create Update]" {
		t.Fatalf("the community receives %s", types)
	}
	for i, a := range got {
		note := a["object"].(map[string]any)
		if a["audience"] != c.group.URI || note["audience"] != c.group.URI || !strings.Contains(fmt.Sprint(note["cc"]), c.group.URI) ||
			!strings.Contains(fmt.Sprint(a["cc"]), c.group.URI) {
			t.Errorf("%d: %v", i, a)
		}
		for _, of := range []map[string]any{a, note} {
			for _, k := range []string{"to", "cc"} {
				if _, ok := of[k].([]any); !ok {
					t.Errorf("%s is %v", k, of[k])
				}
			}
		}
		if w := c.group.Get(c.here, note["id"].(string)); !strings.Contains(w.Body.String(), `"audience":"`+c.group.URI+`"`) {
			t.Errorf("the document is %s", w.Body)
		}
	}
	if got[0]["object"].(map[string]any)["inReplyTo"] != c.page["id"] || got[1]["object"].(map[string]any)["id"] != top.URI {
		t.Errorf("the community receives %v", got)
	}
	for _, typ := range []string{"Create", "Update", "Note"} {
		if n := c.here.Count(`SELECT COUNT(*) FROM objects WHERE local AND json <> '' AND type = '` + typ + `'`); n != 0 {
			t.Errorf("%d documents of a %s are stored", n, typ)
		}
	}
}
