package ap_test

import (
	"strings"
	"testing"

	"kinglet/ap"
	"kinglet/ap/policy"
	"kinglet/internal/apptest"
	"kinglet/store"
)

// What a relay may not bring is refused with a reason, and what can be told from
// what came costs no fetch.
func TestRelayMayNotBring(t *testing.T) {
	t.Parallel()
	type scene struct {
		w                *apptest.World
		here             *apptest.Server
		relay, bob, evil *apptest.Stranger
		alice            *apptest.Account
	}
	announced := func(s *scene, uri any) apptest.Object { return s.relay.Activity("Announce", uri) }
	for _, c := range []struct {
		name   string
		tags   []string
		sends  func(s *scene) apptest.Object
		want   int
		why    string // the admin is told
		gets   int    // at b.test, for all of it
		by     string // who sends it, if not the relay
		before func(s *scene)
	}{
		{"before it has accepted", nil, func(s *scene) apptest.Object { return announced(s, s.bob.Note("x")["id"]) }, 202, "has not accepted", 0, "", func(s *scene) {
			addRelay(t, s.here, ap.RelayRequest{URL: "https://relay.test/inbox"})
			s.relay.Send(s.here, s.relay.Activity("Reject", followSent(t, s.relay)))
			addRelay(t, s.here, ap.RelayRequest{URL: "https://relay.test/inbox"})
		}},
		{"before it has accepted, forwarded", nil, func(s *scene) apptest.Object { return s.bob.Activity("Create", s.bob.Note("x")) }, 202, "has not accepted", 0, "", func(s *scene) {
			r := relayNow(t, s.here, "https://relay.test/inbox")
			s.here.Update(func(tx *store.Tx) error { _, err := tx.AnswerRelay(r.ID, "rejected", r.ActorURI); return err })
		}},
		{"by another of its host", nil, func(s *scene) apptest.Object { return s.bob.Activity("Create", s.bob.Note("x")) }, 403, "", 0, "eve@relay.test", nil},
		{"by another of its host, announced", nil, func(s *scene) apptest.Object {
			return s.w.Stranger("eve@relay.test").Activity("Announce", s.bob.Note("x")["id"])
		}, 202, "", 0, "eve@relay.test", nil},
		{"under the id of another", nil, func(s *scene) apptest.Object {
			return s.relay.Activity("Announce", s.bob.Note("x")["id"], "id", "https://b.test/1")
		}, 403, "", 0, "", nil},
		{"of this server", nil, func(s *scene) apptest.Object { return announced(s, s.alice.Post("mine", "visibility", "private").URI) }, 202, "came before", 0, "", nil},
		{"of this server, made up", nil, func(s *scene) apptest.Object { return announced(s, "https://A.test./objects/made-up") }, 202, "is this server's own", 0, "", nil},
		{"of its own host by another author", nil, func(s *scene) apptest.Object {
			note := s.relay.Note("x", "attributedTo", s.bob.URI)
			return announced(s, note["id"])
		}, 202, "has no author of its own origin", 0, "", nil},
		{"forwarded with an id of another origin than its author", nil, func(s *scene) apptest.Object {
			return s.bob.Activity("Create", s.evil.Note("x", "attributedTo", s.bob.URI))
		}, 202, "has another origin than its author", 0, "", nil},
		{"for followers", nil, func(s *scene) apptest.Object {
			return announced(s, s.bob.Note("x", "to", []string{s.bob.URI + "/followers"}, "cc", []string{})["id"])
		}, 202, "is not public", 1, "", nil},
		{"unlisted", nil, func(s *scene) apptest.Object {
			return announced(s, s.bob.Note("x", "to", []string{s.bob.URI + "/followers"}, "cc", []string{apptest.Public})["id"])
		}, 202, "is not public", 1, "", nil},
		{"what its origin does not show", nil, func(s *scene) apptest.Object { return announced(s, "https://b.test/users/bob/hidden") }, 202, "answers 404", 1, "", nil},
		{"an actor", nil, func(s *scene) apptest.Object { return announced(s, s.bob.URI) }, 202, "is not a status", 1, "", nil},
		{"a boost", nil, func(s *scene) apptest.Object {
			boost := s.bob.Activity("Announce", s.bob.Note("x")["id"])
			s.bob.Host.Serve(boost["id"].(string), boost)
			return announced(s, boost["id"])
		}, 202, "is not a status", 1, "", nil},
		{"a Create of another's post", nil, func(s *scene) apptest.Object {
			note := s.evil.Note("x", "attributedTo", s.bob.URI)
			create := s.bob.Activity("Create", note["id"])
			s.bob.Host.Serve(create["id"].(string), create)
			return announced(s, create["id"])
		}, 202, "has no author of its own origin", 1, "", nil},
		{"a Like", nil, func(s *scene) apptest.Object { return s.bob.Activity("Like", s.alice.Post("mine").URI) }, 202, "changes nothing here", 0, "", nil},
		{"an announced Follow", nil, func(s *scene) apptest.Object { return announced(s, s.bob.Activity("Follow", s.alice.URI)) }, 202, "changes nothing here", 0, "", nil},
		{"without an id", nil, func(s *scene) apptest.Object { return announced(s, "gopher://b.test/1") }, 202, "has no id", 0, "", nil},
		{"of a blocked domain", nil, func(s *scene) apptest.Object {
			return announced(s, s.w.Stranger("x@blocked.test").Note("x")["id"])
		}, 202, "blocked", 0, "", nil},
		{"of a blocked domain, forwarded", nil, func(s *scene) apptest.Object {
			x := s.w.Stranger("x@blocked.test")
			return x.Activity("Create", x.Note("x"))
		}, 202, "blocked", 0, "", nil},
		{"without the hashtag, forwarded", []string{"cats"}, func(s *scene) apptest.Object {
			return s.bob.Activity("Create", s.bob.Note("x #dogs", "tag", apptest.Object{"type": "Hashtag", "name": "#dogs"}))
		}, 202, "has none of the hashtags", 0, "", nil},
		{"without the hashtag, announced", []string{"cats"}, func(s *scene) apptest.Object { return announced(s, s.bob.Note("x")["id"]) }, 202, "has none of the hashtags", 1, "", nil},
		{"with the hashtag only as the relay has it", []string{"cats"}, func(s *scene) apptest.Object {
			note := s.bob.Note("x")
			with := apptest.Object{"tag": []apptest.Object{{"type": "Hashtag", "name": "#cats"}}}
			for k, v := range note {
				with[k] = v
			}
			return s.bob.Activity("Create", with)
		}, 202, "has none of the hashtags", 1, "", nil},
		{"an edit of what is not known", nil, func(s *scene) apptest.Object { return s.bob.Activity("Update", s.bob.Note("x")) }, 202, "is about what is not known here", 0, "", nil},
		{"while it is suspended", nil, func(s *scene) apptest.Object { return announced(s, s.bob.Note("x")["id"]) }, 403, "", 0, "", func(s *scene) { suspend(s.here, s.relay.URI) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			w.Policy = policy.New(policy.Policy{Name: "test", Host: func(host string) policy.Verdict {
				if host == "blocked.test" {
					return policy.Refuse("%s is blocked", host)
				}
				return policy.Verdict{}
			}})
			here, relay := w.Server("a.test"), relayAt(w, "relay.test")
			addRelay(t, here, ap.RelayRequest{URL: "https://relay.test/inbox", Tags: c.tags})
			relay.Send(here, relay.Activity("Accept", followSent(t, relay)))
			s := &scene{w: w, here: here, relay: relay, alice: here.Account("alice"), bob: w.Stranger("bob@b.test"), evil: w.Stranger("evil@evil.test")}
			doc := c.sends(s)
			if c.before != nil {
				c.before(s)
			}
			by := relay
			if c.by != "" {
				by = w.Stranger(c.by)
			}
			before := len(s.alice.Timeline("/api/v1/timelines/public"))
			s.bob.Host.Forget()
			if status := by.Send(here, doc); status != c.want {
				t.Errorf("answered with %d, not %d", status, c.want)
			}
			w.Run()
			if now := len(s.alice.Timeline("/api/v1/timelines/public")); now != before || here.Count(`SELECT COUNT(*) FROM objects WHERE NOT local AND deleted_at = 0`) != 0 {
				t.Errorf("it is here: %d posts, not %d", now, before)
			}
			if got := len(s.bob.Host.Asked("GET", "")); got != c.gets && !(c.by != "" && c.want == 403) {
				t.Errorf("b.test was asked %d times, not %d: %v", got, c.gets, s.bob.Host.Asked("GET", ""))
			}
			r := relayNow(t, here, "https://relay.test/inbox")
			if c.why != "came before" && !strings.Contains(r.RefusedWhy, c.why) || c.why == "" && r.Refused != 0 {
				t.Errorf("refused %d, last %q, not %q", r.Refused, r.RefusedWhy, c.why)
			}
			if c.gets == 0 && !strings.Contains(c.why, "no author of its own origin") && r.HourSpent != 0 {
				t.Error("it was spent on, and need not have been")
			}
			if r.Taken != 0 {
				t.Errorf("taken %d", r.Taken)
			}
			if c.why != "" && !strings.Contains(here.Log(), c.why) {
				t.Errorf("the log does not say %q", c.why)
			}
		})
	}
}
