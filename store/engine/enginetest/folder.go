package enginetest

import (
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
)

// Folder is a new folder for databases, deleted at the end of the test: in
// memory where the system has a folder there, since what a test loses in a
// power cut is not missed.
func Folder(t testing.TB) string {
	t.Helper()
	collectLess()
	parent := memoryOr("")
	if parent == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(parent, "kinglet-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// collectLess has garbage collected less often: tests with databases keep little
// and drop much, and a fifth of their CPU time was the collector's.
var collectLess = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
})

// enoughMemory is more than the databases of a test process need at a time;
// containers often have a few MB in memory.
const enoughMemory = 2 << 30

// memoryOr is a folder in memory, or another where there is none.
func memoryOr(other string) string {
	const shm = "/dev/shm"
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < enoughMemory {
		return other
	}
	return shm
}
