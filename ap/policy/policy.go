// Package policy decides whether a message may come in or go out. It is the
// one place for such decisions: a chain of policies, each of its own file,
// which sees every activity before any rule of ap/activity does. To add a
// policy is to add its file and its line in Default.
package policy

import (
	"context"

	"kinglet/ap/vocab"
)

// Message is an activity as the chain sees it.
type Message struct {
	*vocab.Object
	// Outgoing is true for what is written here.
	Outgoing bool
}

// Policy lets a message pass, or says why not. A policy may change the
// message in place.
type Policy interface {
	Name() string
	Judge(ctx context.Context, m *Message) error
}

// Rejection says which policy stopped a message, and why. The sender is answered
// as if the message had been taken, so that it does not try again and learns
// nothing of our policies.
type Rejection struct {
	Policy, Reason string
}

func (r *Rejection) Error() string { return "policy " + r.Policy + ": " + r.Reason }

// Chain is policies in the order they judge.
type Chain []Policy

// Default is the chain that every server has.
func Default() Chain {
	return Chain{
		MentionLimit{Most: 100},
	}
}

// Judge asks each policy in turn; the first that stops the message decides.
func (c Chain) Judge(ctx context.Context, m *Message) error {
	for _, p := range c {
		if err := p.Judge(ctx, m); err != nil {
			return &Rejection{Policy: p.Name(), Reason: err.Error()}
		}
	}
	return nil
}
