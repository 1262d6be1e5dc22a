package mastodon

import "kinglet/store"

// Poll is Mastodon's Poll entity.
type Poll struct {
	ID          string       `json:"id"` // the status's
	ExpiresAt   *string      `json:"expires_at"`
	Expired     bool         `json:"expired"`
	Multiple    bool         `json:"multiple"`
	VotesCount  int64        `json:"votes_count"`
	VotersCount *int64       `json:"voters_count"`
	Options     []PollOption `json:"options"`
	Emojis      []Emoji      `json:"emojis"`
	Voted       *bool        `json:"voted,omitempty"`
	OwnVotes    *[]int       `json:"own_votes,omitempty"`
}

// PollOption is one of the answers of a poll.
type PollOption struct {
	Title      string `json:"title"`
	VotesCount int64  `json:"votes_count"`
}

// poll serializes the poll of a status, nil for none. Voting is not possible
// yet.
func (s Serializer) poll(st *store.Status) *Poll {
	p := st.Poll
	if p == nil {
		return nil
	}
	e := &Poll{
		ID: st.ID.String(), ExpiresAt: timePtr(p.ExpiresAt), Expired: p.Expired, Multiple: p.Multiple, VotesCount: p.Votes(),
		Options: each(p.Options, func(o store.PollOption) PollOption { return PollOption{Title: o.Title, VotesCount: o.Votes} }),
		Emojis:  each(st.Emojis, s.Emoji),
	}
	if p.Voters > 0 || !p.Multiple || e.VotesCount == 0 {
		voters := max(p.Voters, 0)
		if voters == 0 {
			voters = e.VotesCount // of one answer each
		}
		e.VotersCount = &voters
	}
	if s.Viewer != 0 {
		e.Voted, e.OwnVotes = new(bool), &[]int{}
	}
	return e
}
