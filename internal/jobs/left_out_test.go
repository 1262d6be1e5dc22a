package jobs

import (
	"testing"

	"kinglet/store"
	"kinglet/store/storetest"
)

// The end of a job that made room is a reason to look again from the moment that
// a lane was passed over for want of it, and not only when the look is over.
func TestEndsDuringALook(t *testing.T) {
	for _, c := range []struct {
		name    string
		workers int
		lane    string // that is passed over
		failing bool   // as another node's table says
	}{
		{"lanes without a success share the workers", 2, "other", false},
		{"a lane that another node found failing", 16, "ends", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(Options{Store: storetest.SQLite(t), Workers: c.workers})
			if c.failing {
				r.lanes.answered("ends")
			}
			ending := store.Job{ID: 1, Lane: "ends"}
			r.begin(t.Context(), ending)
			r.leftOut = leftOut{lanes: map[string]bool{}}
			r.room()
			if n := r.roomIn()(c.lane, c.failing, 1); n > 0 {
				t.Fatalf("there is room for %d", n)
			}
			r.end(ending)
			if len(r.wake) == 0 {
				t.Error("nobody looks again")
			}
		})
	}
}
