// Package semaphore lets a few do at a time what costs much, and bounds how
// many wait, and how long. One client never takes all the places, and who is
// trusted stands before who is not. Read Semaphore.
package semaphore

import (
	"context"
	"slices"
	"sync"
	"time"

	"kinglet/internal/fault"
)

// Busy is the error of who could not be let in.
var Busy = fault.Errorf(fault.Unavailable, "The server is busy, try again in a moment")

// Trusted is the client that is known: it stands before all others, and may
// take every place.
const Trusted = ""

// Options bound a semaphore.
type Options struct {
	// Places is how many get in at once.
	Places int
	// PerClient is how many of them one client may take; 0 is all.
	PerClient int
	// Waiting is how many may wait, the trusted counted apart; one client that
	// is not trusted fills at most half of it.
	Waiting int
	// Wait is how long one waits.
	Wait time.Duration
}

// Semaphore is safe for concurrent use.
type Semaphore struct {
	options Options

	mu      sync.Mutex
	held    int
	holding map[string]int // places by client
	waiting []*waiter      // the trusted first, else in the order they came
}

type waiter struct {
	client string
	ready  chan struct{} // closed with the place given
}

// New makes a semaphore.
func New(o Options) *Semaphore {
	if o.PerClient <= 0 {
		o.PerClient = o.Places
	}
	return &Semaphore{options: o, holding: map[string]int{}}
}

// Acquire waits for a place; release gives it back, once. The error is Busy,
// or that of ctx.
func (s *Semaphore) Acquire(ctx context.Context, client string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{client: client, ready: make(chan struct{})}
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
	return sync.OnceFunc(func() { s.release(client) }), nil
}

// enter puts a waiter into the line, and through it if there is a place.
func (s *Semaphore) enter(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	same, class := 0, 0
	for _, other := range s.waiting {
		if other.client == w.client {
			same++
		}
		if (other.client == Trusted) == (w.client == Trusted) {
			class++
		}
	}
	mayWait := class < s.options.Waiting && (w.client == Trusted || same < max(s.options.Waiting/2, 1))
	at := len(s.waiting)
	if w.client == Trusted {
		at = slices.IndexFunc(append(s.waiting, &waiter{client: "the end"}), func(o *waiter) bool { return o.client != Trusted })
	}
	s.waiting = slices.Insert(s.waiting, at, w)
	s.admit()
	if !mayWait && slices.Contains(s.waiting, w) {
		s.remove(w)
		return false
	}
	return true
}

// admit gives free places to those who wait.
func (s *Semaphore) admit() {
	for i := 0; i < len(s.waiting) && s.held < s.options.Places; {
		w := s.waiting[i]
		if w.client != Trusted && s.holding[w.client] >= s.options.PerClient {
			i++
			continue
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.held++
		s.holding[w.client]++
		close(w.ready)
	}
}

// leave takes a waiter out of the line; false when the place was given just now.
func (s *Semaphore) leave(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(w)
}

func (s *Semaphore) remove(w *waiter) bool {
	i := slices.Index(s.waiting, w)
	if i < 0 {
		return false
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

func (s *Semaphore) release(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
	if s.holding[client]--; s.holding[client] == 0 {
		delete(s.holding, client)
	}
	s.admit()
}

// Waiting is how many wait.
func (s *Semaphore) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
