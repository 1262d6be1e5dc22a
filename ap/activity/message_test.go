package activity_test

import (
	"strings"
	"testing"

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
