package activity_test

import (
	"fmt"
	"net/http"
	"testing"
)

// featured gives bob a featured collection, of which it is known here.
func featured(s *scene) string {
	s.Helper()
	uri := s.bob.URI + "/featured"
	s.bob.Document["featured"] = uri
	s.bob.Publish()
	s.sends(202, s.bob, s.bob.Activity("Update", s.bob.Document))
	return uri
}

// pins are the posts that bob has pinned, as alice sees them.
func pins(s *scene) (out []string) {
	s.Helper()
	for _, st := range s.alice.Timeline("/api/v1/accounts/"+s.alice.Find(s.bob.URI)+"/statuses", "pinned", "true") {
		out = append(out, st.URI)
	}
	return out
}

func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	var note object
	var target string
	given := func(pairs ...any) func(s *scene) {
		return func(s *scene) { target = featured(s); note = s.knows(s.bob.Note("hello", pairs...)) }
	}
	add := func(s *scene) object { return s.bob.Activity("Add", note["id"], "target", target) }
	remove := func(s *scene) object { return s.bob.Activity("Remove", note["id"], "target", target) }
	pinned := func(n int) func(s *scene) {
		return func(s *scene) {
			t.Helper()
			if got := pins(s); len(got) != n || n == 1 && got[0] != note["id"] {
				s.Errorf("pinned are %v", got)
			}
		}
	}
	try(t, []rule{
		{name: "an Add", given: given(), send: add, then: pinned(1)},
		{name: "an Add of a document", given: given(), send: func(s *scene) object { return s.bob.Activity("Add", note, "target", target) }, then: pinned(1)},
		{name: "an Add of what is fetched for it", given: func(s *scene) { target = featured(s); note = s.bob.Note("old") }, send: add, then: pinned(1)},
		{name: "a Remove", given: func(s *scene) { given()(s); s.sends(202, s.bob, add(s)) }, send: remove, then: pinned(0)},
		{name: "a Remove of what is not pinned", nothing: true, given: given(), send: remove, then: pinned(0)},
		{name: "to another collection", nothing: true, given: given(), send: func(s *scene) object {
			return s.bob.Activity("Add", note["id"], "target", s.bob.URI+"/moderators")
		}, then: pinned(0)},
		{name: "to no collection", nothing: true, given: given(), send: func(s *scene) object { return s.bob.Activity("Add", note["id"]) }, then: pinned(0)},
		{name: "of a direct message", nothing: true, given: func(s *scene) {
			target = featured(s)
			note = s.knows(s.bob.To(s.alice, "psst"))
		}, send: add, then: pinned(0)},
		{name: "of what was deleted", nothing: true, given: func(s *scene) {
			given()(s)
			s.sends(202, s.bob, s.bob.Activity("Delete", note["id"]))
		}, send: add, then: pinned(0)},
		{name: "of more than is kept", nothing: true, given: func(s *scene) {
			target = featured(s)
			for range 20 {
				note = s.knows(s.bob.Note("hello"))
				s.sends(202, s.bob, add(s))
			}
			note = s.knows(s.bob.Note("one more"))
		}, send: add, then: func(s *scene) {
			if got := pins(s); len(got) != 20 {
				t.Errorf("%d are pinned", len(got))
			}
		}},
		{name: "forged: to a neighbour's collection", by: byEve, nothing: true, given: given(), send: func(s *scene) object {
			return s.eve.Activity("Add", note["id"], "target", target)
		}, then: pinned(0)},
		{name: "forged: a neighbour's post in one's own collection", by: byEve, want: 403, given: func(s *scene) {
			given()(s)
			s.eve.Document["featured"] = s.eve.URI + "/featured"
			s.eve.Publish()
		}, send: func(s *scene) object { return s.eve.Activity("Add", note["id"], "target", s.eve.URI+"/featured") }, then: pinned(0)},
		{name: "forged: a post of ours", want: 403, given: func(s *scene) { target = featured(s); note = object{"id": s.alice.Post("hello").URI} }, send: add},
		{name: "forged: a neighbour's Remove", by: byEve, nothing: true, given: func(s *scene) { given()(s); s.sends(202, s.bob, add(s)) }, send: func(s *scene) object {
			return s.eve.Activity("Remove", note["id"], "target", target)
		}, then: pinned(1)},
		{name: "forged: another's", by: byMallory, want: 403, given: given(), send: add, then: pinned(0)},
	})
}

// A pin here goes to the followers, once, and its end too.
func TestPinHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	st := s.alice.Post("hello")
	s.world.Run()
	s.bob.Host.Forget()
	for _, action := range []string{"pin", "pin", "unpin", "unpin"} {
		s.alice.Act(action, st)
		s.world.Run()
	}
	got := s.bob.Received()
	if len(got) != 2 || got[0]["type"] != "Add" || got[1]["type"] != "Remove" {
		t.Fatalf("bob receives %v", got)
	}
	for _, a := range got {
		if a["object"] != st.URI || a["target"] != s.alice.URI+"/collections/featured" || a["actor"] != s.alice.URI {
			t.Errorf("bob receives %v", a)
		}
		if w := s.bob.Get(s.here, a["id"].(string)); w.Code != http.StatusOK {
			t.Errorf("its document is answered with %d", w.Code)
		}
	}
}

// An edit reaches who boosted, favourited or answered what is public without
// following, once each; of what is not public, only whom it was for.
func TestEditReachesReaders(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	st, private := s.alice.Post("hello"), s.alice.Post("psst", "visibility", "private")
	s.world.Run()
	fred := s.world.Stranger("fred@f.test")
	gina := s.world.Stranger("gina@g.test")
	s.sends(202, s.mallory, s.mallory.Activity("Like", st.URI))
	s.sends(202, fred, fred.Activity("Announce", st.URI, "to", []string{"as:Public"}))
	s.sends(202, gina, gina.Activity("Create", gina.Note("re", "inReplyTo", st.URI)))
	s.sends(202, s.bob, s.bob.Activity("Announce", st.URI, "to", []string{"as:Public"}))
	s.sends(202, gina, gina.Activity("Create", gina.Note("re", "inReplyTo", private.URI)))
	updates := func(want string) {
		t.Helper()
		got := ""
		for _, who := range []interface{ ReceivedTypes() []string }{s.bob, s.mallory, fred, gina} {
			n := 0
			for _, typ := range who.ReceivedTypes() {
				if typ == "Update" {
					n++
				}
			}
			got += fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("bob, mallory, fred and gina have %s Updates, not %s", got, want)
		}
	}
	s.alice.Edit(st, "hello!")
	s.world.Run()
	updates("1111")
	s.alice.Edit(private, "psst!")
	s.world.Run()
	updates("2111")
	s.alice.Relate("block", s.mallory.URI)
	s.alice.Edit(st, "hello?")
	s.world.Run()
	updates("3122")
}
