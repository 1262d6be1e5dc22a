package activity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kinglet/internal/apptest"
	"kinglet/store"
)

type object = apptest.Object

// scene is where each rule is tried: alice and carol live here; alice and bob,
// who lives elsewhere, follow each other; eve is a neighbour of bob's, and
// mallory is nobody's friend.
type scene struct {
	*testing.T
	world             *apptest.World
	here              *apptest.Server
	alice, carol      *apptest.Account
	bob, eve, mallory *apptest.Stranger
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	s := &scene{
		T: t, world: w, here: here, alice: here.Account("alice"), carol: here.Account("carol"),
		bob: w.Stranger("bob@b.test"), eve: w.Stranger("eve@b.test"), mallory: w.Stranger("mallory@evil.test"),
	}
	s.bob.FollowedBy(s.alice)
	if got := s.bob.Follow(s.alice); got != "Accept" {
		t.Fatalf("bob's Follow is answered with %q", got)
	}
	return s
}

// suspend has a remote account suspended here.
func (s *scene) suspend(who *apptest.Stranger) {
	s.Helper()
	if s.carol.Find(who.URI) == "" {
		s.Fatalf("%s is not found", who.URI)
	}
	s.here.Update(func(tx *store.Tx) error {
		a, err := tx.AccountByURI(who.URI)
		if err != nil {
			return err
		}
		a.SuspendedByUs = true
		return tx.PutAccount(a)
	})
}

// knows has a note of bob's come here.
func (s *scene) knows(note object) object {
	s.Helper()
	s.sends(http.StatusAccepted, s.bob, s.bob.Activity("Create", note))
	return note
}

// sends has somebody send an activity, which is answered with a status, and
// does what it causes.
func (s *scene) sends(want int, who *apptest.Stranger, activity object) object {
	s.Helper()
	if status, body := who.SendTo(s.here, s.here.Config.SharedInboxURI(), activity); status != want {
		s.Fatalf("%v is answered with %d %s, not %d", activity, status, body, want)
	}
	s.world.Run()
	return activity
}

// seen is all that people here see of what the rules write.
func (s *scene) seen() string {
	s.Helper()
	var all strings.Builder
	for _, who := range []*apptest.Account{s.alice, s.carol} {
		for _, path := range []string{
			"/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/notifications", "/api/v1/follow_requests",
			"/api/v1/accounts/" + s.alice.ID.String() + "/statuses", "/api/v1/accounts/" + s.alice.ID.String() + "/followers",
			"/api/v1/accounts/" + s.alice.ID.String() + "/following", "/api/v1/accounts/" + s.alice.ID.String(),
		} {
			status, body := who.Call(http.MethodGet, path)
			fmt.Fprintln(&all, who.Name, path, status, string(body))
		}
	}
	return all.String()
}

// same complains when people here see something else than before.
func (s *scene) same(before, what string) {
	s.Helper()
	was, is := strings.Split(before, "\n"), strings.Split(s.seen(), "\n")
	for i := range was {
		if i >= len(is) || was[i] != is[i] {
			s.Errorf("%s changed what is seen here from\n%s\nto\n%s", what, was[i], is[min(i, len(is)-1)])
			return
		}
	}
}

// has and hasNot check alice's home timeline.
func (s *scene) has(uri any) {
	s.Helper()
	if !s.alice.HasInHome(uri.(string)) {
		s.Errorf("%s is not in alice's home", uri)
	}
}

func (s *scene) hasNot(uri any) {
	s.Helper()
	if s.alice.HasInHome(uri.(string)) {
		s.Errorf("%s is in alice's home", uri)
	}
}

// notified checks that alice has a notification, as "mention @bob@b.test".
func (s *scene) notified(what string) {
	s.Helper()
	if n := s.countNotifications(what); n != 1 {
		s.Errorf("alice has %d notifications of %q: %v", n, what, s.alice.Notifications())
	}
}

func (s *scene) notNotified(what string) {
	s.Helper()
	if n := s.countNotifications(what); n != 0 {
		s.Errorf("alice has a notification of %q", what)
	}
}

func (s *scene) countNotifications(what string) (n int) {
	for _, got := range s.alice.Notifications() {
		if got == what {
			n++
		}
	}
	return n
}

// count is a counter of a post as its author or another here sees it.
func (s *scene) count(uri any, of string, want int) {
	s.Helper()
	st := s.alice.Status(uri.(string))
	if st == nil {
		s.Fatalf("alice does not see %s", uri)
	}
	if got := st.Count(of); got != want {
		s.Errorf("%s has %d %s, not %d", uri, got, of, want)
	}
}

// rule is a case of a table: what a remote actor sends, and what comes of it.
type rule struct {
	name  string
	given func(s *scene)                   // what was before
	by    func(s *scene) *apptest.Stranger // who signs; bob unless it says otherwise
	send  func(s *scene) object
	want  int // the answer; 202 unless it says otherwise
	// nothing reports that nobody here notices anything; so it is of everything
	// that is refused.
	nothing bool
	then    func(s *scene)
}

func byEve(s *scene) *apptest.Stranger     { return s.eve }
func byMallory(s *scene) *apptest.Stranger { return s.mallory }

// try tries each case in a scene of its own. Whatever it is, sending it once
// more changes nothing.
func try(t *testing.T, rules []rule) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t)
			if r.given != nil {
				r.given(s)
			}
			by := s.bob
			if r.by != nil {
				by = r.by(s)
			}
			want := r.want
			if want == 0 {
				want = http.StatusAccepted
			}
			activity := r.send(s)
			before := s.seen()
			s.sends(want, by, activity)
			if r.nothing || want >= 400 {
				s.same(before, "it")
			}
			if r.then != nil {
				r.then(s)
			}
			before = s.seen()
			if status := by.Send(s.here, activity); status >= 500 || status == http.StatusUnauthorized && want != http.StatusUnauthorized {
				t.Errorf("sent again it is answered with %d", status)
			}
			s.world.Run()
			s.same(before, "the second time it")
		})
	}
}

// keepAll has a clean-up delete only what has a time to live of its own.
func keepAll(s *scene) store.Kept {
	return store.Kept{IdempotencyKeys: s.world.Now().AddDate(-1, 0, 0), DeadJobs: s.world.Now().AddDate(-1, 0, 0), Events: s.world.Now().AddDate(-1, 0, 0), HomeFeed: 1000}
}
