package memory

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func tree(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, content := range files {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return root
}

const (
	mb      = 1 << 20
	meminfo = "MemTotal:        1048576 kB\nMemFree:          123456 kB\n" // 1 GiB
)

func TestMemoryLimit(t *testing.T) {
	const self = "0::/system.slice/kinglet.service\n"
	for name, c := range map[string]struct {
		files map[string]string
		limit int64
		from  string
	}{
		"nothing is known":   {map[string]string{}, 0, ""},
		"a machine":          {map[string]string{"proc/meminfo": meminfo}, 512 * mb, "machine"},
		"a small machine":    {map[string]string{"proc/meminfo": "MemTotal: 65536 kB\n"}, Least, "machine"},
		"no limit, v2":       {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": self, "sys/fs/cgroup/system.slice/kinglet.service/memory.max": "max\n"}, 512 * mb, "machine"},
		"a limit, v2":        {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": self, "sys/fs/cgroup/system.slice/kinglet.service/memory.max": "134217728\n"}, 96 * mb, "cgroup"},
		"the first bound":    {map[string]string{"proc/self/cgroup": self, "sys/fs/cgroup/system.slice/kinglet.service/memory.max": "268435456\n", "sys/fs/cgroup/system.slice/kinglet.service/memory.high": "134217728\n"}, 96 * mb, "cgroup"},
		"of the one above":   {map[string]string{"proc/self/cgroup": self, "sys/fs/cgroup/system.slice/kinglet.service/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "134217728\n"}, 96 * mb, "cgroup"},
		"a container, v2":    {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "134217728\n"}, 96 * mb, "cgroup"},
		"with another path":  {map[string]string{"proc/self/cgroup": "0::/../../docker/abc\n", "sys/fs/cgroup/memory.max": "134217728\n"}, 96 * mb, "cgroup"},
		"too little":         {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "33554432\n"}, Least, "cgroup"},
		"more than there is": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8589934592\n"}, 512 * mb, "machine"},
		"a limit, v1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n",
			"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "134217728\n",
		}, 96 * mb, "cgroup"},
		"a container, v1":   {map[string]string{"proc/self/cgroup": "4:hugetlb,memory:/docker/abc\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n"}, 96 * mb, "cgroup"},
		"no limit, v1":      {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 512 * mb, "machine"},
		"not its own":       {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:cpu:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n"}, 512 * mb, "machine"},
		"what is no number": {map[string]string{"proc/meminfo": "MemTotal: many kB\nx\n", "proc/self/cgroup": "x\n0::/\n", "sys/fs/cgroup/memory.max": "much\n"}, 0, ""},
	} {
		if limit, from := memoryLimit(tree(c.files)); limit != c.limit || from != c.from {
			t.Errorf("%s: %d of the %q, want %d of the %q", name, limit, from, c.limit, c.from)
		}
	}
}

// It is set once, and said; whoever sets GOMEMLIMIT has decided, and of the
// collector's pace whoever sets GOGC.
func TestMemoryLimitIsSet(t *testing.T) {
	was, pace := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	defer func() {
		debug.SetMemoryLimit(was)
		debug.SetGCPercent(pace)
	}()
	root := tree(map[string]string{"proc/meminfo": meminfo})
	for name, c := range map[string]struct {
		environ []string
		limit   int64
		percent int
	}{
		"nobody has":               {[]string{"X=GOMEMLIMIT="}, 512 * mb, gcPercent},
		"it is empty":              {[]string{"GOMEMLIMIT=", "GOGC="}, 512 * mb, gcPercent},
		"somebody has":             {[]string{"GOMEMLIMIT=100MiB"}, math.MaxInt64, 100},
		"somebody turns it":        {[]string{"GOMEMLIMIT=off"}, math.MaxInt64, 100},
		"somebody sets the pace":   {[]string{"GOGC=50"}, 512 * mb, 100},
		"nothing of it is decided": {nil, 512 * mb, gcPercent},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(100)
		said, from := SetLimit(root, c.environ)
		if got := debug.SetMemoryLimit(-1); got != c.limit || (said == got) != (c.limit == 512*mb) || (from == "machine") != (c.limit == 512*mb) {
			t.Errorf("%s: %d, it said %d from %q", name, got, said, from)
		}
		if got := debug.SetGCPercent(100); got != c.percent {
			t.Errorf("%s: GOGC is %d", name, got)
		}
	}
}
