package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"kinglet/store/storetest"
)

// A job whose own lane is not the host that is down waits for that host: it is
// not tried again at once.
func TestJobWaitsForAnotherHost(t *testing.T) {
	for _, lane := range []string{"down.test", "local/other"} {
		t.Run(lane, func(t *testing.T) {
			b := newBench(t, storetest.SQLite(t), Options{}, func(context.Context, string) error {
				return HostDown("down.test", errors.New("no answer"), 0)
			})
			b.add(lane, "1")
			ran, err := b.RunDue(t.Context())
			if ran != 1 || err != nil {
				t.Errorf("it ran %d times, %v", ran, err)
			}
			at, ok, err := b.NextDue(t.Context())
			if wait := at.Sub(b.s.Now()); !ok || err != nil || wait < 59*time.Minute {
				t.Errorf("it is tried again in %s, %v, %v", wait, ok, err)
			}
		})
	}
}
