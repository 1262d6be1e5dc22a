package cmd

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// notifier notifies systemd of the server's state (sd_notify(3), Type=notify).
// Without systemd it does nothing.
type notifier struct {
	socket   string
	watchdog time.Duration // how often systemd wants to hear that the server lives; 0 never
	log      *slog.Logger
}

func newNotifier(environ []string, pid int, log *slog.Logger) *notifier {
	n := &notifier{log: log}
	watched := true
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		switch name {
		case "NOTIFY_SOCKET":
			n.socket = value // "@name" is an abstract one, for package net as well
		case "WATCHDOG_USEC":
			if us, err := strconv.ParseInt(value, 10, 64); err == nil && us > 0 && us < int64(24*time.Hour/time.Microsecond) {
				n.watchdog = time.Duration(us) * time.Microsecond
			}
		case "WATCHDOG_PID":
			watched = value == "" || value == strconv.Itoa(pid)
		}
	}
	if !watched || n.socket == "" {
		n.watchdog = 0
	}
	return n
}

// send sends one message: lines of NAME=VALUE.
func (n *notifier) send(lines ...string) {
	if n.socket == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err == nil {
		_, err = c.Write([]byte(strings.Join(lines, "\n")))
		c.Close()
	}
	if err != nil {
		n.log.Warn("could not notify systemd", "socket", n.socket, "error", err)
	}
}

// A migration, or rewriting the file, may take longer than systemd waits for a
// start. It extends the wait by extendBy, again and again.
const (
	extendBy    = 60 * time.Second
	extendEvery = 20 * time.Second
)

// whileWorking extends systemd's wait while do runs; status describes the work.
func (n *notifier) whileWorking(status string, do func() error) error {
	extend := func() {
		n.send("EXTEND_TIMEOUT_USEC="+strconv.FormatInt(extendBy.Microseconds(), 10), "STATUS="+status)
	}
	extend()
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(extendEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				extend()
			case <-done:
				return
			}
		}
	}()
	err := do()
	close(done)
	<-ended
	return err
}

// watch notifies systemd's watchdog while alive succeeds in time; systemd kills
// and restarts a server that does not.
func (n *notifier) watch(ctx context.Context, alive func(ctx context.Context) error) {
	if n.watchdog == 0 {
		return
	}
	t := time.NewTicker(n.watchdog / 2)
	defer t.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, n.watchdog/2)
		if err := alive(within); err == nil {
			n.send("WATCHDOG=1")
		} else if ctx.Err() == nil {
			n.log.Warn("the server does not answer its own health check, the watchdog is not notified", "error", err)
		}
		cancel()
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
