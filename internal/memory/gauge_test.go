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
	g := System(tree(nil))
	const size = 64 << 20
	about := func(what string, got, want int64) {
		t.Helper()
		if got < want-8<<20 || got > want+8<<20 {
			t.Errorf("%s: %d MB, want %d", what, got>>20, want>>20)
		}
	}
	read := func() Use {
		t.Helper()
		uses := g.Read()
		if len(uses) != 1 || uses[0].Limit != 1<<30 {
			t.Fatalf("%v", uses)
		}
		return uses[0]
	}
	g.Collect()
	before := read()
	alive := make([]byte, size)
	g.Collect()
	full := read()
	about("what is alive", full.Bytes-full.Garbage-(before.Bytes-before.Garbage), size)
	runtime.KeepAlive(alive)
	g.Collect()
	about("after a collection", read().Bytes, before.Bytes)
	debug.SetMemoryLimit(math.MaxInt64)
	if uses := g.Read(); len(uses) != 0 {
		t.Errorf("without a limit %v is used", uses)
	}
}

// A look costs little: it is made in a request.
func BenchmarkRead(b *testing.B) {
	debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	g := System(Machine())
	for b.Loop() {
		g.Read()
	}
}
