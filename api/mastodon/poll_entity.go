package mastodon

import (
	"kinglet/ap"
	"kinglet/internal/fault"
	"kinglet/store"
)

var errNoPoll = fault.Errorf(fault.NotFound, "the status has no poll")

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

// PollOption is one of the answers of a poll. The votes are null while they are
// hidden.
type PollOption struct {
	Title      string `json:"title"`
	VotesCount *int64 `json:"votes_count"`
}

// poll serializes the poll of a status, nil for none.
func (s Serializer) poll(st *store.Status) *Poll {
	p := st.Poll
	if p == nil {
		return nil
	}
	hidden := p.HideTotals && !p.Expired
	e := &Poll{
		ID: st.ID.String(), ExpiresAt: timePtr(p.ExpiresAt), Expired: p.Expired, Multiple: p.Multiple, VotesCount: p.Votes(),
		Options: each(p.Options, func(o store.PollOption) PollOption {
			if hidden {
				return PollOption{Title: o.Title}
			}
			return PollOption{o.Title, &o.Votes}
		}),
		Emojis: each(st.Emojis, s.Emoji),
	}
	if p.Voters > 0 || !p.Multiple || e.VotesCount == 0 {
		voters := max(p.Voters, 0)
		if voters == 0 {
			voters = e.VotesCount // of one answer each
		}
		e.VotersCount = &voters
	}
	if s.Viewer != 0 {
		own := append([]int{}, st.Voted...)
		voted := len(own) > 0 || st.AccountID == s.Viewer // nobody votes in one's own
		e.Voted, e.OwnVotes = &voted, &own
	}
	return e
}

// pollLimits are the limits of a poll that is written here.
func pollLimits() PollLimits {
	return PollLimits{
		MaxOptions: ap.MaxPollOptions, MaxCharactersPerOption: ap.MaxPollCharacters,
		MinExpiration: int(ap.MinPollExpiration.Seconds()), MaxExpiration: int(ap.MaxPollExpiration.Seconds()),
	}
}
