package ap

import (
	"context"
	"runtime"
	"testing"
	"time"

	"kinglet/ap/activity"
	"kinglet/internal/background"
)

// A panic while something is prepared ends one job (SECURITY-RULES 33), and keeps
// no place that others wait for.
func TestPanicLeavesTheBackground(t *testing.T) {
	s := &Service{background: background.New()}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	rule := activity.Rule{Prepare: func(*activity.Env, *activity.Activity) error { panic("on what a stranger sent") }}
	for range runtime.GOMAXPROCS(0) + 1 {
		func() {
			defer func() { _ = recover() }()
			_, err := s.finish(ctx, rule, &activity.Activity{})
			t.Fatal(err)
		}()
	}
	end, err := s.background.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	end()
}
