package memory

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// A cgroup is one of those that the process counts in (cgroups(7)): its own or
// one above it.
type cgroup struct {
	limit int64
	usage string // file of what is in use, cached files included
	stat  string // file that says how much of that are cached files
	total string // the prefix of its lines: version 1 has those of the cgroups below apart
}

// cgroups lists the cgroups with a limit, of either version. A container sees its
// own cgroup as the root, whatever /proc calls it.
func cgroups(root fs.FS) (list []cgroup) {
	own, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(own)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		folder, limits, usage, total := "sys/fs/cgroup", []string{"memory.max", "memory.high"}, "memory.current", ""
		if f[0] != "0" {
			folder, limits, usage, total = "sys/fs/cgroup/memory", []string{"memory.limit_in_bytes"}, "memory.usage_in_bytes", "total_"
			if !strings.Contains(","+f[1]+",", ",memory,") {
				continue
			}
		}
		for group := path.Clean("/" + f[2]); ; group = path.Dir(group) {
			at := folder + group
			least := int64(math.MaxInt64)
			for _, file := range limits {
				if n := readBytes(root, path.Join(at, file)); n > 0 {
					least = min(least, n)
				}
			}
			if least < noLimit {
				list = append(list, cgroup{limit: least, usage: path.Join(at, usage), stat: path.Join(at, "memory.stat"), total: total})
			}
			if group == "/" {
				break
			}
		}
	}
	return list
}

// noLimit is more than any machine has; version 1 says so much where there is
// no limit.
const noLimit = 1 << 60

// cgroupMemory is the least limit of them; 0 if there is none.
func cgroupMemory(root fs.FS) (least int64) {
	for _, c := range cgroups(root) {
		if least == 0 || c.limit < least {
			least = c.limit
		}
	}
	return least
}

// used is what the cgroup can't be without: cached files are given up before
// anything is killed.
func (c cgroup) used(root fs.FS) int64 {
	n := readBytes(root, c.usage)
	stat, _ := fs.ReadFile(root, c.stat)
	for line := range strings.Lines(string(stat)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name, ok := strings.CutPrefix(name, c.total); ok && (name == "active_file" || name == "inactive_file") {
			cached, _ := strconv.ParseInt(value, 10, 64)
			n -= cached
		}
	}
	return max(n, 0)
}

// readBytes reads a file of one number; 0 for none ("max", or no such file).
func readBytes(root fs.FS, name string) int64 {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	return n
}

// Machine is the file system of this machine.
func Machine() fs.FS { return os.DirFS("/") }
