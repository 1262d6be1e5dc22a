package memory

import (
	"io/fs"
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// Use is what is used of one limit.
type Use struct {
	Bytes, Limit int64
	Garbage      int64 // the part of Bytes that Go can give back
}

func (u Use) withGarbage() float64    { return float64(u.Bytes) / float64(u.Limit) }
func (u Use) withoutGarbage() float64 { return float64(u.Bytes-u.Garbage) / float64(u.Limit) }

// Gauge measures memory; tests have their own.
type Gauge interface {
	Read() []Use
	Collect() // takes garbage away
}

// system is the gauge of this process: what Go's runtime has of its limit, and
// what each cgroup has of its own. SQLite's pages count in the second only:
// modernc's libc takes them from the operating system, not from Go.
type system struct {
	root    fs.FS
	cgroups []cgroup
}

// System is the gauge of this process; root is the file system of the machine.
func System(root fs.FS) Gauge { return system{root, cgroups(root)} }

func (s system) Collect() { debug.FreeOSMemory() }

func (s system) Read() []Use {
	held, garbage := goMemory()
	var uses []Use
	if limit := Limit(); limit > 0 && limit < math.MaxInt64 {
		uses = append(uses, Use{held, limit, garbage})
	}
	for _, c := range s.cgroups {
		used := c.used(s.root)
		uses = append(uses, Use{used, c.limit, min(garbage, used)})
	}
	return uses
}

// goMemory is what Go's runtime holds, as its memory limit counts it, and how
// much of that it could give back: free memory, and objects beyond those that the
// last collection found alive.
func goMemory() (held, garbage int64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	total, released, free, objects, live := value(0), value(1), value(2), value(3), value(4)
	return total - released, free + max(objects-live, 0)
}
