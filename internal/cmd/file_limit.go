//go:build unix

package cmd

import "syscall"

// fileLimit is how many files and sockets this process may have open. Go has
// raised the soft limit to the hard one at its start.
func fileLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 1024
	}
	return int(min(uint64(r.Cur), 1<<20))
}
