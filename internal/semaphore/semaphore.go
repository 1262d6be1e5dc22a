// Package semaphore limits how many callers do expensive work at a time, how
// much memory they hold, how many wait, and how long. One client never takes
// all the places, and trusted clients are served first. Read Semaphore.
package semaphore

import (
	"context"
	"slices"
	"sync"
	"time"

	"kinglet/internal/fault"
)

// Busy is the error of a caller that was not admitted.
var Busy = fault.Errorf(fault.Unavailable, "The server is busy, try again in a moment")

// Trusted is the client key of trusted callers: they are served first, and may
// take every place.
const Trusted = ""

// Options are the limits of a semaphore.
type Options struct {
	// Places is how many callers are admitted at once.
	Places int
	// Bytes is how many bytes they may hold together; 0 is no limit.
	Bytes int64
	// PerClient is how many places one client may take; 0 is all.
	PerClient int
	// Waiting is how many may wait, not counting trusted ones; 0 lets
	// nobody wait.
	Waiting int
	// WaitingPerClient is how many of those one untrusted client may be; 0
	// is half.
	WaitingPerClient int
	// Wait is how long a caller waits.
	Wait time.Duration
}

// Semaphore is safe for concurrent use.
type Semaphore struct {
	options Options

	mu      sync.Mutex
	held    int
	bytes   int64
	holding map[string]int // places by client
	waiting []*waiter      // the trusted first, else in the order they came
}

type waiter struct {
	clients []string // none is trusted
	bytes   int64
	ready   chan struct{} // closed with the place given
}

func (w *waiter) isTrusted() bool { return len(w.clients) == 0 }

// New makes a semaphore.
func New(o Options) *Semaphore {
	if o.PerClient <= 0 {
		o.PerClient = o.Places
	}
	if o.WaitingPerClient <= 0 {
		o.WaitingPerClient = max(o.Waiting/2, 1)
	}
	return &Semaphore{options: o, holding: map[string]int{}}
}

// Acquire waits for a place; release returns it, once. The error is Busy, or
// that of ctx.
func (s *Semaphore) Acquire(ctx context.Context, client string) (release func(), err error) {
	if client == Trusted {
		return s.AcquireBytes(ctx, 0)
	}
	return s.AcquireBytes(ctx, 0, client)
}

// AcquireBytes is Acquire for a caller that holds a number of bytes, and counts
// for several clients, such as an address and a host: all of them need to have
// room. Without clients it is trusted.
func (s *Semaphore) AcquireBytes(ctx context.Context, bytes int64, clients ...string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{clients: clients, bytes: bytes, ready: make(chan struct{})}
	if !s.enter(w) {
		return nil, Busy
	}
	timer := time.NewTimer(s.options.Wait)
	defer timer.Stop()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if s.leave(w) {
			return nil, ctx.Err()
		}
	case <-timer.C:
		if s.leave(w) {
			return nil, Busy
		}
	}
	return sync.OnceFunc(func() { s.release(w) }), nil
}

// enter adds a waiter to the queue, and admits it if there is a place.
func (s *Semaphore) enter(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mayWait := s.mayWait(w)
	at := len(s.waiting)
	if w.isTrusted() {
		for at > 0 && !s.waiting[at-1].isTrusted() {
			at--
		}
	}
	s.waiting = slices.Insert(s.waiting, at, w)
	s.admit()
	if !mayWait && slices.Contains(s.waiting, w) {
		s.remove(w)
		return false
	}
	return true
}

// The following are called with mu held.

// mayWait reports whether the queue has room for another waiter.
func (s *Semaphore) mayWait(w *waiter) bool {
	if s.options.Bytes > 0 && w.bytes > s.options.Bytes {
		return false // it never gets in
	}
	if s.count(func(o *waiter) bool { return o.isTrusted() == w.isTrusted() }) >= s.options.Waiting {
		return false
	}
	for _, c := range w.clients {
		if s.count(func(o *waiter) bool { return slices.Contains(o.clients, c) }) >= s.options.WaitingPerClient {
			return false
		}
	}
	return true
}

// count counts some of the waiters.
func (s *Semaphore) count(which func(*waiter) bool) (n int) {
	for _, w := range s.waiting {
		if which(w) {
			n++
		}
	}
	return n
}

// fits reports whether a waiter's bytes and clients have room.
func (s *Semaphore) fits(w *waiter) bool {
	if s.options.Bytes > 0 && s.bytes+w.bytes > s.options.Bytes {
		return false
	}
	return !slices.ContainsFunc(w.clients, func(c string) bool { return s.holding[c] >= s.options.PerClient })
}

// admit gives free places to waiters. One that does not fit does not block
// those behind it.
func (s *Semaphore) admit() {
	for i := 0; i < len(s.waiting) && s.held < s.options.Places; {
		w := s.waiting[i]
		if !s.fits(w) {
			i++
			continue
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.hold(w, 1)
		close(w.ready)
	}
}

// hold counts a place that is taken, or with -1 one that is returned.
func (s *Semaphore) hold(w *waiter, n int) {
	s.held += n
	s.bytes += int64(n) * w.bytes
	for _, c := range w.clients {
		if s.holding[c] += n; s.holding[c] == 0 {
			delete(s.holding, c)
		}
	}
}

func (s *Semaphore) remove(w *waiter) bool {
	i := slices.Index(s.waiting, w)
	if i < 0 {
		return false
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

// leave removes a waiter from the queue; false when it was admitted just now.
func (s *Semaphore) leave(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(w)
}

func (s *Semaphore) release(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(w, -1)
	s.admit()
}

// Waiting is how many wait.
func (s *Semaphore) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
