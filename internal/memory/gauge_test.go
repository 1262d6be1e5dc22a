package memory

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

// What is alive counts, what is not is garbage, and a collection takes it away.
func TestGauge(t *testing.T) {
	was := debug.SetMemoryLimit(1 << 30)
	pace := debug.SetGCPercent(-1) // not before it is asked for
	defer func() {
		debug.SetMemoryLimit(was)
		debug.SetGCPercent(pace)
	}()
	g := newSystem(tree(nil))
	const size = 64 << 20
	about := func(what string, got, want int64) {
		t.Helper()
		if got < want-8<<20 || got > want+8<<20 {
			t.Errorf("%s: %d MB, want %d", what, got>>20, want>>20)
		}
	}
	read := func() use {
		t.Helper()
		uses := g.read()
		if len(uses) != 1 || uses[0].limit != 1<<30 {
			t.Fatalf("%v", uses)
		}
		return uses[0]
	}
	g.collect()
	before := read()
	alive := make([]byte, size)
	g.collect()
	full := read()
	about("what is alive", full.bytes-full.garbage-(before.bytes-before.garbage), size)
	runtime.KeepAlive(alive)
	g.collect()
	about("after a collection", read().bytes, before.bytes)
	debug.SetMemoryLimit(math.MaxInt64)
	if uses := g.read(); len(uses) != 0 {
		t.Errorf("without a limit %v is used", uses)
	}
}

// A look costs little: it is made in a request.
func BenchmarkRead(b *testing.B) {
	debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	g := newSystem(Machine())
	for b.Loop() {
		g.read()
	}
}
