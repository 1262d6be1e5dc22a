package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
)

// What has no rule is answered with 202 and a reason in the log; of strangers
// it costs no fetch of a key and no row.
func TestIgnored(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	st := s.alice.Post("hello")
	s.world.Run()
	before := s.seen()
	for _, who := range []*apptest.Stranger{s.bob, s.mallory} {
		who.Host.Forget()
		rows := s.here.Count(`SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM objects) + (SELECT COUNT(*) FROM jobs)`)
		for _, typ := range []string{"Dislike", "View", "Listen", "Read", "Join", "Leave", "Offer", "Invite", "CacheFile", "Travel", "toot:Nonsense", strings.Repeat("x", 5000)} {
			s.sends(202, who, who.Activity(typ, st.URI, "to", []string{s.alice.URI}))
			read := strings.TrimPrefix(typ, "toot:")
			if !strings.Contains(s.here.Log(), fmt.Sprintf("activities of type \\\"%s", read[:min(len(read), 30)])) {
				t.Errorf("no reason for %.30s is logged", typ)
			}
		}
		if n := len(who.Host.Asked(http.MethodGet, "")); n != 0 {
			t.Errorf("they cost %d fetches", n)
		}
		if n := s.here.Count(`SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM objects) + (SELECT COUNT(*) FROM jobs)`); n != rows {
			t.Errorf("they wrote %d rows", n-rows)
		}
	}
	s.same(before, "they")
}

// Who is addressed only by bto, bcc or audience gets the post, and nobody is
// told.
func TestHiddenAddressees(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"bto", "bcc", "audience"} {
		t.Run(field, func(t *testing.T) {
			s := newScene(t)
			note := s.mallory.Note("psst", "to", []string{s.mallory.URI + "/nobody"}, "cc", []string{}, field, []string{s.alice.URI})
			inner := s.mallory.Note("on the activity", "to", []string{s.mallory.URI + "/nobody"}, "cc", []string{})
			s.sends(202, s.mallory, s.mallory.Activity("Create", note))
			s.sends(202, s.mallory, s.mallory.Activity("Create", inner, field, s.alice.URI))
			for _, n := range []object{note, inner} {
				st := s.alice.Status(n["id"].(string))
				if st == nil || st.Entity["visibility"] != "direct" || len(st.Entity["mentions"].([]any)) != 0 {
					t.Fatalf("alice sees %v", st)
				}
				if s.carol.Status(n["id"].(string)) != nil {
					t.Error("carol sees it")
				}
			}
			if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE NOT local AND (json <> '' OR to_uris <> '' OR cc_uris <> '')`); n != 0 {
				t.Error("addressees are stored")
			}
		})
	}
}

// Nothing is boosted that is no public status: each costs at most one fetch.
func TestAnnounceOfOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	boost := s.sends(202, s.mallory, s.mallory.Activity("Announce", s.alice.Post("hello").URI, "to", []string{apptest.Public}))
	s.mallory.Host.Serve(boost["id"].(string), boost)
	gone := s.mallory.URI + "/notes/gone"
	s.mallory.Host.Serve(gone, object{"@context": "https://www.w3.org/ns/activitystreams", "id": gone, "type": "Tombstone"})
	private := s.mallory.Note("psst", "to", []string{s.mallory.URI + "/followers"}, "cc", []string{})

	home := func() (uris []string) {
		for _, st := range s.alice.Home() {
			uris = append(uris, st.URI)
		}
		return uris
	}
	before := fmt.Sprint(home(), s.alice.Notifications())
	for what, announced := range map[string]any{
		"a boost": boost["id"], "an embedded boost": boost, "an actor": s.mallory.URI, "an embedded actor": s.mallory.Document, "an actor here": s.alice.URI,
		"a tombstone": gone, "what is not public": private["id"], "what is not public, embedded": private, "nothing": "", "no address": "urn:x",
		"a collection": s.mallory.URI + "/followers", "an activity here": s.alice.URI + "#likes/1",
	} {
		s.mallory.Host.Forget()
		for range 2 {
			s.sends(202, s.bob, s.bob.Activity("Announce", announced, "to", []string{apptest.Public}))
		}
		if after := fmt.Sprint(home(), s.alice.Notifications()); after != before {
			t.Errorf("%s changed what alice sees from %s to %s", what, before, after)
		}
		asked := map[string]int{}
		for _, r := range s.mallory.Host.Asked(http.MethodGet, "") {
			asked[r.Target]++
		}
		for target, n := range asked {
			if n > 2 {
				t.Errorf("%s: %s is fetched %d times for two Announces", what, target, n)
			}
		}
	}
}
