package store

import "time"

// Poll is the poll of a status, with its results so far.
type Poll struct {
	Multiple  bool         `json:"multiple,omitempty"`
	ExpiresAt time.Time    `json:"expires_at,omitzero"` // zero for never
	Closed    bool         `json:"closed,omitempty"`    // before its time
	Voters    int64        `json:"voters,omitempty"`    // 0 when its server does not say
	Options   []PollOption `json:"options"`

	Expired bool `json:"-"` // when it was read
}

// PollOption is one option of a poll.
type PollOption struct {
	Title string `json:"title"`
	Votes int64  `json:"votes"`
}

// Votes is the sum of the votes of all options.
func (p *Poll) Votes() (n int64) {
	for _, o := range p.Options {
		n += o.Votes
	}
	return n
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
		p.Expired = p.Closed || !p.ExpiresAt.IsZero() && !p.ExpiresAt.After(now)
	}
}
