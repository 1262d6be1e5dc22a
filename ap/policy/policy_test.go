package policy

import (
	"context"
	"testing"

	"kinglet/ap/vocab"
)

func message(t *testing.T) *Message {
	t.Helper()
	o, err := vocab.Parse([]byte(`{"type":"Create","id":"https://a.test/c","actor":"https://a.test/u","object":{"type":"Note","id":"https://a.test/1","attributedTo":"https://a.test/u","content":"damn"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return &Message{Object: o}
}

func rewriting(change func(note vocab.Document)) Policy {
	return Policy{Name: "rewrite", Message: func(_ context.Context, m *Message) Verdict {
		if err := m.Rewrite(func(d vocab.Document) { change(d["object"].(vocab.Document)) }); err != nil {
			return Refuse("%v", err)
		}
		return Verdict{}
	}}
}

// What a policy makes of a document is what the next one, and everybody after
// it, reads.
func TestRewrite(t *testing.T) {
	m := message(t)
	c := Chain{rewriting(func(note vocab.Document) { note["content"] = "d***" }), Policy{Name: "look", Message: func(_ context.Context, m *Message) Verdict {
		return Refuse("it says %s", m.Object.Object.Object.Content)
	}}}
	if v := c.Message(t.Context(), m); !v.Refused || v.Policy != "look" || v.Reason != "it says d***" || !m.Rewritten {
		t.Errorf("%+v", v)
	}
}

// A policy changes what is said, not who says it.
func TestRewriteKeepsTheAuthor(t *testing.T) {
	for _, term := range []string{"attributedTo", "id", "type"} {
		m := message(t)
		v := Chain{rewriting(func(note vocab.Document) { note[term] = "https://b.test/" })}.Message(t.Context(), m)
		if !v.Refused || m.Rewritten || m.Object.Object.Object.Document[term] == "https://b.test/" {
			t.Errorf("%s: %+v", term, v)
		}
	}
}

// Without a policy nothing is filtered.
func TestNoPolicies(t *testing.T) {
	c := New()
	if c.Host("a.test").Refused || c.Message(t.Context(), message(t)).Refused || c.Delivery(Delivery{}).Refused || c.AsksDeliveries() {
		t.Error("something is filtered")
	}
}

// The first that refuses decides, by name.
func TestFirstDecides(t *testing.T) {
	no := func(string) Verdict { return Refuse("no") }
	c := Chain{{Name: "none"}, {Name: "a", Host: no}, {Name: "b", Host: no, Delivery: func(d Delivery) Verdict { return Refuse("not to %s", d.Host) }}}
	if v := c.Host("x"); v.Policy != "a" || !v.Refused {
		t.Errorf("%+v", v)
	}
	if v := c.Delivery(Delivery{Host: "x"}); v.String() != "policy b: not to x" || !c.AsksDeliveries() {
		t.Errorf("%+v", v)
	}
}
