package store

import (
	"strconv"
	"time"

	"kinglet/store/engine"
)

// AccountID identifies an account, local or remote.
type AccountID int64

// ObjectID identifies a row of objects. A status's id, in the Mastodon API, is
// its object's: a Note's or, for a boost, the Announce's.
type ObjectID int64

func (id AccountID) String() string { return strconv.FormatInt(int64(id), 10) }
func (id ObjectID) String() string  { return strconv.FormatInt(int64(id), 10) }

// ParseID parses a decimal id of the API; anything else, and what is not
// positive, is not an id of ours.
func ParseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0
}

// IDAt is the smallest id of the time at: a bound for ranges.
func IDAt(at time.Time) int64 { return engine.IDAt(at) }
