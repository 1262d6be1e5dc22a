package apptest_test

import (
	"fmt"
	"testing"

	"kinglet/internal/apptest"
)

// Who waits for a line is told when it is written, however it is cut in pieces,
// and not before it was written as often as said.
func TestLog(t *testing.T) {
	var log apptest.Log
	twice := log.Has(t, "msg=ready", 2)
	fmt.Fprint(&log, "msg=ready\nmsg=re")
	log.Await(t, "msg=ready", 1)
	select {
	case <-twice:
		t.Errorf("it is there twice in %q", log.String())
	default:
	}
	fmt.Fprintln(&log, "ady")
	<-twice
}
