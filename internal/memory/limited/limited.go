// Package limited has tests and measurements run a command under a hard limit of
// memory: in a cgroup of its own, in which it is killed when it takes more.
package limited

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Group is a cgroup of version 1 or 2.
type Group struct {
	Name string // the file that has its limit, for people
	dir  string
}

// NewGroup makes a cgroup in which nothing takes more than so many bytes, swap
// included. It needs the right to make one: to be root, as a rule.
func NewGroup(bytes int64) (*Group, error) {
	name, limit := fmt.Sprint("kinglet-", os.Getpid()), strconv.FormatInt(bytes, 10)
	var all error
	for _, v := range []struct{ root, memory, swap, swapLimit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", limit},
		{"/sys/fs/cgroup", "memory.max", "memory.swap.max", "0"},
	} {
		g := &Group{Name: v.memory, dir: filepath.Join(v.root, name)}
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			all = errors.Join(all, err)
			continue
		}
		// Beside the folders of version 1 a new one is only a folder: it has no such file.
		_, err := os.Stat(filepath.Join(g.dir, v.memory))
		if err == nil {
			err = os.WriteFile(filepath.Join(g.dir, v.memory), []byte(limit), 0)
		}
		if err != nil {
			all = errors.Join(all, err, g.Remove())
			continue
		}
		_ = os.WriteFile(filepath.Join(g.dir, v.swap), []byte(v.swapLimit), 0) // not there without swap accounting
		return g, nil
	}
	return nil, fmt.Errorf("could not make a cgroup: %w", all)
}

// Command is what runs the command in the group, in place of it and under its
// process id.
func (g *Group) Command(command ...string) []string {
	return append([]string{"/bin/sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(g.dir, "cgroup.procs")}, command...)
}

// Remove removes the group, once what ran in it has ended.
func (g *Group) Remove() error { return os.Remove(g.dir) }
