package ap

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kinglet/internal/fault"
)

// An error of a limit of our own is recognized by its cause, whatever
// has been wrapped around it, and by no text.
func TestBusyError(t *testing.T) {
	room, often := overCapacity("no room"), tooOften(time.Minute, "too often")
	for name, c := range map[string]struct {
		err, want error
	}{
		"no room":              {room, room},
		"too often":            {often, often},
		"wrapped":              {fmt.Errorf("fetch: %w", room), room},
		"within another fault": {fault.Errorf(fault.Unauthorized, "could not fetch the key: %w", often), often},
		"deep within others":   {fault.Errorf(fault.Invalid, "x: %w", fmt.Errorf("y: %w", fault.Errorf(fault.Gone, "z: %w", room))), room},
		"the same text":        {&fault.Error{Kind: fault.Unavailable, Message: tooMuch}, nil},
		"another server's 429": {fault.Errorf(fault.RateLimited, "429"), nil},
		"an error of no kind":  {errors.New(tooMuch), nil},
		"none":                 {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := busyError(c.err)
			if c.want == nil && got != nil || c.want != nil && error(got) != c.want {
				t.Errorf("%v", got)
			}
			if isBusy(c.err) != (c.want != nil) {
				t.Error("isBusy differs")
			}
		})
	}
}
