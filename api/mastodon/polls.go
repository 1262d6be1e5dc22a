package mastodon

import (
	"math"
	"strconv"
	"time"

	"kinglet/ap"
	"kinglet/api/params"
	"kinglet/store"
)

// pollRequest reads the poll of a status that is written; nil for none.
func pollRequest(p *params.Params) *ap.PollRequest {
	poll, ok := p.Sub("poll")
	if !ok || !poll.Has("options") && !poll.Has("expires_in") {
		return nil
	}
	seconds := min(max(poll.Int("expires_in", 0), 0), math.MaxInt32)
	return &ap.PollRequest{
		Options: poll.Strings("options"), ExpiresIn: time.Duration(seconds) * time.Second,
		Multiple: poll.True("multiple"), HideTotals: poll.True("hide_totals"),
	}
}

// poll answers with a poll as it is known here. If its server may know more, that
// is asked for whoever is signed in, and answers a later call.
func (c *call) poll() (any, error) {
	st, err := c.readPoll(c.viewer)
	if err != nil {
		return nil, err
	}
	if c.viewer != 0 {
		if err := c.api.Service.AskForPoll(c.ctx, st); err != nil {
			return nil, err
		}
	}
	return c.serializer().poll(st), nil
}

// vote answers with the poll: so the token must be able to read it.
func (c *call) vote() (any, error) {
	if _, err := c.readPoll(c.reader()); err != nil {
		return nil, err
	}
	var choices []int
	for _, s := range c.params.Strings("choices") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, store.ErrNoSuchChoice
		}
		choices = append(choices, n)
	}
	if err := c.api.Service.Vote(c.ctx, c.viewer, c.statusID(), choices); err != nil {
		return nil, err
	}
	st, err := c.readPoll(c.viewer)
	if err != nil {
		return nil, err
	}
	return c.serializer().poll(st), nil
}

// readPoll reads the status of the path, whose id is that of its poll as well.
func (c *call) readPoll(viewer store.AccountID) (*store.Status, error) {
	return read(c, func(tx *store.Tx) (*store.Status, error) {
		st, err := tx.Status(viewer, c.statusID())
		if err == nil && st.Poll == nil {
			err = errNoPoll
		}
		return st, err
	})
}
