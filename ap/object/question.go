package object

import (
	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Question is a poll: a text, options of which one (oneOf) or several
// (anyOf) may be chosen, and how many chose each, as its own server counts.
func question() Kind { return Kind{Type: "Question", Read: readQuestion} }

// The limits of a remote poll. What exceeds them is cut.
const (
	maxOptions     = 32
	maxOptionTitle = 512
)

func readQuestion(o *vocab.Object, status *store.Object) {
	status.Content = markup.Sanitize(titleOf(o) + textOf(o))
	poll := &store.Poll{
		Multiple:  len(o.AnyOf) > 0,
		ExpiresAt: vocab.Time(o.Document["endTime"]),
		Voters:    vocab.Count(o.Document["votersCount"]),
	}
	// closed is a time, or only that it is (ActivityStreams Vocabulary, closed).
	if closed := vocab.Time(o.Document["closed"]); !closed.IsZero() {
		poll.ExpiresAt = closed
	} else if closed, _ := o.Document["closed"].(bool); closed {
		poll.Closed = true
	}
	for _, option := range append(o.OneOf, o.AnyOf...) {
		if len(poll.Options) == maxOptions {
			break
		}
		poll.Options = append(poll.Options, store.PollOption{Title: clip(markup.PlainText(option.Name), maxOptionTitle), Votes: option.Votes})
	}
	if len(poll.Options) > 0 {
		status.Poll = poll
	}
}
