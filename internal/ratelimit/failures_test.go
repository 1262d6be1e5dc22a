package ratelimit

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinglet/internal/config"
)

// failureClock is a time that the test decides.
type failureClock struct{ at atomic.Int64 }

func (c *failureClock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *failureClock) advance(d time.Duration) { c.at.Add(int64(d)) }

var three = Rule{"three", 3, time.Minute}

func TestFailuresAreReserved(t *testing.T) {
	f := NewFailures((&failureClock{}).now, 100)
	var judged atomic.Int64
	var group sync.WaitGroup
	for range 60 {
		group.Go(func() {
			if r, _ := f.Reserve(three, "alice"); r != nil {
				judged.Add(1)
			}
		})
	}
	group.Wait()
	if n := judged.Load(); n != 3 {
		t.Errorf("%d of 60 attempts at the same time are judged", n)
	}
	if r, _ := f.Reserve(three, "bob"); r == nil {
		t.Error("another pays for it")
	}
	if r, _ := f.Reserve(Rule{"other", 3, time.Minute}, "alice"); r == nil {
		t.Error("another rule pays for it")
	}
}

func TestFailuresAreReleased(t *testing.T) {
	c := &failureClock{}
	f := NewFailures(c.now, 100)
	for i := range 10 {
		r, _ := f.Reserve(three, "alice")
		if r == nil {
			t.Fatalf("attempt %d that succeeded counts", i)
		}
		r.Release()
		r.Release()
	}
	if len(f.entries) != 0 || f.oldest.Len() != 0 {
		t.Errorf("%d counts are kept of nothing", len(f.entries))
	}
	first, _ := f.Reserve(three, "alice")
	for range 2 {
		f.Reserve(three, "alice")
	}
	r, reset := f.Reserve(three, "alice")
	if r != nil || !reset.Equal(c.now().Add(time.Minute)) {
		t.Errorf("the fourth: %v until %s", r, reset)
	}
	c.advance(time.Minute)
	if r, _ := f.Reserve(three, "alice"); r == nil {
		t.Error("the window does not end")
	}
	first.Release() // of a window that has ended: this one's count stays
	for range 2 {
		f.Reserve(three, "alice")
	}
	if r, _ := f.Reserve(three, "alice"); r != nil {
		t.Error("what was released of an old window counts in the new one")
	}
}

func TestFailuresAreBounded(t *testing.T) {
	f := NewFailures((&failureClock{}).now, 10)
	for range 3 {
		f.Reserve(three, "alice")
	}
	for i := range 9 {
		f.Reserve(three, strconv.Itoa(i))
	}
	if r, _ := f.Reserve(three, "alice"); r != nil {
		t.Error("a count is lost although there is room")
	}
	for i := range 1000 {
		f.Reserve(three, strconv.Itoa(i))
	}
	if len(f.entries) != 10 || f.oldest.Len() != 10 {
		t.Errorf("%d counts are kept", len(f.entries))
	}
	if r, _ := f.Reserve(three, "alice"); r == nil {
		t.Error("the oldest is kept")
	}
}

func TestFailureRulesAreSettings(t *testing.T) {
	f := NewFailures((&failureClock{}).now, 10, FailureSettings(config.Limits{
		SignIn: config.RateLimit{Most: 1, Window: time.Hour}, SignInTo: config.RateLimit{Most: 2, Window: time.Hour}, Invalid: config.RateLimit{Most: 3, Window: time.Hour},
	})...)
	for rule, most := range map[Rule]int{SignIn: 1, SignInTo: 2, SignInKnown: 2, InvalidToken: 3} {
		for range most {
			if r, _ := f.Reserve(rule, "a"); r == nil {
				t.Errorf("%s: refused", rule.Name)
			}
		}
		if r, _ := f.Reserve(rule, "a"); r != nil {
			t.Errorf("%s: not refused", rule.Name)
		}
	}
}
