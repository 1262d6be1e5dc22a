package ap_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kinglet/ap/policy"
	"kinglet/internal/apptest"
)

// pollOf describes the poll of a post as an account sees it: the votes of each
// option, the voters, whether it voted and for what.
func pollOf(t *testing.T, a *apptest.Account, uri string) string {
	t.Helper()
	st := a.Status(uri)
	if st == nil {
		t.Fatalf("%s does not see %s", a.Handle, uri)
	}
	return describePoll(st.Entity["poll"])
}

func describePoll(v any) string {
	p, _ := v.(map[string]any)
	if p == nil {
		return "none"
	}
	var options []string
	for _, o := range p["options"].([]any) {
		o := o.(map[string]any)
		options = append(options, fmt.Sprint(o["title"], " ", o["votes_count"]))
	}
	out := fmt.Sprintf("%s; %v voters", strings.Join(options, ", "), p["voters_count"])
	if p["voted"] == true {
		out += fmt.Sprint("; voted ", p["own_votes"])
	}
	if p["expired"] == true {
		out += "; ended"
	}
	return out
}

var yesOrNo = []string{"poll[options][]", "Yes", "poll[options][]", "No", "poll[expires_in]", "3600"}

// A poll is voted in from its own server and from another, each voter is counted
// once, all learn the results, and its end.
func TestPoll(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	a, b := w.Server("a.test"), w.Server("b.test")
	alice, carol := a.Account("alice"), a.Account("carol")
	bob, dora := b.Account("bob"), b.Account("dora")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("Tea?", append([]string{"poll[multiple]", "true"}, yesOrNo...)...)
	w.Run()
	see := func(who *apptest.Account, want string) {
		t.Helper()
		if got := pollOf(t, who, post.URI); got != want {
			t.Errorf("%s sees %s, not %s", who.Handle, got, want)
		}
	}
	vote := func(who *apptest.Account, want int, choices ...string) string {
		t.Helper()
		id := who.Resolve(post.URI).ID
		var params []string
		for _, c := range choices {
			params = append(params, "choices[]", c)
		}
		code, body := who.Call("POST", "/api/v1/polls/"+id+"/votes", params...)
		if code != want {
			t.Errorf("%s's vote for %v is answered with %d %s", who.Handle, choices, code, body)
		}
		return string(body)
	}
	see(bob, "Yes 0, No 0; 0 voters")
	see(alice, "Yes 0, No 0; 0 voters; voted []")
	vote(carol, 200, "1")
	vote(bob, 200, "0", "1")
	see(bob, "Yes 1, No 1; 1 voters; voted [0 1]")
	w.Run()
	see(alice, "Yes 1, No 2; 2 voters; voted []")
	see(carol, "Yes 1, No 2; 2 voters; voted [1]")
	if n := b.Count(`SELECT COUNT(*) FROM objects WHERE type = 'Vote' AND deleted_at = 0`); n != 2 {
		t.Errorf("bob sent %d votes", n)
	}
	for want, body := range map[string]string{
		"You cannot vote in your own polls":          vote(alice, 422, "0"),
		"You have already voted on this poll":        vote(bob, 422, "0"),
		"The chosen vote option does not exist":      vote(dora, 422, "2"),
		"The chosen vote option does not exist ":     vote(dora, 422, "-1"),
		"The chosen vote option does not exist  ":    vote(dora, 422),
		"The chosen vote option does not exist    .": vote(dora, 422, "x"),
	} {
		if !strings.Contains(body, strings.TrimRight(want, " .")) {
			t.Errorf("the error is %s, not %s", body, want)
		}
	}
	vote(dora, 200, "0")
	w.Run()
	w.Advance(4 * time.Minute)
	see(bob, "Yes 2, No 2; 3 voters; voted [0 1]")
	see(dora, "Yes 2, No 2; 3 voters; voted [0]")
	if n := a.Count(`SELECT COUNT(*) FROM objects WHERE type = 'Update'`); n != 1 {
		t.Errorf("there are %d Updates", n)
	}
	w.Advance(2 * time.Hour)
	for who, want := range map[*apptest.Account]string{
		alice: "Yes 2, No 2; 3 voters; voted []; ended", carol: "Yes 2, No 2; 3 voters; voted [1]; ended",
		bob: "Yes 2, No 2; 3 voters; voted [0 1]; ended", dora: "Yes 2, No 2; 3 voters; voted [0]; ended",
	} {
		see(who, want)
		if got := strings.Count(strings.Join(who.Notifications(), ","), "poll @alice@a.test"); got != 1 {
			t.Errorf("%s has the notifications %v", who.Handle, who.Notifications())
		}
	}
	if body := vote(dora, 422, "1"); !strings.Contains(body, "already ended") {
		t.Error(body)
	}
	if st := bob.Status(post.URI).Entity; st["edited_at"] != nil || fmt.Sprint(st["replies_count"]) != "0" {
		t.Errorf("the votes are seen: %v", st)
	}
	alice.Delete(post)
	w.Run()
	for _, s := range []*apptest.Server{a, b} {
		if n := s.Count(`SELECT COUNT(*) FROM poll_votes`) + s.Count(`SELECT COUNT(*) FROM objects WHERE type = 'Vote' AND (deleted_at = 0 OR json <> '')`); n != 0 {
			t.Errorf("%s still has %d votes", s.Domain, n)
		}
	}
}

// Hidden results are hidden from everybody until the end.
func TestHiddenTotals(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("Tea?", append([]string{"poll[hide_totals]", "true"}, yesOrNo...)...)
	w.Run()
	if code, body := bob.Call("POST", "/api/v1/polls/"+bob.Status(post.URI).ID+"/votes", "choices[]", "1", "choices[]", "1"); code != 422 {
		t.Errorf("one choice twice is answered with %d %s", code, body)
	}
	bob.Do("POST", "/api/v1/polls/"+bob.Status(post.URI).ID+"/votes", "choices[]", "1")
	w.Advance(10 * time.Minute)
	if got, want := pollOf(t, alice, post.URI), "Yes <nil>, No <nil>; 1 voters; voted []"; got != want {
		t.Errorf("alice sees %s, not %s", got, want)
	}
	bob.Do("GET", "/api/v1/polls/"+bob.Status(post.URI).ID)
	w.Run() // it asks
	if got, want := pollOf(t, bob, post.URI), "Yes 0, No 0; 1 voters; voted [1]"; got != want {
		t.Errorf("bob sees %s, not %s", got, want)
	}
	w.Advance(time.Hour)
	for who, want := range map[*apptest.Account]string{alice: "Yes 0, No 1; 1 voters; voted []; ended", bob: "Yes 0, No 1; 1 voters; voted [1]; ended"} {
		if got := pollOf(t, who, post.URI); got != want {
			t.Errorf("%s sees %s, not %s", who.Handle, got, want)
		}
	}
}

// An edit that offers something else makes the votes void, one that does not
// leaves them, and one without a poll takes it away.
func TestEditedPoll(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("Tea?", yesOrNo...)
	w.Run()
	see := func(want string) {
		t.Helper()
		w.Run()
		if got := pollOf(t, bob, post.URI); got != want {
			t.Errorf("bob sees %s, not %s", got, want)
		}
		if got := pollOf(t, alice, post.URI); strings.Split(got, ";")[0] != strings.Split(want, ";")[0] {
			t.Errorf("alice sees %s, not %s", got, want)
		}
	}
	bob.Do("POST", "/api/v1/polls/"+bob.Status(post.URI).ID+"/votes", "choices[]", "1")
	w.Advance(time.Second)
	alice.Edit(post, "Green tea?", yesOrNo...)
	see("Yes 0, No 1; 1 voters; voted [1]")
	w.Advance(time.Second)
	alice.Edit(post, "Tea?", "poll[options][]", "Yes", "poll[options][]", "Later", "poll[expires_in]", "600")
	see("Yes 0, Later 0; 0 voters")
	bob.Do("POST", "/api/v1/polls/"+bob.Status(post.URI).ID+"/votes", "choices[]", "1")
	w.Advance(11 * time.Minute)
	see("Yes 0, Later 1; 1 voters; voted [1]; ended")
	alice.Edit(post, "No tea.")
	see("none")
	w.Advance(2 * time.Hour)
}

// The results of a poll that a policy has rewritten are sent as well.
func TestPollThatAPolicyRewrote(t *testing.T) {
	t.Parallel()
	w := apptest.NewWorld(t)
	w.Policy = policy.Chain{politeness()}
	alice, bob := w.Server("a.test").Account("alice"), w.Server("b.test").Account("bob")
	bob.Follow("@alice@a.test")
	w.Run()
	post := alice.Post("damn tea?", append([]string{"poll[multiple]", "true"}, yesOrNo...)...)
	w.Run()
	alice.Server.Account("carol").Do("POST", "/api/v1/polls/"+post.ID+"/votes", "choices[]", "1")
	w.Advance(10 * time.Minute)
	if got, want := pollOf(t, bob, post.URI), "Yes 0, No 1; 1 voters"; got != want || !strings.Contains(bob.Status(post.URI).Text(), "d*** tea") {
		t.Errorf("bob sees %s of %s, not %s", got, bob.Status(post.URI).Text(), want)
	}
	w.Advance(time.Hour)
	if got, want := pollOf(t, bob, post.URI), "Yes 0, No 1; 1 voters; ended"; got != want {
		t.Errorf("at the end bob sees %s, not %s", got, want)
	}
}
