package mastodon_test

import (
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// A mute with a duration hides posts and notifications for that long, and then
// shows again what was written meanwhile.
func TestMuteExpires(t *testing.T) {
	w := apptest.NewWorld(t)
	s := w.Server("a.test")
	alice, bob := s.Account("alice"), s.Account("bob")
	alice.Follow(bob.Handle)
	post := bob.Post("@alice hello")
	if r := alice.Relate("mute", bob.Handle, "duration", "3600"); r["muting"] != true || r["muting_notifications"] != true {
		t.Fatalf("the relationship is %v", r)
	}
	during := bob.Post("@alice are you there?")
	check := func(when string, muted bool) {
		t.Helper()
		r := alice.Relationship(bob.Handle)
		if r["muting"] != muted || (r["muting_expires_at"] != nil) != muted {
			t.Errorf("%s the relationship is %v", when, r)
		}
		for _, uri := range []string{post.URI, during.URI} {
			if alice.HasInHome(uri) == muted {
				t.Errorf("%s %s is in alice's home: %v", when, uri, !muted)
			}
		}
		if n := len(alice.List("/api/v1/mutes")); n == 1 != muted {
			t.Errorf("%s alice mutes %d accounts", when, n)
		}
		mentions := 0
		for _, n := range alice.Notifications() {
			if n == "mention "+bob.Handle {
				mentions++
			}
		}
		if muted && mentions != 0 || !muted && mentions == 0 {
			t.Errorf("%s alice has %d notifications of mentions", when, mentions)
		}
	}
	check("at once", true)
	w.Advance(59 * time.Minute)
	check("after 59 minutes", true)
	w.Advance(2 * time.Minute)
	check("after 61 minutes", false)
	if n := s.Count(`SELECT COUNT(*) FROM mutes`); n != 1 {
		t.Errorf("%d rows of mutes before the daily round", n)
	}
	w.Advance(24 * time.Hour)
	if n := s.Count(`SELECT COUNT(*) FROM mutes`); n != 0 {
		t.Errorf("%d rows of mutes after the daily round", n)
	}
	later := bob.Post("later")
	if !alice.HasInHome(later.URI) {
		t.Error("what comes later is not in alice's home")
	}
	alice.Relate("mute", bob.Handle)
	w.Advance(365 * 24 * time.Hour)
	if r := alice.Relationship(bob.Handle); r["muting"] != true {
		t.Error("a mute without a duration has ended")
	}
}
