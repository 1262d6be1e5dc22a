package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// systemd is a socket that receives notifications.
func systemd(t *testing.T, name string) (socket string, read func() string) {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return name, func() string {
		b := make([]byte, 4096)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("nothing was said: %v", err)
		}
		return string(b[:n])
	}
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func TestNotify(t *testing.T) {
	dir, err := os.MkdirTemp("", "k") // socket names are short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, socket := range map[string]string{"path": filepath.Join(dir, "notify"), "abstract": fmt.Sprintf("@kinglet-test-%d", os.Getpid())} {
		t.Run(name, func(t *testing.T) {
			socket, read := systemd(t, socket)
			n := newNotifier([]string{"NOTIFY_SOCKET=" + socket}, 1, quiet)
			n.send("READY=1", "STATUS=x")
			if got := read(); got != "READY=1\nSTATUS=x" {
				t.Errorf("%q", got)
			}
			failure := errors.New("no")
			if err := n.whileWorking("Migrating the database", func() error { return failure }); err != failure {
				t.Errorf("%v", err)
			}
			if got := read(); got != "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=Migrating the database" {
				t.Errorf("%q", got)
			}
		})
	}
	newNotifier(nil, 1, quiet).send("READY=1") // without systemd nothing happens
}

// systemd hears of the server as long as it lives, and not when it hangs.
func TestWatchdog(t *testing.T) {
	socket, read := systemd(t, fmt.Sprintf("@kinglet-watch-%d", os.Getpid()))
	n := newNotifier([]string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=40000", "WATCHDOG_PID=7"}, 7, quiet)
	if n.watchdog != 40*time.Millisecond {
		t.Fatal(n.watchdog)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan bool)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.watch(ctx, func(context.Context) error {
			if <-asked {
				return nil
			}
			return errors.New("hangs")
		})
	}()
	asked <- true
	if got := read(); got != "WATCHDOG=1" {
		t.Errorf("%q", got)
	}
	asked <- true
	read()
	asked <- false
	asked <- false
	n.send("END=1")
	if got := read(); got != "END=1" {
		t.Errorf("a server that hangs said %q", got)
	}
	cancel()
	close(asked)
	<-ended
}

func TestWatchdogOfAnother(t *testing.T) {
	for _, environ := range [][]string{
		{"NOTIFY_SOCKET=@x"}, {"WATCHDOG_USEC=1000000"}, {"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=1000000", "WATCHDOG_PID=8"},
		{"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=x"}, {"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=-1"}, {"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=9223372036854775807"},
	} {
		if n := newNotifier(environ, 7, quiet); n.watchdog != 0 {
			t.Errorf("%v: %s", environ, n.watchdog)
		}
	}
}
