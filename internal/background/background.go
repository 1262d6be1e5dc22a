// Package background lets work that can wait make way for clients. Signing a
// delivery keeps a processor busy for a millisecond, and one post causes
// hundreds: without this, whoever opens the app meanwhile waits behind them.
//
// As much is done at once as there are processors, and each piece first waits
// for the requests that are being answered: not for long, so that no number of
// requests stops it. Read Limit.
package background

import (
	"container/list"
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"
)

const (
	// recent is for how long a request counts. Those that take longer (streams,
	// uploads) mostly wait for their client, and need no processor.
	recent = 100 * time.Millisecond
	// patience is how long a piece of work makes way at most: a client that
	// never stops asking leaves the background one piece in that time.
	patience = 5 * time.Millisecond
)

// Limit limits the work in the background. It is safe for concurrent use.
type Limit struct {
	slots   chan struct{}
	network network

	mu       sync.Mutex
	requests list.List     // when each began that is being answered, the latest at the end
	quiet    chan struct{} // closed when no recent one is left; nil when nobody waits for it
}

// New makes a limit for this machine: as much at once as it has processors. While
// requests are answered each piece waits for them, so fewer than that run.
func New() *Limit { return newLimit(runtime.GOMAXPROCS(0)) }

func newLimit(slots int) *Limit {
	return &Limit{slots: make(chan struct{}, slots), network: newNetwork()}
}

// Begin waits until work may begin; the caller calls end when it is done, and
// may do so again. The error is that of ctx.
func (l *Limit) Begin(ctx context.Context) (end func(), err error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.network.look()
	if quiet := l.busy(); quiet != nil {
		timer := time.NewTimer(patience)
		select {
		case <-quiet:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	if err := ctx.Err(); err != nil {
		<-l.slots
		return nil, err
	}
	return sync.OnceFunc(func() { <-l.slots }), nil
}

// busy returns what is closed when no recent request is being answered any more;
// nil when none is.
func (l *Limit) busy() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hasRecent() {
		return nil
	}
	if l.quiet == nil {
		l.quiet = make(chan struct{})
	}
	return l.quiet
}

func (l *Limit) hasRecent() bool {
	latest := l.requests.Back()
	return latest != nil && time.Since(latest.Value.(time.Time)) < recent
}

// Requests has the requests to a handler come first.
func (l *Limit) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer l.answered(l.began())
		next.ServeHTTP(w, r)
	})
}

func (l *Limit) began() *list.Element {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests.PushBack(time.Now())
}

func (l *Limit) answered(request *list.Element) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.Remove(request)
	if l.quiet != nil && !l.hasRecent() {
		close(l.quiet)
		l.quiet = nil
	}
}
