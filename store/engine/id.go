package engine

import (
	"math/rand/v2"
	"sync"
	"time"
)

// idBits is how many low bits distinguish ids of one millisecond.
const idBits = 16

// idSource makes ids: 48 bits of milliseconds since 1970, then 16 bits that
// start at a random number and count up. Ids order as their times do, and two
// of one millisecond differ unless 65,536 are made within it.
type idSource struct {
	now func() time.Time
	mu  sync.Mutex
	seq uint64
}

func newIDSource(now func() time.Time) *idSource {
	return &idSource{now: now, seq: rand.Uint64()}
}

// next makes an id for the time at. A future time is replaced by now (a remote
// clock must not pin its posts on top of every timeline), and one before 1970
// by 1970.
func (s *idSource) next(at time.Time) int64 {
	now := s.now()
	if at.IsZero() || at.After(now) {
		at = now
	}
	ms := max(at.UnixMilli(), 1)
	s.mu.Lock()
	s.seq++
	low := s.seq & (1<<idBits - 1)
	s.mu.Unlock()
	return ms<<idBits | int64(low)
}

// scatter continues at a random number: after an id that another node has used,
// the following ones may be in use as well.
func (s *idSource) scatter() {
	s.mu.Lock()
	s.seq = rand.Uint64()
	s.mu.Unlock()
}

// IDAt is the smallest id of the time at: a bound for ranges.
func IDAt(at time.Time) int64 { return max(at.UnixMilli(), 1) << idBits }
