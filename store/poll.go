package store

import (
	"slices"
	"time"
)

// Poll is the poll of a status, with its results so far.
type Poll struct {
	Multiple   bool         `json:"multiple,omitempty"`
	ExpiresAt  time.Time    `json:"expires_at,omitzero"` // zero for never
	Closed     bool         `json:"closed,omitempty"`    // whatever its time; of one of ours: its end was announced
	HideTotals bool         `json:"hide_totals,omitempty"`
	Voters     int64        `json:"voters,omitempty"` // 0 when its server does not say
	Options    []PollOption `json:"options"`
	// AskedAt is when the server of a remote poll last said the results, or was
	// asked for them.
	AskedAt time.Time `json:"asked_at,omitzero"`

	Expired bool `json:"-"` // when it was read
}

// PollOption is one option of a poll.
type PollOption struct {
	Title string `json:"title"`
	Votes int64  `json:"votes"`
	// Name is what a vote for it has to say, where that is not the title.
	Name string `json:"name,omitempty"`
}

// VoteName is what a vote for the option has to say.
func (o PollOption) VoteName() string {
	if o.Name != "" {
		return o.Name
	}
	return o.Title
}

// Votes is the sum of the votes of all options.
func (p *Poll) Votes() (n int64) {
	for _, o := range p.Options {
		n += o.Votes
	}
	return n
}

// SameChoices reports whether two polls offer the same: a vote in the one is a
// vote in the other.
func (p *Poll) SameChoices(q *Poll) bool {
	return p.Multiple == q.Multiple && slices.EqualFunc(p.Options, q.Options, func(a, b PollOption) bool { return a.VoteName() == b.VoteName() })
}

// Choice is the position of the option with a name, -1 for none.
func (p *Poll) Choice(name string) int {
	return slices.IndexFunc(p.Options, func(o PollOption) bool { return o.VoteName() == name })
}

// HasEnded reports whether nobody can vote any more.
func (p *Poll) HasEnded(now time.Time) bool {
	return p.Closed || !p.ExpiresAt.IsZero() && !p.ExpiresAt.After(now)
}

// HidesTotals reports whether nobody is to know the results yet.
func (p *Poll) HidesTotals(now time.Time) bool { return p.HideTotals && !p.HasEnded(now) }

// askAgain is how long the results of a remote poll are shown without its server
// being asked for newer ones.
const askAgain = 2 * time.Minute

// PollSettles is how long after its end a remote poll has its last results: its
// server has to count, and clocks differ.
const PollSettles = time.Minute

// IsStale reports whether the server of a remote poll may know newer results: the
// last ones are asked for once, however lately it was asked before.
func (p *Poll) IsStale(now time.Time) bool {
	settled := p.ExpiresAt.Add(PollSettles)
	switch {
	case !p.HasEnded(now):
	case p.ExpiresAt.IsZero() || !p.AskedAt.Before(settled):
		return false
	case !now.Before(settled):
		return true
	}
	return now.Sub(p.AskedAt) >= askAgain
}

// pollText is the column of a poll, "" for none.
func pollText(p *Poll) string {
	if p == nil {
		return ""
	}
	return encodeJSON(p)
}

// age sets the fields that depend on the current time.
func (p *Poll) age(now time.Time) {
	if p != nil {
		p.Expired = p.HasEnded(now)
	}
}
