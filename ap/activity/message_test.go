package activity_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"kinglet/internal/apptest"
)

// Messages to one person are direct whatever they are addressed to, and whoever
// they are for hears of them.
func TestMessages(t *testing.T) {
	t.Parallel()
	var note object
	message := func(write func(s *scene) object) func(s *scene) object {
		return func(s *scene) object {
			note = write(s)
			return s.mallory.Activity("Create", note)
		}
	}
	direct := func(s *scene) {
		s.notified("mention @mallory@evil.test")
		st := s.alice.Status(note["id"].(string))
		if st == nil || st.Entity["visibility"] != "direct" {
			t.Fatalf("alice sees %v", st)
		}
		if s.carol.Status(note["id"].(string)) != nil {
			t.Error("carol sees it")
		}
	}
	payload := func(n int) object { return object{"v": 1, "ciphertext": strings.Repeat("x", n)} }
	kept := func(s *scene, want int64) {
		direct(s)
		if text := s.alice.Status(note["id"].(string)).Text(); !strings.Contains(text, "encrypted, open it at its origin") || !strings.Contains(text, note["id"].(string)) || strings.Contains(text, "Encrypted message") {
			t.Errorf("its text is %s", text)
		}
		if n := s.here.Count(`SELECT COUNT(*) FROM objects WHERE uri = $1 AND encrypted LIKE '{"ciphertext":"xx%'`, note["id"]); n != want {
			t.Errorf("%d payloads are kept, not %d", n, want)
		}
	}
	try(t, []rule{
		{name: "a ChatMessage without a mention", by: byMallory, then: direct,
			send: message(func(s *scene) object {
				return s.mallory.Note("hi", "type", "ChatMessage", "to", []string{s.alice.URI}, "cc", nil)
			})},
		{name: "a ChatMessage to all", by: byMallory, then: direct,
			send: message(func(s *scene) object {
				return s.mallory.Note("hi", "type", "ChatMessage", "to", []string{s.alice.URI, apptest.Public})
			})},
		{name: "a ChatMessage to nobody here", by: byMallory, nothing: true,
			send: message(func(s *scene) object {
				return s.mallory.Note("hi", "type", "ChatMessage", "to", []string{s.bob.URI}, "cc", nil)
			})},
		{name: "a ChatMessage of somebody blocked", by: byMallory, nothing: true, given: func(s *scene) { s.alice.Relate("block", "@mallory@evil.test") },
			send: message(func(s *scene) object {
				return s.mallory.Note("hi", "type", "ChatMessage", "to", []string{s.alice.URI}, "cc", nil)
			})},
		{name: "an EncryptedMessage", by: byMallory, then: func(s *scene) { kept(s, 1) },
			send: message(func(s *scene) object {
				return s.mallory.To(s.alice, "Encrypted message", "type", "EncryptedMessage", "egregoros:e2ee_dm", payload(1000))
			})},
		{name: "an EncryptedMessage of many bytes", by: byMallory, then: func(s *scene) { kept(s, 0) },
			send: message(func(s *scene) object {
				return s.mallory.To(s.alice, "Encrypted message", "type", "EncryptedMessage", "egregoros:e2ee_dm", payload(80<<10))
			})},
		{name: "an EncryptedMessage without a payload", by: byMallory, then: func(s *scene) { kept(s, 0) },
			send: message(func(s *scene) object { return s.mallory.To(s.alice, "Encrypted message", "type", "EncryptedMessage") })},
	})
}

// A message whose blind recipients were taken out of it comes once to the inbox of
// each: everyone has it, and goes on having it when it is edited.
func TestMessageToSeveralInboxes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	note := s.bob.Note("psst", "to", []string{s.eve.URI}, "cc", nil)
	create := s.bob.Activity("Create", note, "to", []string{s.eve.URI}, "cc", nil)
	send := func(to *apptest.Account, activity object) {
		t.Helper()
		if code, body := s.bob.SendTo(s.here, s.here.Config.InboxURI(to.Name), activity); code != http.StatusAccepted {
			t.Fatalf("it is answered with %d %s", code, body)
		}
		s.world.Run()
	}
	send(s.alice, create)
	send(s.carol, create)
	send(s.carol, create)
	has := func(text string) {
		t.Helper()
		for _, who := range []*apptest.Account{s.alice, s.carol} {
			st := who.Status(note["id"].(string))
			if st == nil {
				t.Errorf("%s does not have it", who.Handle)
			} else if !strings.Contains(st.Text(), text) {
				t.Errorf("%s has %s", who.Handle, st.Text())
			}
			if got := who.Notifications(); len(got) == 0 || strings.Count(strings.Join(got, "\n"), "mention @bob@b.test") != 1 {
				t.Errorf("%s has the notifications %v", who.Handle, got)
			}
		}
	}
	has("psst")
	s.world.Advance(time.Minute)
	edited := maps.Clone(note)
	edited["content"], edited["updated"] = "<p>hush</p>", s.world.Now().Format(time.RFC3339)
	send(s.carol, s.bob.Activity("Update", edited, "to", []string{s.eve.URI}, "cc", nil))
	has("hush")
	// That it came to an inbox says nothing of what somebody else sends there.
	other := s.bob.Note("for eve", "to", []string{s.eve.URI, s.alice.URI}, "cc", nil)
	send(s.alice, s.bob.Activity("Create", other))
	if code, _ := s.eve.SendTo(s.here, s.here.Config.InboxURI("carol"), s.eve.Activity("Create", other)); code == http.StatusAccepted {
		t.Error("eve may send what is bob's")
	}
	if s.carol.Status(other["id"].(string)) != nil {
		t.Error("carol sees what bob did not send her")
	}
}
