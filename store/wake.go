package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Another kinglet command (`account delete`, say) may commit jobs into the
// database of a running server, which sleeps and does not poll. On PostgreSQL
// a NOTIFY wakes it; on SQLite the command knocks at a socket beside the file.

// maxSocketPath is what a unix socket's name may have, with room to spare.
const maxSocketPath = 100

func (s *Store) wakePath() string {
	path := s.path + ".wake"
	if len(path) <= maxSocketPath {
		return path
	}
	abs, err := filepath.Abs(s.path)
	if err != nil {
		abs = s.path
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), "kinglet-"+hex.EncodeToString(sum[:8])+".wake")
}

// ListenForWakes has this process woken by others' commits until Close. It is
// a Conflict error when another server already runs on the same SQLite file:
// two would do all work twice.
func (s *Store) ListenForWakes() error {
	ctx, cancel := context.WithCancel(context.Background())
	if s.path == "" {
		s.stopListening = cancel
		s.listening.Go(func() { s.listenPostgres(ctx) })
		return nil
	}
	path := s.wakePath()
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		cancel()
		return Errorf(Conflict, "another server is running on the database %s", s.path)
	}
	os.Remove(path) // of a process that was killed
	l, err := net.Listen("unix", path)
	if err != nil {
		cancel()
		return Errorf(Unavailable, "listen at %s: %w", path, err)
	}
	os.Chmod(path, 0o600)
	s.stopListening = func() { cancel(); l.Close() }
	s.listening.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			s.wakeJobs()
		}
	})
	return nil
}

// knock wakes the server that runs on the same SQLite file, if one does.
func (s *Store) knock() {
	if s.path == "" || s.stopListening != nil {
		return
	}
	if c, err := net.DialTimeout("unix", s.wakePath(), 200*time.Millisecond); err == nil {
		c.Close()
	}
}
