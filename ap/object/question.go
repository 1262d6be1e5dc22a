package object

import (
	"encoding/json"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Question is a poll: a text, options of which one (oneOf) or several
// (anyOf) may be chosen, and how many chose each, as its own server counts.
func question() Kind { return Kind{Type: "Question", Read: readQuestion, Write: writeQuestion} }

// The limits of a remote poll. What exceeds them is cut.
const (
	maxOptions     = 32
	maxOptionTitle = 512
	maxOptionName  = 2048
)

func readQuestion(o *vocab.Object, status *store.Object) {
	status.Content = markup.Sanitize(titleOf(o) + textOf(o))
	if poll := readPoll(o); len(poll.Options) > 0 {
		status.Poll = poll
	}
}

func readPoll(o *vocab.Object) *store.Poll {
	poll := &store.Poll{Multiple: len(o.AnyOf) > 0, ExpiresAt: o.Poll.Ends, Voters: o.Poll.Voters}
	if !o.Poll.Closed.IsZero() {
		poll.ExpiresAt = o.Poll.Closed
	} else {
		poll.Closed = o.Poll.IsClosed
	}
	options := o.OneOf
	if poll.Multiple {
		options = o.AnyOf
	}
	for _, option := range options {
		if len(poll.Options) == maxOptions {
			break
		}
		if title := optionTitle(option.Name); title != "" {
			read := store.PollOption{Title: title, Votes: option.Votes}
			if option.Name != title && len(option.Name) <= maxOptionName {
				read.Name = option.Name
			}
			poll.Options = append(poll.Options, read)
		}
	}
	return poll
}

// optionTitle is the text of an option, in one line: it is no HTML.
func optionTitle(name string) string {
	return clip(strings.Join(strings.Fields(name), " "), maxOptionTitle)
}

// IsVote reports whether a Note is a vote: it says the name of an option of the
// poll that it replies to, and nothing else. It is never shown. The content of
// snac's votes is an empty line: what counts is that a reader sees no text.
func IsVote(o *vocab.Object) bool {
	return o.Type == "Note" && o.Name != "" && o.InReplyTo.ID != "" && len(o.Attachment) == 0 && strings.TrimSpace(markup.PlainText(textOf(o))) == ""
}

// writeVote writes a vote as Mastodon does.
func writeVote(o *vocab.Object) vocab.Document {
	return vocab.Document{
		"id": o.ID, "type": o.Type, "attributedTo": o.Author(), "name": o.Name, "inReplyTo": o.InReplyTo.ID, "to": vocab.Texts(o.To),
	}
}

// draftPoll puts the poll of a row into the draft of its Question. The votes are
// not said while they are hidden: a poll of ours is Closed with its last Update.
func draftPoll(p *store.Poll, o *vocab.Object) {
	o.Poll = vocab.Poll{Ends: p.ExpiresAt, IsClosed: p.Closed, Voters: p.Voters}
	if p.Closed {
		o.Poll.Closed = p.ExpiresAt
	}
	options := make([]vocab.PollOption, len(p.Options))
	for i, option := range p.Options {
		options[i] = vocab.PollOption{Name: option.VoteName(), Votes: option.Votes}
		if p.HideTotals && !p.Closed {
			options[i].Votes = 0
		}
	}
	if p.Multiple {
		o.AnyOf = options
	} else {
		o.OneOf = options
	}
}

// writeQuestion writes a poll of ours: a Note's document, and the choices.
func writeQuestion(o *vocab.Object) vocab.Document {
	d := writeNote(o)
	putPoll(o, d)
	return d
}

// WithResults puts the results of a poll of ours into its document, where that
// was stored because a policy had rewritten it.
func WithResults(doc json.RawMessage, p *store.Poll) json.RawMessage {
	d := vocab.Document{}
	var stored map[string]json.RawMessage
	if json.Unmarshal(doc, &stored) != nil {
		return doc
	}
	for term, value := range stored {
		d[term] = value
	}
	o := new(vocab.Object)
	draftPoll(p, o)
	putPoll(o, d)
	return vocab.Encode(d)
}

func putPoll(o *vocab.Object, d vocab.Document) {
	for term, list := range map[string][]vocab.PollOption{"oneOf": o.OneOf, "anyOf": o.AnyOf} {
		var options []any
		for _, option := range list {
			options = append(options, vocab.Document{
				"type": "Note", "name": option.Name, "replies": vocab.Document{"type": "Collection", "totalItems": option.Votes},
			})
		}
		if options != nil {
			d[term] = options
		}
	}
	d["votersCount"] = o.Poll.Voters
	if !o.Poll.Ends.IsZero() {
		d["endTime"] = vocab.Date(o.Poll.Ends)
	}
	if !o.Poll.Closed.IsZero() {
		d["closed"] = vocab.Date(o.Poll.Closed)
	}
}
