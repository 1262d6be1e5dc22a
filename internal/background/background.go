// Package background lets work that can wait make way for clients. Signing a
// delivery or a GET keeps a processor busy for a millisecond, a picture for a
// second, and one post causes hundreds of deliveries: without this, whoever opens
// the app meanwhile waits behind them.
//
// As much is done at once as there are processors, and each piece first waits
// for the requests that are being answered: not for long, so that no number of
// requests stops it, and for strangers' less than for those of who is signed in.
// Read Limit.
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
	// recent is for how long the request of somebody signed in counts. Those that
	// take longer (streams, uploads) mostly wait for their client, and need no
	// processor.
	recent = 100 * time.Millisecond
	// patience is how long a piece of work makes way at most: a client that
	// never stops asking leaves the background one piece in that time.
	patience = 5 * time.Millisecond
	// unknown is for how long a request counts of which it is not known whose it
	// is: a token is found in less. A stranger's counts no longer.
	unknown = 5 * time.Millisecond
	// patienceWithUnknown is how long a piece makes way for those. It is about
	// what a signature takes: strangers who never stop asking halve what is
	// delivered, and no more.
	patienceWithUnknown = time.Millisecond
)

// Limit limits the work in the background. It is safe for concurrent use.
type Limit struct {
	slots   chan struct{}
	network network

	mu sync.Mutex
	// The requests that are being answered, the latest at the end.
	known, unknown list.List
	quiet          chan struct{} // closed when no recent one is left; nil when nobody waits for it
}

// request is one that is being answered.
type request struct {
	limit *Limit
	began time.Time
	in    *list.List // nil when it does not count
	at    *list.Element
}

type requestKey struct{}

// New makes a limit for this machine: as much at once as it has processors. While
// requests are answered each piece waits for them, so fewer than that run.
func New() *Limit { return newLimit(runtime.GOMAXPROCS(0)) }

func newLimit(slots int) *Limit {
	return &Limit{slots: make(chan struct{}, slots), network: newNetwork()}
}

// Begin waits until work may begin; the caller calls end when it is done, and
// may do so again. The error is that of ctx. A request that causes the work is
// from now on none that others make way for.
func (l *Limit) Begin(ctx context.Context) (end func(), err error) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.move(nil)
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.MakeWay(ctx); ctx.Err() != nil {
		<-l.slots
		return nil, ctx.Err()
	}
	return sync.OnceFunc(func() { <-l.slots }), nil
}

// BeginJob is Begin for work that both jobs and requests do: what a client waits
// for begins at once.
func (l *Limit) BeginJob(ctx context.Context) (end func(), err error) {
	if _, ok := ctx.Value(requestKey{}).(*request); ok {
		return func() {}, ctx.Err()
	}
	return l.Begin(ctx)
}

// MakeWay waits for recent requests: before a piece of work, and in the middle of
// one that takes long.
func (l *Limit) MakeWay(ctx context.Context) {
	l.network.look()
	for began := time.Now(); ctx.Err() == nil; {
		quiet, most := l.busy()
		left := most - time.Since(began)
		if left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-quiet:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// busy returns what is closed when no recent request is being answered any more,
// and how long work makes way for those that are: 0 when none is.
func (l *Limit) busy() (quiet <-chan struct{}, most time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if most = l.waitFor(); most > 0 && l.quiet == nil {
		l.quiet = make(chan struct{})
	}
	return l.quiet, most
}

func (l *Limit) waitFor() time.Duration {
	switch {
	case hasSince(&l.known, recent):
		return patience
	case hasSince(&l.unknown, unknown):
		return patienceWithUnknown
	}
	return 0
}

func hasSince(requests *list.List, d time.Duration) bool {
	latest := requests.Back()
	return latest != nil && time.Since(latest.Value.(*request).began) < d
}

// Requests has the requests to a handler come first.
func (l *Limit) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := l.began()
		defer q.move(nil)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
	})
}

func (l *Limit) began() *request {
	r := &request{limit: l, began: time.Now()}
	r.move(&l.unknown)
	return r
}

// Known says that the request of ctx is of somebody signed in.
func Known(ctx context.Context) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.move(&r.limit.known)
	}
}

// move has a request count among others; nil is for none, and for one that is
// answered.
func (r *request) move(to *list.List) {
	l := r.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.in != nil {
		r.in.Remove(r.at)
	} else if r.at != nil {
		return // it counts no longer
	}
	if r.in = to; to != nil {
		r.at = to.PushBack(r)
	}
	if l.quiet != nil && l.waitFor() == 0 {
		close(l.quiet)
		l.quiet = nil
	}
}
