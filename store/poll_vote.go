package store

import (
	"slices"
	"time"

	"kinglet/internal/fault"
)

// Why a vote does not count, in Mastodon's words.
var (
	ErrPollEnded    = fault.Errorf(fault.Invalid, "Validation failed: The poll has already ended")
	ErrVoted        = fault.Errorf(fault.Invalid, "Validation failed: You have already voted on this poll")
	ErrNoSuchChoice = fault.Errorf(fault.Invalid, "Validation failed: The chosen vote option does not exist")
)

// PutVotes records that an account voted for some options of a status's poll,
// and counts it: all of them or, with one of the errors above, none. In a poll of
// one choice an account votes once, in one of several once for each. NotFound
// when the status is gone or has no poll.
func (tx *Tx) PutVotes(voter AccountID, status ObjectID, choices []int) error {
	poll, err := tx.pollToChange(status)
	if err != nil {
		return err
	}
	before, err := tx.votesOf(voter, status)
	if err != nil {
		return err
	}
	choices = slices.Compact(slices.Sorted(slices.Values(choices)))
	if err := poll.mayVote(tx.Now(), before, choices); err != nil {
		return err
	}
	if len(before) == 0 && (poll.Voters > 0 || poll.Votes() == 0) { // else its server does not count voters
		poll.Voters++
	}
	now := millis(tx.Now())
	for _, c := range choices {
		if _, err := tx.exec(`INSERT INTO poll_votes (status_id, account_id, choice, created_at) VALUES ($1, $2, $3, $4)`, status, voter, c, now); err != nil {
			return err
		}
		poll.Options[c].Votes++
	}
	return tx.SetPoll(status, poll)
}

// mayVote says why an account that voted before may not vote for some options,
// which are each there once; nil when it may.
func (p *Poll) mayVote(now time.Time, before, choices []int) error {
	switch {
	case p.HasEnded(now):
		return ErrPollEnded
	case len(choices) == 0:
		return ErrNoSuchChoice
	case choices[0] < 0 || choices[len(choices)-1] >= len(p.Options):
		return ErrNoSuchChoice
	case !p.Multiple && len(before)+len(choices) > 1:
		return ErrVoted
	case slices.ContainsFunc(choices, func(c int) bool { return slices.Contains(before, c) }):
		return ErrVoted
	}
	return nil
}

// pollToChange reads the poll of a status, which is locked until the
// transaction ends.
func (tx *Tx) pollToChange(status ObjectID) (*Poll, error) {
	var poll *Poll
	err := tx.get("poll "+status.String(), []any{fromJSON(&poll)},
		`SELECT poll FROM objects WHERE id = $1 AND deleted_at = 0 AND poll <> '' `+tx.engine.ForUpdate(), status)
	return poll, err
}

// SetPoll writes the poll of a status.
func (tx *Tx) SetPoll(status ObjectID, p *Poll) error {
	_, err := tx.exec(`UPDATE objects SET poll = $2 WHERE id = $1`, status, pollText(p))
	return err
}

// AskForPoll notes that the server of a status is being asked for the results of
// its poll; false when that is not due, or the poll is not a remote one.
func (tx *Tx) AskForPoll(status ObjectID) (due bool, err error) {
	local, ok, err := one[bool](tx, `SELECT local FROM objects WHERE id = $1`, status)
	if err != nil || !ok || local {
		return false, err
	}
	poll, err := tx.pollToChange(status)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || !poll.IsStale(tx.Now()) {
		return false, err
	}
	poll.AskedAt = tx.Now()
	return true, tx.SetPoll(status, poll)
}

// ResetVotes deletes the votes in a status's poll: it offers something else now.
func (tx *Tx) ResetVotes(status ObjectID) error {
	_, err := tx.exec(`DELETE FROM poll_votes WHERE status_id = $1`, status)
	return err
}

func (tx *Tx) votesOf(voter AccountID, status ObjectID) ([]int, error) {
	list, err := ids[int64](tx, `SELECT choice FROM poll_votes WHERE status_id = $1 AND account_id = $2`, status, voter)
	out := make([]int, len(list))
	for i, choice := range list {
		out[i] = int(choice)
	}
	return out, err
}

// LocalVoters lists accounts here that voted in a status's poll, behind one and
// in the order of their ids.
func (tx *Tx) LocalVoters(status ObjectID, after AccountID, limit int) ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT DISTINCT v.account_id
		FROM poll_votes v
		JOIN users u ON u.account_id = v.account_id
		WHERE v.status_id = $1 AND v.account_id > $2
		ORDER BY v.account_id
		LIMIT $3`, status, after, limit)
}

// fillVotes reads what viewer voted for.
func (tx *Tx) fillVotes(viewer AccountID, polls []ObjectID, known map[ObjectID]*Status) error {
	if len(polls) == 0 {
		return nil
	}
	oneOf, set := among(tx, "status_id", "$2", polls)
	return tx.query(func(row scanner) error {
		var id ObjectID
		var choice int64
		err := row.Scan(&id, &choice)
		if st := known[id]; err == nil {
			st.Voted = append(st.Voted, int(choice))
		}
		return err
	}, `SELECT status_id, choice FROM poll_votes WHERE account_id = $1 AND `+oneOf+` ORDER BY status_id, choice`, viewer, set)
}

// deleteVotesOf deletes an account's votes in some polls; done reports that
// nothing is left. They are subtracted from polls of ours that have not ended:
// a result stays what it was.
func (tx *Tx) deleteVotesOf(voter AccountID, limit int) (done bool, err error) {
	polls, err := ids[ObjectID](tx, `SELECT DISTINCT status_id FROM poll_votes WHERE account_id = $1 ORDER BY status_id LIMIT $2`, voter, limit)
	if err != nil {
		return false, err
	}
	for _, id := range polls {
		if err := tx.deleteVotes(voter, id); err != nil {
			return false, err
		}
	}
	return len(polls) == 0, nil
}

func (tx *Tx) deleteVotes(voter AccountID, status ObjectID) error {
	poll, err := tx.pollToChange(status)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil {
		local, _, err := one[bool](tx, `SELECT local FROM objects WHERE id = $1`, status)
		if err != nil {
			return err
		}
		choices, err := tx.votesOf(voter, status)
		if err != nil {
			return err
		}
		if local && !poll.HasEnded(tx.Now()) {
			for _, c := range choices {
				if c < len(poll.Options) {
					poll.Options[c].Votes = max(poll.Options[c].Votes-1, 0)
				}
			}
			poll.Voters = max(poll.Voters-1, 0)
			if err := tx.SetPoll(status, poll); err != nil {
				return err
			}
		}
	}
	_, err = tx.exec(`DELETE FROM poll_votes WHERE status_id = $1 AND account_id = $2`, status, voter)
	return err
}
