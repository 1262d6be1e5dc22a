package apptest

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// Log is what a server or a command writes, which a test reads while it is
// being written.
type Log struct {
	mu    sync.Mutex
	b     bytes.Buffer
	grows chan struct{} // closed by the next write, if anyone waits for it
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grows != nil {
		close(l.grows)
		l.grows = nil
	}
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Has is closed when the log has a text, n times in all.
func (l *Log) Has(t testing.TB, text string, n int) <-chan struct{} {
	found := make(chan struct{})
	go func() {
		for {
			count, grows := l.count(text)
			if count >= n {
				close(found)
				return
			}
			select {
			case <-grows:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return found
}

func (l *Log) count(text string) (n int, grows <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grows == nil {
		l.grows = make(chan struct{})
	}
	return bytes.Count(l.b.Bytes(), []byte(text)), l.grows
}

// patience is how long a server of a process of its own may take to do something.
const patience = 30 * time.Second

// Await waits until the log has a text, n times in all.
func (l *Log) Await(t testing.TB, text string, n int) {
	t.Helper()
	select {
	case <-l.Has(t, text, n):
	case <-time.After(patience):
		t.Fatalf("the log does not have %q %d times:\n%s", text, n, l)
	}
}
