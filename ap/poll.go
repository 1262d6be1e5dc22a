package ap

import (
	"context"
	"slices"
	"strings"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"
)

// PollRequest is the poll of a status that an account here writes.
type PollRequest struct {
	Options    []string
	ExpiresIn  time.Duration
	Multiple   bool
	HideTotals bool
}

// The limits of a poll that is written here: Mastodon's.
const (
	MaxPollOptions    = 4
	MaxPollCharacters = 50 // of each option
	MinPollExpiration = 5 * time.Minute
	MaxPollExpiration = 2629746 * time.Second // a month
)

// valid checks the poll, and trims its options.
func (p *PollRequest) valid() error {
	var options []string
	seen := map[string]bool{}
	duplicate, tooLong := false, false
	for _, o := range p.Options {
		if o = strings.Join(strings.Fields(o), " "); o == "" {
			continue
		}
		duplicate = duplicate || seen[o]
		tooLong = tooLong || markup.Length(o) > MaxPollCharacters
		seen[o] = true
		options = append(options, o)
	}
	p.Options = options
	invalid := func(format string, args ...any) error {
		return fault.Errorf(fault.Invalid, "Validation failed: "+format, args...)
	}
	switch {
	case len(options) < 2:
		return invalid("Options must have more than one item")
	case len(options) > MaxPollOptions:
		return invalid("Options can't contain more than %d items", MaxPollOptions)
	case tooLong:
		return invalid("Options cannot be longer than %d characters each", MaxPollCharacters)
	case duplicate:
		return invalid("Options contain duplicate items")
	case p.ExpiresIn < MinPollExpiration:
		return invalid("Expires at is too soon")
	case p.ExpiresIn > MaxPollExpiration:
		return invalid("Expires at is too far into the future")
	}
	return nil
}

// setPoll makes the draft a Question.
func (d *post) setPoll(p *PollRequest, now time.Time) {
	if p == nil {
		return
	}
	d.note.Type = "Question"
	d.note.Poll = vocab.Poll{Ends: now.Add(p.ExpiresIn)}
	options := make([]vocab.PollOption, len(p.Options))
	for i, name := range p.Options {
		options[i] = vocab.PollOption{Name: name}
	}
	if p.Multiple {
		d.note.AnyOf = options
	} else {
		d.note.OneOf = options
	}
}

// Vote has an account vote for options of a poll that it can see, by their
// positions. Invalid errors say in Mastodon's words why it may not; NotFound is a
// status that is not there or has no poll.
func (s *Service) Vote(ctx context.Context, account store.AccountID, id store.ObjectID, choices []int) error {
	voter, st, err := s.visibleTo(ctx, account, id)
	if err != nil {
		return err
	}
	switch {
	case st.Poll == nil:
		return fault.Errorf(fault.NotFound, "status %s has no poll", id)
	case st.Poll.HasEnded(s.Store.Now()):
		return store.ErrPollEnded
	case st.AccountID == account:
		return fault.Errorf(fault.Invalid, "Validation failed: You cannot vote in your own polls")
	case len(choices) == 0:
		return store.ErrNoSuchChoice
	}
	var creates []*vocab.Object
	for i, c := range choices {
		if slices.Contains(choices[:i], c) {
			return store.ErrVoted // as Mastodon answers it
		}
		if c < 0 || c >= len(st.Poll.Options) {
			return store.ErrNoSuchChoice
		}
		vote := &vocab.Object{
			Type: "Note", ID: s.Config.ObjectURI(newUUID()), Name: st.Poll.Options[c].VoteName(), AttributedTo: []vocab.Ref{{ID: voter.URI}},
			InReplyTo: vocab.Ref{ID: st.URI}, To: []string{st.Account.URI},
		}
		creates = append(creates, s.draft(voter, "Create", embed(vote), vote.To, nil))
	}
	command := activity.Command{Choices: choices}
	for _, create := range creates[1:] {
		command.Also = append(command.Also, &activity.Activity{
			Object: object.Compose(create), Origin: activity.Local, Actor: voter, Command: activity.Command{Counted: true},
		})
	}
	_, err = s.local(ctx, voter, creates[0], command)
	return err
}

// AskForPoll has the results of a remote poll fetched that an account here looks
// at, if they may have changed.
func (s *Service) AskForPoll(ctx context.Context, st *store.Status) error {
	if st.Local || st.Poll == nil || !st.Poll.IsStale(s.Store.Now()) {
		return nil
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return activity.AskForPoll(tx, &st.Object) })
}

// fetchPoll fetches a remote poll again: what its server says now is an Update of
// it.
func (s *Service) fetchPoll(ctx context.Context, args activity.AskPollArgs) error {
	out, err := s.takePoll(ctx, args.URI)
	return s.fetchOutcome("poll", args.URI, out, err)
}

func (s *Service) takePoll(ctx context.Context, uri string) (none activity.Outcome, err error) {
	var author *store.Account
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		known, err := tx.ObjectByURI(uri)
		if err == nil && (known.Local || known.Poll == nil || !known.DeletedAt.IsZero()) {
			err = fault.Errorf(fault.NotFound, "%s is not a poll", uri)
		}
		if err != nil {
			return err
		}
		author, err = tx.Account(known.AccountID)
		return err
	})
	if err != nil {
		return none, err
	}
	doc, err := s.document(ctx, uri)
	if err != nil {
		return none, err
	}
	if doc.ID != uri {
		return none, fault.Errorf(fault.Invalid, "%s resolves to %s", uri, doc.ID)
	}
	update := &vocab.Object{
		Type: "Update", Actor: vocab.Ref{ID: author.URI}, Object: vocab.Ref{ID: doc.ID},
		Document: vocab.Document{"type": "Update", "actor": author.URI},
	}
	return s.process(ctx, &activity.Activity{Object: withObject(update, doc), Origin: activity.Fetched, Actor: author})
}

// sendTallies sends the results so far of a poll of ours.
func (s *Service) sendTallies(ctx context.Context, args activity.PollArgs) error {
	var author *store.Account
	var row *store.Object
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Documents([]store.ObjectID{args.Status})
		if row = rows[args.Status]; row == nil || err != nil {
			return err
		}
		author, err = tx.Account(row.AccountID)
		return err
	})
	if err != nil || row == nil || row.Poll == nil || !row.DeletedAt.IsZero() || !author.Active() {
		return err
	}
	question := object.Draft(s.Config, row)
	_, err = s.local(ctx, author, s.draft(author, "Update", embed(question), question.To, question.Cc), activity.Command{Tallies: true})
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		return nil // meanwhile
	}
	return err
}
