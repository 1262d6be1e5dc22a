// Package policy decides what may come in and go out. It is the one place for
// such decisions: a chain of policies, one file each, which answers three
// questions, each asked in one place:
//
//   - Host: may we deal with another server at all? Asked by the outgoing
//     client before it dials, and by the inbox before it fetches a key.
//   - Message: may this document pass? Asked for every activity, local or
//     remote, and every actor, before any rule of ap/activity sees it. A policy
//     may rewrite the document: the result is what is stored and sent.
//   - Delivery: may this go to that server? Asked where deliveries are
//     enqueued, and when a server fetches with its signature.
//
// By default there is no policy, and nothing is filtered. To add one is to add
// its file and its line in New. Policies work in memory: they are also asked
// inside a transaction, about what rules make local accounts answer.
package policy

import (
	"context"
	"fmt"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Verdict is a policy's answer. The zero Verdict allows.
type Verdict struct {
	Refused bool
	// Policy is the name of the policy that refuses, and Reason is for our
	// log: the sender gets the same answer as if it were allowed, so that
	// it does not retry and learns nothing about our policies.
	Policy, Reason string
}

// Refuse returns a Verdict that refuses.
func Refuse(format string, args ...any) Verdict {
	return Verdict{Refused: true, Reason: fmt.Sprintf(format, args...)}
}

func (v Verdict) String() string { return "policy " + v.Policy + ": " + v.Reason }

// Policy answers some of the three questions; a nil function allows all.
type Policy struct {
	Name string
	// Host decides about another server by its host name, in ASCII and
	// lower case, with its port if that is not the scheme's default.
	Host func(host string) Verdict
	// Message decides about an activity or an actor, and may rewrite it.
	Message func(ctx context.Context, m *Message) Verdict
	// Delivery decides about one activity on its way to one server.
	Delivery func(d Delivery) Verdict
}

// Message is a document on its way in or out.
type Message struct {
	// Object is the typed reading of the document; Object.Document the
	// document itself, to be changed by Rewrite only.
	Object *vocab.Object
	// Outgoing is true for what local accounts do.
	Outgoing bool
	// Rewritten reports that a policy has changed the document.
	Rewritten bool
}

// Rewrite changes the document, and parses it again. If the result is invalid,
// or has another author, it returns an error and leaves the message unchanged.
func (m *Message) Rewrite(change func(document vocab.Document)) error {
	document := vocab.Clone(m.Object.Document)
	change(document)
	o, err := vocab.Read(document)
	if err != nil {
		return err
	}
	if !sameAuthor(o, m.Object) || !sameAuthor(o.Object.Object, m.Object.Object.Object) {
		return fmt.Errorf("a policy may not change who says what in %s", m.Object.ID)
	}
	m.Object, m.Rewritten = o, true
	return nil
}

// sameAuthor reports whether two readings are of one object by one author.
func sameAuthor(a, b *vocab.Object) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Type == b.Type && a.Actor.ID == b.Actor.ID && a.Object.ID == b.Object.ID && a.Author() == b.Author()
}

// Delivery is an activity on its way to a server, or asked for by one.
type Delivery struct {
	Host       string // to which it goes
	Author     string // URI of the account here
	Type, ID   string
	Visibility store.Visibility
}

// Chain lists policies in the order in which they are asked; the first that
// refuses decides.
type Chain []Policy

// New is the chain of a server, followed by more: nothing is filtered unless
// configured.
func New(more ...Policy) Chain {
	return append(Chain{}, more...)
}

// Host asks whether we may deal with a server.
func (c Chain) Host(host string) Verdict {
	for _, p := range c {
		if p.Host != nil {
			if v := p.Host(host); v.Refused {
				v.Policy = p.Name
				return v
			}
		}
	}
	return Verdict{}
}

// AllowHost is Host for the client that dials.
func (c Chain) AllowHost(host string) error {
	if v := c.Host(host); v.Refused {
		return fault.Errorf(fault.Forbidden, "%s", v)
	}
	return nil
}

// Message asks whether a document may pass; the policies may rewrite it one
// after another.
func (c Chain) Message(ctx context.Context, m *Message) Verdict {
	for _, p := range c {
		if p.Message != nil {
			if v := p.Message(ctx, m); v.Refused {
				v.Policy = p.Name
				return v
			}
		}
	}
	return Verdict{}
}

// Delivery asks whether an activity may go to a server.
func (c Chain) Delivery(d Delivery) Verdict {
	for _, p := range c {
		if p.Delivery != nil {
			if v := p.Delivery(d); v.Refused {
				v.Policy = p.Name
				return v
			}
		}
	}
	return Verdict{}
}

// AsksDeliveries reports whether any policy decides about fetches.
func (c Chain) AsksDeliveries() bool {
	for _, p := range c {
		if p.Delivery != nil {
			return true
		}
	}
	return false
}
