package enginetest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// keeper runs a cluster until its own standard input ends, and then deletes the
// cluster's files. The kernel closes the other end of that pipe when the test
// process ends, however it does, so nothing has to be called at the end.
const keeper = `
trap "" INT TERM HUP
dir=$1; shift
"$@" >"$dir/log" 2>&1 &
read -r _
kill -QUIT $!
wait $!
cd / && rm -rf "$dir"
`

// startCluster makes a throwaway cluster that listens on a unix socket only,
// does not fsync, and ends with this process. Each database is hundreds of
// files: on a disk, creating and dropping them is most of what a short test
// costs. It detects deadlocks after 100 ms, not a second: tests that change the
// same rows concurrently cause many.
func startCluster() (_ string, err error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	// Not os.TempDir: a socket's path has to be short.
	dir, err := os.MkdirTemp(memoryOr("/tmp"), "kpg")
	if err != nil {
		return "", err
	}
	kept := false
	defer func() {
		if !kept {
			os.RemoveAll(dir)
		}
	}()
	attr, err := credential(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir, c.SysProcAttr = dir, attr
		return c
	}
	if out, err := run(filepath.Join(bin, "initdb"), "-D", data, "-U", "kinglet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	c := run("/bin/sh", "-c", keeper, "keeper", dir, filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "full_page_writes=off", "-c", "max_wal_size=128MB", "-c", "shared_buffers=16MB", "-c", "max_connections=1000", "-c", "deadlock_timeout=100ms", "-c", "logging_collector=off")
	lifeline, err := c.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	kept = true
	u := "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"kinglet"}, "sslmode": {"disable"}}.Encode()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if err = ping(u); err == nil {
			// This goroutine owns the keeper, and keeps the pipe open.
			go func() { _ = c.Wait() }()
			return u, nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			lifeline.Close()
			return "", fmt.Errorf("the cluster does not answer: %w: %s", err, log)
		}
		time.Sleep(20 * time.Millisecond) // it can't notify us
	}
}

func ping(u string) error {
	db, err := sql.Open("pgx", u)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ping()
}

func binaries() (string, error) {
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return "", errors.New("no postgres binary")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// credential lets root, which PostgreSQL refuses to run as, run it as another
// user.
func credential(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // a ^C at the terminal is for the tests
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return attr, os.Chown(dir, uid, gid)
}
