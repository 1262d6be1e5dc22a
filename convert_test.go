package main

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// makeOld has a database file be one of the time before files gave space back.
func makeOld(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = 0; VACUUM"); err != nil {
		t.Fatal(err)
	}
}

// A file of an older version is rewritten once, when a server starts or on
// demand, and the operator is informed.
func TestOldFileIsRewritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	listen := freeAddress(t)
	env := []string{"KINGLET_DOMAIN=example.org", "KINGLET_DATABASE=" + path, "KINGLET_LISTEN=" + listen}
	status := func(when, want string) {
		t.Helper()
		if code, out := run(t, env, "migrate", "status"); code != 0 || !strings.Contains(out, "database file: "+want) {
			t.Errorf("%s: %d %s", when, code, out)
		}
	}
	if code, out := run(t, env, "account", "create", "alice", "--email", "a@example.org", "--password", "12345678"); code != 0 {
		t.Fatal(out)
	}
	status("new", "gives the space")

	makeOld(t, path)
	status("old", "to be rewritten once")
	if code, out := run(t, env, "migrate", "up"); code != 0 || !strings.Contains(out, "rewrote the database file") {
		t.Errorf("%d %s", code, out)
	}
	status("written anew by hand", "gives the space")
	if code, out := run(t, env, "migrate", "up"); code != 0 || !strings.Contains(out, "nothing to do") {
		t.Errorf("again: %d %s", code, out)
	}

	makeOld(t, path)
	name := fmt.Sprintf("@kinglet-convert-%d-%d", os.Getpid(), time.Now().UnixNano())
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c, log := serving(t, append(env, "NOTIFY_SOCKET="+name))
	told := ""
	for b := make([]byte, 4096); !strings.Contains(told, "READY=1"); {
		_ = socket.SetReadDeadline(time.Now().Add(patience))
		n, err := socket.Read(b)
		if err != nil {
			t.Fatal(err, log.String())
		}
		told += string(b[:n]) + "\n"
	}
	if !strings.Contains(told, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=Rewriting the database file") || !strings.Contains(log.String(), "the database file was rewritten") {
		t.Errorf("systemd is told %q, the log %s", told, log)
	}
	status("written anew at a start", "gives the space")
	if code, out := run(t, env, "account", "list"); code != 0 || !strings.Contains(out, "alice") {
		t.Errorf("%d %s", code, out)
	}
	if code, out := run(t, env, "serve", "--listen", freeAddress(t)); code != 1 || !oneLine(out, "another server is running") {
		t.Errorf("a second server: %d %q", code, out)
	}
	_ = c.Process.Signal(syscall.SIGTERM)
	_ = c.Wait()

	// With migrate_at_start false the server serves, and logs a warning.
	makeOld(t, path)
	_, log = serving(t, append(env, "KINGLET_MIGRATE_AT_START=false"))
	eventually(t, "it serves", func() error {
		if l := log.String(); !strings.Contains(l, "kinglet is serving") {
			return fmt.Errorf("%s", l)
		}
		return nil
	})
	if !strings.Contains(log.String(), "kinglet migrate up") {
		t.Error(log.String())
	}
	status("migrate_at_start is false", "to be rewritten once")
}
