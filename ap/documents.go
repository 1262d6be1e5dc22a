package ap

import (
	"context"
	"sync"

	"kinglet/internal/memory"
)

// documents bounds the memory of documents that are fetched because of others'
// messages, from when they arrive until what is done with them is over. Hundreds
// are fetched at once, nearly all of some kilobytes; without this, hosts that
// answer with a megabyte each would take all that a small machine has, sooner
// than it is noticed. What does not fit is fetched again later.
type documents struct {
	most int64

	mu    sync.Mutex
	taken int64
}

const (
	// timesParsed is about how much memory a document takes once it is parsed,
	// for each of its bytes.
	timesParsed = 8
	// leastDocuments has room for the largest document.
	leastDocuments = 2 * timesParsed << 20
	mostDocuments  = 256 << 20
)

// newDocuments gives them a quarter of the memory that Go may use.
func newDocuments() *documents {
	return &documents{most: min(max(memory.Limit()/4, leastDocuments), mostDocuments)}
}

// room is what one job or request has of it.
type room struct {
	of    *documents
	taken int64
	left  bool
}

type roomKey struct{}

// enter begins work that fetches; leave ends it.
func (d *documents) enter(ctx context.Context) (_ context.Context, leave func()) {
	r := &room{of: d}
	return context.WithValue(ctx, roomKey{}, r), func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.taken -= r.taken
		r.taken, r.left = 0, true
	}
}

// growth returns what is called as a document grows (outgoing.Request), nil
// without room: what people here ask for is not counted. Those that somebody here
// follows may cause more than strangers, who leave them the last quarter.
func growth(ctx context.Context, trusted bool) func(bytes int64) error {
	r, ok := ctx.Value(roomKey{}).(*room)
	if !ok {
		return nil
	}
	had := int64(0)
	return func(bytes int64) error {
		d := r.of
		d.mu.Lock()
		defer d.mu.Unlock()
		most, more := d.most, timesParsed*bytes-had
		if !trusted {
			most -= d.most / 4
		}
		if r.left || d.taken+more > most {
			return overCapacity("too many large documents at once")
		}
		d.taken, r.taken, had = d.taken+more, r.taken+more, had+more
		return nil
	}
}

// fetching is the worker of a job that fetches.
func fetching[A any](s *Service, work func(ctx context.Context, args A) error) func(ctx context.Context, args A) error {
	return func(ctx context.Context, args A) error {
		ctx, leave := s.limits.documents.enter(ctx)
		defer leave()
		return work(ctx, args)
	}
}
