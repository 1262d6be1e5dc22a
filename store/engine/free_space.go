//go:build linux || darwin

package engine

import "syscall"

// freeSpace is how many bytes may be written to the file system of a folder.
func freeSpace(folder string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
