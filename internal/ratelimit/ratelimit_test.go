package ratelimit

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	now := time.Unix(0, 0)
	l := New(func() time.Time { return now })
	rule := Rule{"x", 2, time.Minute}
	for i, want := range []bool{true, true, false} {
		if ok, _, _ := l.Allow(rule, "a"); ok != want {
			t.Errorf("request %d: %v", i, ok)
		}
	}
	if ok, _, _ := l.Allow(rule, "b"); !ok {
		t.Error("another is refused as well")
	}
	now = now.Add(time.Minute)
	if ok, _, _ := l.Allow(rule, "a"); !ok {
		t.Error("the window does not end")
	}
}
