package engine

import (
	"context"
	"errors"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
)

// reader says for whom a request reads, set by the HTTP layer in one place.
// Without one it is the server's own work, which has no time limit.
type reader struct {
	client   string // semaphore.Trusted or an address
	stranger bool   // may take only a part of the connections
}

type readerKey struct{}

// AsStranger marks a request of an unknown client, by its address.
func AsStranger(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, readerKey{}, reader{"address " + address, true})
}

// AsLookup marks a request that reads a few rows by their keys, such as the
// lookup of a token. It is admitted even when strangers hold all the
// connections that they may.
func AsLookup(ctx context.Context) context.Context {
	return context.WithValue(ctx, readerKey{}, reader{Client(ctx), false})
}

// AsKnown marks a request of a signed-in user.
func AsKnown(ctx context.Context) context.Context {
	return context.WithValue(ctx, readerKey{}, reader{semaphore.Trusted, false})
}

// Client is the key under which semaphores count a request: semaphore.Trusted
// for known users and for the server itself.
func Client(ctx context.Context) string {
	r, _ := ctx.Value(readerKey{}).(reader)
	return r.client
}

// IsStranger reports whether a request reads as a stranger.
func IsStranger(ctx context.Context) bool {
	r, _ := ctx.Value(readerKey{}).(reader)
	return r.stranger
}

// Limits of strangers that wait for a connection.
const (
	strangersWaiting = 64
	strangersWait    = 5 * time.Second
	// readTimeout is the time limit of a read unless Options set another.
	readTimeout = 10 * time.Second
)

// newStrangers lets strangers share half of the connections; one address leaves
// at least one to the others.
func newStrangers(connections int) *semaphore.Semaphore {
	places := max(connections/2, 1)
	return semaphore.New(semaphore.Options{Places: places, PerClient: max(places-1, 1), Waiting: strangersWaiting, Wait: strangersWait})
}

// read runs view within the time limit. Strangers never hold the last
// connection (SECURITY-RULES 44).
func (e *Engine) read(ctx context.Context, view func(context.Context) error) error {
	r, limited := ctx.Value(readerKey{}).(reader)
	if !limited {
		return view(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, e.readTimeout)
	defer cancel()
	if r.stranger {
		release, err := e.strangers.Acquire(bounded, r.client)
		if err != nil {
			return err
		}
		defer release()
	}
	err := view(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return fault.Errorf(fault.Unavailable, "the query took too long")
	}
	return err
}
