package activity

import (
	"errors"

	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// A vote is the Create of a Note that says nothing but the name of an option of
// the poll it replies to. Mastodon sends one for each choice, GoToSocial one
// Create with all of them. It is not a status: who voted for what is known to the
// voter, and to the server that counts.

// maxVotes limits the choices of one Create.
const maxVotes = 32

// votesOf is the votes of a Create; nil for one of anything else.
func votesOf(a *Activity) []*vocab.Object {
	if a.Type != "Create" {
		return nil
	}
	if a.Prepared != nil {
		return a.Prepared.Votes
	}
	if o := a.Object.Object.Object; o != nil {
		if object.IsVote(o) {
			return []*vocab.Object{o}
		}
		return nil
	}
	list, _ := a.Document["object"].([]any)
	if len(list) < 2 || len(list) > maxVotes {
		return nil
	}
	var votes []*vocab.Object
	for _, v := range list {
		doc, _ := v.(vocab.Document)
		if doc == nil {
			return nil
		}
		o, err := vocab.Read(doc)
		if err != nil || !object.IsVote(o) {
			return nil
		}
		votes = append(votes, o)
	}
	return votes
}

// prepareVotes keeps the document of a vote of ours whole: its Note has no row.
func prepareVotes(a *Activity, votes []*vocab.Object) {
	a.Prepared = &Prepared{Votes: votes}
	if a.Origin.Publishes {
		a.Raw = vocab.Encode(a.Document)
	}
}

// authorizeVotes checks that the votes are the actor's own, in a poll that it may
// see and that is counted here. What nobody here counts is not shown either.
func authorizeVotes(tx *store.Tx, a *Activity, votes []*vocab.Object) (Reason, error) {
	uri := votes[0].InReplyTo.ID
	for _, v := range votes {
		if len(v.AttributedTo) == 0 || v.Author() != a.Actor.URI {
			return "", refuse("the vote %s is not %s's", v.ID, a.Actor.URI) // nor has it the origin of its author
		}
		if v.InReplyTo.ID != uri {
			return unwanted("the votes are in several polls"), nil
		}
	}
	if !a.Origin.Unsolicited && !a.Origin.Publishes {
		return unwanted("%s is a vote, which was not sent to us", votes[0].ID), nil
	}
	poll, err := tx.ObjectByURI(uri)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if err != nil || poll.Poll == nil || !poll.Local && !a.Actor.Local() {
		return unwanted("the poll %s is not one of this server", uri), nil
	}
	may, err := tx.MaySee(a.Actor.ID, poll.ID)
	if err == nil && !may {
		return unwanted("the poll %s is not one of this server", uri), nil
	}
	return "", err
}

// applyVotes counts votes. Those that the poll does not allow are an error for
// an account here, and for another nothing.
func applyVotes(_ *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	poll, err := tx.ObjectToChange(a.Prepared.Votes[0].InReplyTo.ID) // an edit waits: it may offer something else
	if err == nil && poll.Poll == nil {
		err = fault.Errorf(fault.NotFound, "%s has no poll any more", poll.URI)
	}
	if err != nil {
		return Outcome{}, err
	}
	if !a.Command.Counted {
		not, err := countVotes(tx, a, poll)
		if not != "" || err != nil {
			return NotWanted(not), err
		}
	}
	out := Outcome{Object: poll.ID}
	if poll.Local || !a.Origin.Publishes {
		return out, nil
	}
	for _, also := range a.Command.Also {
		caused := *also // a transaction may run twice
		caused.Prepared = nil
		out.Then = append(out.Then, &caused)
	}
	out.Publish, err = publishVote(tx, a, poll)
	return out, err
}

func countVotes(tx *store.Tx, a *Activity, poll *store.Object) (Reason, error) {
	choices := a.Command.Choices
	if !a.Actor.Local() {
		choices = nil
		for _, v := range a.Prepared.Votes {
			choices = append(choices, poll.Poll.Choice(v.Name))
		}
	}
	err := tx.PutVotes(a.Actor.ID, poll.ID, choices)
	if !a.Actor.Local() && isUncounted(err) {
		return unwanted("the vote of %s in %s: %v", a.Actor.URI, poll.URI, err), nil
	}
	if err != nil {
		return "", err
	}
	if !poll.Local {
		return "", expectEnd(tx, poll)
	}
	if poll.Poll.HidesTotals(tx.Now()) {
		return "", nil
	}
	// All votes of one such time are sent at its end. A job that runs already
	// belongs to the one before.
	return "", sendTalliesAt(tx, poll.ID, tx.Now().Truncate(talliesEvery).Add(talliesEvery))
}

// isUncounted reports whether a vote comes too late, twice, or for nothing that
// can be chosen.
func isUncounted(err error) bool {
	return errors.Is(err, store.ErrPollEnded) || errors.Is(err, store.ErrVoted) || errors.Is(err, store.ErrNoSuchChoice) || fault.Is(err, fault.NotFound)
}

// publishVote sends a vote to the author of the poll alone. Its row is deleted
// with the poll, which it names as its object.
func publishVote(tx *store.Tx, a *Activity, poll *store.Object) (*Publication, error) {
	author, err := tx.Account(poll.AccountID)
	if err != nil {
		return nil, err
	}
	row := &store.Object{
		URI: a.ID, Type: "Vote", AccountID: a.Actor.ID, Local: true, Visibility: store.Direct, ObjectURI: poll.URI,
		PublishedAt: a.Published, JSON: a.Raw, Draft: store.Draft{To: a.To, Cc: a.Cc},
	}
	if _, err := tx.InsertObject(row); err != nil {
		return nil, err
	}
	return &Publication{Visibility: store.Direct, Inboxes: inboxOf(author), Activity: row.ID}, nil
}
