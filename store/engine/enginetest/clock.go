package enginetest

import (
	"sync"
	"time"
)

// Clock is a clock that only the test advances.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at an instant of 2026.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
}

// Now is for store.Options.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance advances the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
