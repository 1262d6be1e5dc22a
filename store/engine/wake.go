package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"kinglet/internal/fault"
)

// A commit may make jobs due, or write events: for this process and for others
// on the same database, which sleep and do not poll (another node; the server,
// when a command such as `account delete` runs beside it). On PostgreSQL NOTIFY
// wakes them, on SQLite a connection to the socket beside the file. Either only
// says that there is something to look for.

// notice says what a commit has written: events, due jobs.
type notice uint8

const (
	jobsAreDue notice = 1 << iota
	eventsAreThere
)

// noticeOf parses a notice of another node; an unknown one means everything.
func noticeOf(payload string) notice {
	n, err := strconv.ParseUint(payload, 10, 8)
	if err != nil {
		return jobsAreDue | eventsAreThere
	}
	return notice(n)
}

// OnJobs sets the function that is called after each commit, here or in
// another process, that made a job due. It must not block.
func (e *Engine) OnJobs(wake func()) {
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	e.wake = wake
}

// committed notifies this process and others of a commit.
func (e *Engine) committed(n notice) {
	if n == 0 {
		return
	}
	switch listens := e.wakeHere(n); {
	case e.announcer != nil && n == eventsAreThere:
		e.announcer.announce()
	case e.path != "" && !listens:
		e.notifyOtherProcess()
	}
}

// wakeHere notifies this process, and reports whether it listens to others.
func (e *Engine) wakeHere(n notice) (listens bool) {
	e.wakeMu.Lock()
	wake, listens := e.wake, e.stopListening != nil
	if n&eventsAreThere != 0 {
		for l := range e.listeners {
			select {
			case l.look <- struct{}{}:
			default: // it is about to look
			}
		}
	}
	e.wakeMu.Unlock()
	if n&jobsAreDue != 0 && wake != nil {
		wake()
	}
	return listens
}

// maxSocketPath is the longest name of a unix socket, with a margin.
const maxSocketPath = 100

// wakePath is the socket of the server on a SQLite file. It is the same for
// every process that has the file open, from any folder and through any link.
func (e *Engine) wakePath() string {
	path := e.path
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if len(path)+len(".wake") <= maxSocketPath {
		return path + ".wake"
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(os.TempDir(), "kinglet-"+hex.EncodeToString(sum[:8])+".wake")
}

// ListenForWakes lets other processes' commits wake this one until Close. It is
// a Conflict error when another server already runs on the same SQLite file:
// two would do all work twice.
func (e *Engine) ListenForWakes() error {
	ctx, cancel := context.WithCancel(context.Background())
	if e.path == "" {
		e.listen(cancel, func() { e.listenPostgres(ctx) })
		return nil
	}
	var l net.Listener
	// In a transaction, since only one process at a time can be in one: of
	// two servers that find a dead one's socket, one listens and the other
	// sees it.
	err := e.Update(ctx, func(*Tx) (err error) {
		if l != nil {
			l.Close() // the transaction is run again
		}
		l, err = e.listenSocket()
		return err
	})
	if err != nil {
		cancel()
		return err
	}
	e.listen(func() { cancel(); l.Close() }, func() { e.acceptWakes(ctx, l) })
	return nil
}

func (e *Engine) listen(stop, run func()) {
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	e.stopListening = stop
	e.listening.Go(run)
}

func (e *Engine) listenSocket() (net.Listener, error) {
	path := e.wakePath()
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fault.Errorf(fault.Conflict, "another server is running on the database %s", e.path)
	}
	if fi, err := os.Lstat(path); err == nil && fi.Mode().Type() == fs.ModeSocket {
		os.Remove(path) // of a process that was killed
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fault.Errorf(fault.Unavailable, "listen at %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fault.Errorf(fault.Unavailable, "listen at %s: %w", path, err)
	}
	return l, nil
}

func (e *Engine) acceptWakes(ctx context.Context, l net.Listener) {
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// Too many open files: this passes, and a wake may have been lost.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		} else {
			c.Close()
		}
		e.wakeHere(jobsAreDue | eventsAreThere)
	}
}

// notifyOtherProcess wakes the server that runs on the same SQLite file, if one does.
func (e *Engine) notifyOtherProcess() {
	if c, err := net.DialTimeout("unix", e.wakePath(), 200*time.Millisecond); err == nil {
		c.Close()
	}
}
