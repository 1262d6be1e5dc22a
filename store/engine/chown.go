//go:build unix

package engine

import (
	"io/fs"
	"os"
	"syscall"
)

// chownLike gives a file the owner of another one: a command run by root must
// not leave a database that its server can't open.
func chownLike(path string, like fs.FileInfo) error {
	st, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() && int(st.Gid) == os.Getegid() {
		return nil
	}
	return os.Chown(path, int(st.Uid), int(st.Gid))
}
