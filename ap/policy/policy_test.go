package policy

import (
	"errors"
	"strings"
	"testing"

	"kinglet/ap/vocab"
)

func message(t *testing.T, mentions int) *Message {
	t.Helper()
	tags := strings.TrimSuffix(strings.Repeat(`{"type":"Mention","href":"https://a.test/"},`, mentions), ",")
	o, err := vocab.Parse([]byte(`{"type":"Create","object":{"type":"Note","tag":[` + tags + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	return &Message{Object: o}
}

// Very many mentions are stopped, by name, and the sender is told nothing
// that it could learn from.
func TestMentionLimit(t *testing.T) {
	if err := Default().Judge(t.Context(), message(t, 100)); err != nil {
		t.Error(err)
	}
	var r *Rejection
	if err := Default().Judge(t.Context(), message(t, 101)); !errors.As(err, &r) || r.Policy != "mention_limit" {
		t.Errorf("got %v", err)
	}
	o, err := vocab.Parse([]byte(`{"type":"Like","object":"https://a.test/1"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := Default().Judge(t.Context(), &Message{Object: o}); err != nil {
		t.Error(err)
	}
}
