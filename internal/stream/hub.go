// Package stream is the hub of live events: what any process writes to the
// database is sent at once to the subscribers in this process.
//
// The store returns events, which are kinds and ids (store.Event). The hub adds
// those that a subscription may want to its buffer; the subscription reads each
// row again, by its id and as its viewer, with the same query as the page that
// shows it, when it is sent. So no stream shows what a page would not, and a
// block or a revoked token affects open streams at once.
//
// It does not use HTTP and makes no JSON. Read Hub, Subscription and the table
// in streams.go, which has one entry per stream.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kinglet/internal/fault"
	"kinglet/store"
)

// The errors with which the hub ends a subscription. The client should read the
// pages again and subscribe again.
var (
	// ErrTooSlow: events arrived faster than the subscriber read them.
	ErrTooSlow = fault.Errorf(fault.Unavailable, "this stream was not read fast enough: connect again")
	// ErrMissed: the server lost its database for so long that it does not
	// know all events.
	ErrMissed = fault.Errorf(fault.Unavailable, "events were missed: connect again")
	// ErrClosed: the server is stopping.
	ErrClosed = fault.Errorf(fault.Unavailable, "the server is stopping")
)

// Options are the options of a Hub.
type Options struct {
	Store *store.Store
	Log   *slog.Logger
	// Buffer is how many events may wait for a subscriber, 1000 if 0.
	Buffer int
}

// Hub sends events to subscriptions. It listens to the store while it has any,
// and costs nothing while it has none.
type Hub struct {
	o Options

	listening sync.WaitGroup

	mu     sync.Mutex
	subs   map[*Subscription]bool
	stop   context.CancelFunc // of listening; nil while nobody subscribes
	closed bool
}

// New makes a hub; Close it.
func New(o Options) *Hub {
	if o.Buffer == 0 {
		o.Buffer = 1000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{o: o, subs: map[*Subscription]bool{}}
}

// Subscribe starts a subscription of an account (0 for a stranger) to streams;
// Close it. It gets what commits after Subscribe has returned: a client that
// reads a page after that misses nothing in between.
func (h *Hub) Subscribe(ctx context.Context, r Reader, topics ...Topic) (*Subscription, error) {
	s := &Subscription{hub: h, reader: r, topics: map[Topic]bool{}, wake: make(chan struct{}, 1)}
	for _, t := range topics {
		if err := s.Add(t); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if h.stop == nil {
		if err := h.listen(ctx); err != nil {
			return nil, err
		}
	}
	h.subs[s] = true
	return s, nil
}

// listen is called with mu held.
func (h *Hub) listen(ctx context.Context) error {
	l, err := h.o.Store.Listen(ctx)
	if err != nil {
		return err
	}
	ctx, h.stop = context.WithCancel(context.Background())
	h.listening.Go(func() { h.run(ctx, l) })
	return nil
}

// Close ends all subscriptions and waits for the hub's goroutines.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.cutAll(ErrClosed)
	h.mu.Unlock()
	h.listening.Wait()
}

// cutAll is called with mu held.
func (h *Hub) cutAll(why error) {
	for s := range h.subs {
		s.cut(why)
		h.remove(s)
	}
}

// remove is called with mu held. Without subscriptions nothing is listened to.
func (h *Hub) remove(s *Subscription) {
	delete(h.subs, s)
	if len(h.subs) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// Limits of the pauses between attempts to read from a database that is down.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

func (h *Hub) run(ctx context.Context, l *store.EventListener) {
	defer l.Close()
	pause := firstPause
	for {
		events, err := l.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrMissed):
			h.o.Log.Warn("events were missed, all streams are ended")
			h.whileListening(ctx, func() { h.cutAll(ErrMissed) })
		case err != nil:
			if pause == firstPause {
				h.o.Log.Warn("could not read events", "error", err)
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			pause = min(2*pause, longestPause)
		default:
			pause = firstPause
			h.whileListening(ctx, func() { h.dispatch(events) })
		}
	}
}

// whileListening calls do with mu held, unless listening has ended: newer
// subscriptions belong to another listener.
func (h *Hub) whileListening(ctx context.Context, do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() == nil {
		do()
	}
}

// dispatch offers events to subscriptions, called with mu held. It sends no
// query and never blocks.
func (h *Hub) dispatch(events []store.Event) {
	for s := range h.subs {
		for _, ev := range events {
			if !s.offer(ev, h.o.Buffer) {
				h.o.Log.Info("stream closed, its reader is too slow", "account", int64(s.reader.Viewer))
				h.remove(s)
				break
			}
		}
	}
}

// Topic is one stream: its name and, where it has some, its parameter.
type Topic struct {
	Stream Stream
	Tag    string // of Hashtag and HashtagLocal
	List   int64  // of List
}

func (t Topic) String() string {
	switch {
	case t.Tag != "":
		return fmt.Sprintf("%s %s", t.Stream, t.Tag)
	case t.List != 0:
		return fmt.Sprintf("%s %d", t.Stream, t.List)
	}
	return string(t.Stream)
}
