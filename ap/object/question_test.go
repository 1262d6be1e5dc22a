package object_test

import (
	"fmt"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// A poll of elsewhere is shown with its options and tallies; what its server
// counts later comes as an Update that is no edit.
func TestQuestion(t *testing.T) {
	w := apptest.NewWorld(t)
	here := w.Server("a.test")
	alice, bob := here.Account("alice"), w.Stranger("@bob@b.test")
	bob.FollowedBy(alice)
	option := func(name string, votes int) apptest.Object {
		return apptest.Object{"type": "Note", "name": name, "replies": apptest.Object{"type": "Collection", "totalItems": votes}}
	}
	ends := w.Now().Add(time.Hour).Format(time.RFC3339)
	note := bob.Note("Tea?", "type", "Question", "oneOf", []any{option("Yes", 2), option("No", 1)}, "endTime", ends, "votersCount", 3)
	bob.Send(here, bob.Activity("Create", note))
	poll := func() string {
		st := alice.Status(note["id"].(string)).Entity
		p := st["poll"].(map[string]any)
		return fmt.Sprint(st["content"], p["options"], p["multiple"], p["expired"], p["votes_count"], p["voters_count"], st["edited_at"])
	}
	if got, want := poll(), "<p>Tea?</p>[map[title:Yes votes_count:2] map[title:No votes_count:1]] false false 3 3 <nil>"; got != want {
		t.Errorf("it is  %s\nand not %s", got, want)
	}
	note["oneOf"] = []any{option("Yes", 3), option("No", -1)}
	note["votersCount"] = 4
	bob.Send(here, bob.Activity("Update", note))
	w.Advance(2 * time.Hour)
	if got, want := poll(), "<p>Tea?</p>[map[title:Yes votes_count:3] map[title:No votes_count:0]] false true 3 4 <nil>"; got != want {
		t.Errorf("it is  %s\nand not %s", got, want)
	}
	several := bob.Note("Which?", "type", "Question", "anyOf", []any{option("a", 1), option("b", 1)}, "closed", true)
	bob.Send(here, bob.Activity("Create", several))
	p := alice.Status(several["id"].(string)).Entity["poll"].(map[string]any)
	if p["multiple"] != true || p["expired"] != true || p["voters_count"] != nil || p["expires_at"] != nil {
		t.Errorf("it is %v", p)
	}
	// Without a vote nobody has voted, as GoToSocial says with votersCount 0.
	unvoted := bob.Note("When?", "type", "Question", "anyOf", []any{option("a", 0), option("b", 0)}, "votersCount", 0)
	bob.Send(here, bob.Activity("Create", unvoted))
	if p := alice.Status(unvoted["id"].(string)).Entity["poll"].(map[string]any); fmt.Sprint(p["voters_count"]) != "0" {
		t.Errorf("it is %v", p)
	}
}

// What no poll can have is none of it: an end that no calendar writes, and more
// votes than can be counted.
func TestQuestionOutOfBounds(t *testing.T) {
	for name, c := range map[string]struct {
		ends    string
		votes   float64
		expires any
		counted float64
	}{
		"its zone moves its end behind the last year": {"9999-12-31T23:59:59-05:00", 2, nil, 4},
		"its zone moves its end before the first":     {"0000-01-01T00:00:00+05:00", 2, nil, 4},
		"the last year":         {"9999-12-31T23:59:59Z", 2, "9999-12-31T23:59:59.000Z", 4},
		"their sum is too much": {"", 9e18, nil, 1 << 54},
		"each is too much":      {"", 1e300, nil, 1 << 54},
		"less than none":        {"", -1e300, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here := w.Server("a.test")
			alice, bob := here.Account("alice"), w.Stranger("@bob@b.test")
			bob.FollowedBy(alice)
			option := apptest.Object{"type": "Note", "name": "x", "replies": apptest.Object{"type": "Collection", "totalItems": c.votes}}
			note := bob.Note("Tea?", "type", "Question", "oneOf", []any{option, option}, "endTime", c.ends, "votersCount", c.votes)
			if got := bob.Send(here, bob.Activity("Create", note)); got != 202 {
				t.Fatalf("it is answered with %d", got)
			}
			p := alice.Status(note["id"].(string)).Entity["poll"].(map[string]any)
			if p["expires_at"] != c.expires || p["votes_count"] != c.counted || p["voters_count"].(float64) < 0 {
				t.Errorf("it is %v", p)
			}
		})
	}
}

// The makes of polls that differ from Mastodon's.
func TestMakesOfQuestions(t *testing.T) {
	t.Parallel()
	option := func(name string, votes any) apptest.Object {
		return apptest.Object{"type": "Note", "name": name, "replies": apptest.Object{"type": "Collection", "totalItems": votes}}
	}
	misskey := func(name string, votes int) apptest.Object {
		return apptest.Object{"type": "Note", "name": name, "_misskey_votes": votes, "replies": apptest.Object{"type": "Collection", "totalItems": 0}}
	}
	for name, c := range map[string]struct {
		pairs []any
		want  string
	}{
		"Misskey's, without an end": {[]any{"endTime", nil, "oneOf", []any{misskey("a", 2), misskey("b", 0)}}, "a:2 b:0 false false 2 <nil>"},
		"Pleroma's, with the voters listed": {
			[]any{"oneOf", []any{}, "anyOf", []any{option("a", 2), option("b", 1)}, "voters", []any{"https://b.test/1", "https://b.test/2"}, "closed", "2026-01-01T00:00:00.123456Z"},
			"a:2 b:1 true true 2 2026-01-01T00:00:00.123Z",
		},
		"numbers as texts":           {[]any{"oneOf", []any{option("a", "7"), option("b", "-1"), option("c", "NaN")}, "votersCount", "7"}, "a:7 b:0 c:0 false false 7 <nil>"},
		"one option, not a list":     {[]any{"oneOf", option("a", 1)}, "a:1 false false 1 <nil>"},
		"names of several languages": {[]any{"oneOf", []any{apptest.Object{"type": "Note", "nameMap": apptest.Object{"en": "a"}}}}, "a:0 false false 0 <nil>"},
		"markup is text":             {[]any{"oneOf", []any{option("<script>x</script>", 0), option("a\n b", 0)}}, "<script>x</script>:0 a b:0 false false 0 <nil>"},
		"no options":                 {[]any{"oneOf", []any{"x", nil, apptest.Object{}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.NewWorld(t)
			here := w.Server("a.test")
			alice, bob := here.Account("alice"), w.Stranger("@bob@b.test")
			bob.FollowedBy(alice)
			note := bob.Note("Tea?", append([]any{"type", "Question"}, c.pairs...)...)
			if got := bob.Send(here, bob.Activity("Create", note)); got != 202 {
				t.Fatalf("it is answered with %d", got)
			}
			got := ""
			if p, _ := alice.Status(note["id"].(string)).Entity["poll"].(map[string]any); p != nil {
				for _, o := range p["options"].([]any) {
					got += fmt.Sprintf("%v:%v ", o.(map[string]any)["title"], o.(map[string]any)["votes_count"])
				}
				got += fmt.Sprintf("%v %v %v %v", p["multiple"], p["expired"], p["voters_count"], p["expires_at"])
			}
			if got != c.want {
				t.Errorf("it is %q, not %q", got, c.want)
			}
		})
	}
}
