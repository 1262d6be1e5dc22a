package jobs

import (
	"errors"
	"time"
)

// A worker's plain error has its job tried again later. These say more.

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent is an error that trying again will not heal: the job is given up.
func Permanent(err error) error { return permanent{err} }

type laneDown struct {
	error
	after time.Duration
}

func (l laneDown) Unwrap() error { return l.error }

// LaneDown is an error of the whole host: the lane is set aside, for at least
// retryAfter, and then probed.
func LaneDown(err error, retryAfter time.Duration) error { return laneDown{err, retryAfter} }

func isPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

func isLaneDown(err error) (time.Duration, bool) {
	var l laneDown
	ok := errors.As(err, &l)
	return l.after, ok
}
