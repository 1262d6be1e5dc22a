package cmd

import (
	"math"
	"net"
	"testing"

	"kinglet/internal/memory"
)

func TestDialerIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDialer(budget{dials: 1, lookups: 1})
	var first net.Conn
	told := 0
	d.full = func() { told++; first.Close(); first.Close() } // twice counts once
	if first, err = d.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	second, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil || told != 1 || len(d.slots) != 1 {
		t.Fatalf("%v, told %d times, %d open", err, told, len(d.slots))
	}
	second.Close()
	if _, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:1"); err == nil || len(d.slots) != 0 {
		t.Errorf("%v, %d open after a failure", err, len(d.slots))
	}
}

// However few files there are, the parts leave some to the database, and each
// of them can work.
func TestBudgetLeavesFilesToTheDatabase(t *testing.T) {
	for _, files := range []int{minFiles, 256, 1024, 4096, 65536, 1 << 20} {
		b := newBudget(files, math.MaxInt64)
		if left := files - b.clients - b.dials - 2*b.lookups; left < min(files/8, 64) {
			t.Errorf("of %d files %d are left: %+v", files, left, b)
		}
		if b.workers < 1 || b.workers > b.dials || b.lookups < 1 || b.clients < 1 {
			t.Errorf("%d files: %+v", files, b)
		}
	}
}

// A post to a thousand servers leaves a small machine alive.
func TestBudgetLeavesMemory(t *testing.T) {
	for _, c := range []struct {
		memory int64
		dials  int
	}{{math.MaxInt64, 1024}, {1 << 30, 1024}, {96 << 20, 614}, {memory.Least, 307}, {1, 32}} {
		b := newBudget(1<<20, c.memory)
		if b.dials != c.dials || b.workers < min(200, c.dials*3/4) {
			t.Errorf("of %d bytes: %+v", c.memory, b)
		}
	}
}
