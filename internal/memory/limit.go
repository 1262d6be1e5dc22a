package memory

import (
	"io/fs"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Least is the smallest limit that is set: below what the server needs,
// the collector would run all the time and free nothing.
const Least = 48 << 20

// gcPercent is Go's GOGC. The heap is so small that, at Go's 100, it would be
// collected every 15 pages of home: 200 costs 4 MB and takes a seventh of a
// page's time away. The memory limit ends that before memory is short.
const gcPercent = 200

// SetLimit has Go's collector work harder as the process comes near to what
// it may use, instead of being killed there, and less until then. Whoever sets
// GOMEMLIMIT or GOGC decides instead. root is the file system of the machine. It
// returns the limit in bytes and what that follows from; 0 when it sets none.
func SetLimit(root fs.FS, environ []string) (limit int64, from string) {
	if isSet(environ, "GOMEMLIMIT") {
		return 0, "" // the runtime has read it
	}
	limit, from = memoryLimit(root)
	if limit == 0 {
		return 0, ""
	}
	debug.SetMemoryLimit(limit)
	if !isSet(environ, "GOGC") {
		debug.SetGCPercent(gcPercent)
	}
	return limit, from
}

// Limit is how much Go may use; more than there is when nothing limits it.
func Limit() int64 { return debug.SetMemoryLimit(-1) }

func isSet(environ []string, name string) bool {
	return slices.ContainsFunc(environ, func(v string) bool {
		value, ok := strings.CutPrefix(v, name+"=")
		return ok && value != ""
	})
}

// memoryLimit is how much Go may use, and what that follows from: three quarters
// of a cgroup's limit, since SQLite's pages and the program itself count there
// too and Go knows nothing of them; half of a machine, which others use as well.
// 0 is no limit: nothing is known.
func memoryLimit(root fs.FS) (limit int64, from string) {
	if n := machineMemory(root); n > 0 {
		limit, from = n/2, "machine"
	}
	if n := cgroupMemory(root); n > 0 && (limit == 0 || n/4*3 < limit) {
		limit, from = n/4*3, "cgroup"
	}
	if limit > 0 {
		limit = max(limit, Least)
	}
	return limit, from
}

// machineMemory is the memory of the machine in bytes, 0 if that is unknown.
func machineMemory(root fs.FS) int64 {
	info, _ := fs.ReadFile(root, "proc/meminfo")
	for line := range strings.Lines(string(info)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}
