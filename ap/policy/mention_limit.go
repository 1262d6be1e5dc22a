package policy

import (
	"context"
	"fmt"
)

// MentionLimit stops what mentions very many accounts at once: a "hellthread",
// which is spam whoever sends it, and would make us a cannon (SECURITY-RULES 26).
type MentionLimit struct {
	Most int
}

// Name is "mention_limit".
func (MentionLimit) Name() string { return "mention_limit" }

// Judge counts the mentions of the message's object.
func (p MentionLimit) Judge(_ context.Context, m *Message) error {
	if m.Object.Object.Object == nil {
		return nil
	}
	n := 0
	for _, t := range m.Object.Object.Object.Tag {
		if t.Type == "Mention" {
			n++
		}
	}
	if n > p.Most {
		return fmt.Errorf("%d mentions, the most is %d", n, p.Most)
	}
	return nil
}
