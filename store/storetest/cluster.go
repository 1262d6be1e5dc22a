package storetest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// startCluster makes a throwaway cluster that listens on a unix socket only,
// does not fsync, and dies with this process.
func startCluster() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("/tmp", "kpg")
	if err != nil {
		return "", err
	}
	attr, err := credential(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr = dir, attr
		return c
	}
	if out, err := run("initdb", "-D", data, "-U", "kinglet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	started := make(chan error)
	go func() {
		// The kernel ends the cluster when the thread that started it ends,
		// which is this one, at the end of the process.
		runtime.LockOSThread()
		c := run("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
			"-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "max_connections=200", "-c", "logging_collector=off")
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait()
			_ = os.RemoveAll(dir)
		}
		select {}
	}()
	if err := <-started; err != nil {
		return "", err
	}
	u := "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"kinglet"}, "sslmode": {"disable"}}.Encode()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if err = admin(u, "SELECT 1"); err == nil {
			return u, nil
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("the cluster does not answer: %w", err)
		}
		time.Sleep(20 * time.Millisecond) // it has no way to tell us
	}
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

// credential lets a root, whom PostgreSQL refuses to run for, run it as
// somebody else.
func credential(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
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
