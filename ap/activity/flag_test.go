package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store"
)

// reports are the reports that are kept, the newest first.
func (s *scene) reports() (list []*store.Report) {
	s.Helper()
	s.here.View(func(tx *store.Tx) (err error) {
		list, err = tx.Reports(true, 100)
		return err
	})
	return list
}

func (s *scene) makeAdmin(a *apptest.Account) {
	s.Helper()
	if err := s.here.Auth.SetAdmin(s.Context(), a.Name, true); err != nil {
		s.Fatal(err)
	}
}

func TestFlag(t *testing.T) {
	t.Parallel()
	var post string
	given := func(s *scene) { post = s.alice.Post("hello").URI; s.world.Run() }
	kept := func(n int, comment string) func(s *scene) {
		return func(s *scene) {
			s.Helper()
			list := s.reports()
			if len(list) != n {
				s.Fatalf("%d reports are kept", len(list))
			}
			for _, r := range list {
				if r.Comment != comment || !r.ResolvedAt.IsZero() {
					s.Errorf("kept is %+v", r)
				}
			}
		}
	}
	try(t, []rule{
		{name: "of an account and its posts, as Mastodon sends it", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.alice.URI, post}, "content", "spam <b>& more</b>")
		}, then: func(s *scene) {
			kept(1, "spam & more")(s)
			if r := s.reports()[0]; r.TargetID != s.alice.ID || len(r.StatusIDs) != 1 || r.Host != "evil.test" {
				s.Errorf("kept is %+v", r)
			}
		}},
		{name: "of a post, as Lemmy sends it", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", post, "summary", "bad")
		}, then: kept(1, "bad")},
		{name: "without an id", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.alice.URI}, "id", nil, "content", "x")
		}, then: kept(1, "x")},
		{name: "of two accounts", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.carol.URI, post, s.bob.URI}, "content", "x")
		}, then: kept(2, "x")},
		{name: "of nobody here", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.bob.URI, "https://a.test/objects/unknown"}, "content", "x")
		}, then: kept(0, "")},
		{name: "with a very long text", by: byMallory, nothing: true, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.alice.URI}, "content", strings.Repeat("é", 100_000))
		}, then: kept(1, strings.Repeat("é", 3000))},
		{name: "forged: another's", by: byMallory, want: 403, given: given, send: func(s *scene) object {
			return s.bob.Activity("Flag", []string{s.alice.URI}, "content", "x")
		}, then: kept(0, "")},
		{name: "forged: an id of another host", by: byMallory, want: 403, given: given, send: func(s *scene) object {
			return s.mallory.Activity("Flag", []string{s.alice.URI}, "id", "https://b.test/flags/1")
		}, then: kept(0, "")},
	})
}

// Admins are notified of a report, and a host's reports are bounded.
func TestFlagNotifiesAdmins(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.makeAdmin(s.alice)
	st := s.carol.Post("hello")
	for i := range 103 {
		s.sends(202, s.mallory, s.mallory.Activity("Flag", []string{s.carol.URI, st.URI}, "content", fmt.Sprint("spam ", i)))
	}
	if n := len(s.reports()); n != 100 {
		t.Errorf("%d reports are kept", n)
	}
	s.notified("admin.report @mallory@evil.test")
	for _, n := range s.alice.List("/api/v1/notifications", "types[]", "admin.report") {
		report := n["report"].(map[string]any)
		if report["comment"] != "spam 99" || fmt.Sprint(report["status_ids"]) != "["+st.ID+"]" || report["target_account"].(map[string]any)["acct"] != "carol" {
			t.Errorf("the report is %v", report)
		}
		if one := s.alice.Do(http.MethodGet, "/api/v1/notifications/"+n["id"].(string)); one["report"].(map[string]any)["id"] != report["id"] {
			t.Errorf("the notification is %v", one)
		}
	}
	// A report that comes later is news again, and none to who is no admin any more.
	newest := func() apptest.Object {
		return s.alice.List("/api/v1/notifications", "types[]", "admin.report")[0]
	}
	before := newest()
	s.here.Update(func(tx *store.Tx) error { return tx.ResolveReport(s.reports()[0].ID) })
	s.sends(202, s.mallory, s.mallory.Activity("Flag", []string{s.carol.URI}, "content", "once more"))
	after := newest()
	if after["id"] == before["id"] || after["report"].(map[string]any)["comment"] != "once more" {
		t.Errorf("the notification of the next report is %v", after)
	}
	if err := s.here.Auth.SetAdmin(t.Context(), s.alice.Name, false); err != nil {
		t.Fatal(err)
	}
	if n := newest(); n["report"] != nil {
		t.Errorf("who was an admin sees %v", n)
	}
	if n := len(s.carol.Notifications()); n != 0 {
		t.Errorf("carol, who is reported, has %d notifications", n)
	}
}

// A report here is forwarded, if that is asked for, by the actor of the server:
// who reports is told to nobody.
func TestReportHere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.makeAdmin(s.carol)
	note, other := s.knows(s.bob.Note("buy")), s.knows(s.bob.Note("now"))
	mine := s.alice.Post("mine")
	id := s.alice.Find(s.bob.URI)
	ids := func(uris ...any) (out []string) {
		for _, uri := range uris {
			out = append(out, "status_ids[]", s.alice.Status(uri.(string)).ID)
		}
		return out
	}
	s.world.Run()
	s.bob.Host.Forget()
	r := s.alice.Do(http.MethodPost, "/api/v1/reports", append(ids(note["id"], other["id"], mine.URI), "account_id", id, "comment", "spam", "category", "spam", "forward", "true")...)
	if r["forwarded"] != true || r["category"] != "spam" || len(r["status_ids"].([]any)) != 2 {
		t.Errorf("the report is %v", r)
	}
	s.world.Run()
	got := s.bob.Received()
	if len(got) != 1 || got[0]["type"] != "Flag" || got[0]["actor"] != "https://a.test/actor" || got[0]["content"] != "spam" ||
		fmt.Sprint(got[0]["object"]) != fmt.Sprint([]any{s.bob.URI, note["id"], other["id"]}) || strings.Contains(fmt.Sprint(got[0]), "alice") {
		t.Errorf("bob's server receives %v", got)
	}
	if n := s.carol.Notifications(); len(n) != 1 || n[0] != "admin.report @alice@a.test" {
		t.Errorf("the admin's notifications are %v", n)
	}
	s.alice.Do(http.MethodPost, "/api/v1/reports", "account_id", id, "comment", "again")
	s.world.Run()
	if n := len(s.bob.Received()); n != 1 || len(s.reports()) != 2 {
		t.Error("what is not to be forwarded is")
	}
	if status, _ := s.alice.Call(http.MethodPost, "/api/v1/reports", "account_id", id, "comment", strings.Repeat("x", 1001)); status != 422 {
		t.Errorf("a long comment is answered with %d", status)
	}
	if status, _ := s.alice.Call(http.MethodPost, "/api/v1/reports", "account_id", "4711"); status != 404 {
		t.Errorf("an unknown account is answered with %d", status)
	}
}
