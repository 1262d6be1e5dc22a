package engine_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// opened is a migrated engine on a database that may be there.
func opened(t *testing.T, database string) *engine.Engine {
	t.Helper()
	e := open(t, engine.Options{Database: database})
	if _, err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// listening opens an engine that listens, and gives what it is woken by.
func listening(t *testing.T, database string) (*engine.Engine, <-chan struct{}) {
	t.Helper()
	e := opened(t, database)
	woken := make(chan struct{}, 100)
	e.OnJobs(func() { woken <- struct{}{} })
	if err := e.ListenForWakes(); err != nil {
		t.Fatal(err)
	}
	return e, woken
}

// job has the workers woken when it is durable.
func job(key string) func(tx *engine.Tx) error {
	return all(set("job", key), func(tx *engine.Tx) error { tx.JobsDue(); return nil })
}

// wakes makes a job due in one engine until the other has been woken: on
// PostgreSQL listening may begin after the first.
func wakes(t *testing.T, e *engine.Engine, woken <-chan struct{}) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		update(t, e, job(""))
		select {
		case <-woken:
			return
		case <-deadline:
			t.Fatal("the other is not woken")
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func TestOneProcessWakesAnother(t *testing.T) {
	t.Chdir(t.TempDir())
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("plain.db", "link.db"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, server, command string }{
		{"the same path", "one.db", "one.db"},
		{"a relative and an absolute path", "two.db", filepath.Join(here, "two.db")},
		{"a link", "plain.db", "link.db"},
		{"a long path", filepath.Join(long, "k.db"), filepath.Join(long, "k.db")},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, woken := listening(t, c.server)
			command := opened(t, c.command)
			update(t, command, set("k", "v"))
			wakes(t, command, woken)
			path := server.WakePath()
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("the socket: %v %v", fi, err)
			}
			if err := command.ListenForWakes(); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), c.command) {
				t.Errorf("a second server: %v", err)
			}
			server.Close()
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("the socket is left: %v", err)
			}
			if err := command.Update(t.Context(), job("alone")); err != nil {
				t.Errorf("with nobody to wake: %v", err)
			}
			if err := command.ListenForWakes(); err != nil {
				t.Errorf("the next server: %v", err)
			}
		})
	}
}

func TestNodesWakeEachOther(t *testing.T) {
	t.Parallel()
	url := template.PostgresURL(t)
	_, woken := listening(t, url)
	other, _ := listening(t, url)
	wakes(t, other, woken)
}

// Of many servers that start at once beside the socket of one that was killed,
// one runs.
func TestOneServerOnAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	engines := make([]*engine.Engine, 6)
	for i := range engines {
		engines[i] = opened(t, path)
	}
	for range 20 {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: engines[0].WakePath(), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		servers := make(chan *engine.Engine, len(engines))
		var group sync.WaitGroup
		for i, e := range engines {
			group.Go(func() {
				switch err := e.ListenForWakes(); {
				case err == nil:
					servers <- e
				case !fault.Is(err, fault.Conflict):
					t.Errorf("server %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if len(servers) != 1 {
			t.Fatalf("%d servers run on one file", len(servers))
		}
		e := <-servers
		e.Close()
		for i := range engines {
			if engines[i] == e {
				engines[i] = opened(t, path)
			}
		}
	}
}

// What stands in the socket's place and is none is nobody's to remove.
func TestAFileInTheSocketsPlaceStays(t *testing.T) {
	t.Parallel()
	e := opened(t, filepath.Join(t.TempDir(), "k.db"))
	if err := os.WriteFile(e.WakePath(), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.ListenForWakes(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("listening: %v", err)
	}
	if b, err := os.ReadFile(e.WakePath()); err != nil || string(b) != "mine" {
		t.Errorf("the file: %q %v", b, err)
	}
}
