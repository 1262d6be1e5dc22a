package stream

import (
	"context"
	"sync"
	"time"

	"kinglet/store"
)

// Reader is the client that subscribes.
type Reader struct {
	Viewer store.AccountID // 0 for a stranger
	// Allowed checks, in the transaction of every read and before anything
	// is sent, whether the reader still has access: a token may have been
	// revoked. Its error ends the stream. nil checks nothing.
	Allowed func(tx *store.Tx) error
}

// Subscription is one client's: one viewer, any number of streams, which may
// change at any time. Next is for one goroutine, the rest for any.
type Subscription struct {
	hub    *Hub
	reader Reader
	wake   chan struct{}

	mu      sync.Mutex
	topics  map[Topic]bool
	waiting []store.Event
	ended   error
}

// Add subscribes to another stream: NotFound for one that does not exist,
// Unauthorized for one that strangers may not read.
func (s *Subscription) Add(t Topic) error {
	if _, err := ruleOf(s.reader.Viewer, t); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics[t] = true
	return nil
}

// Remove unsubscribes from a stream.
func (s *Subscription) Remove(t Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, t)
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.cut(ErrClosed)
	s.hub.remove(s)
}

// cut ends the subscription with an error for its reader.
func (s *Subscription) cut(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended, s.waiting = why, nil
	}
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// offer adds an event to the buffer, if it may concern the reader. It is false
// when the buffer was full, which ends the subscription.
func (s *Subscription) offer(ev store.Event, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil || !s.mayWant(ev) {
		return true
	}
	if len(s.waiting) >= most {
		s.ended, s.waiting = ErrTooSlow, nil
		s.signal()
		return false
	}
	s.waiting = append(s.waiting, ev)
	s.signal()
	return true
}

// mayWant is called with mu held. It only knows which account an event is for,
// if it is one, and its kind; the rest needs the database.
func (s *Subscription) mayWant(ev store.Event) bool {
	if to := accountOf(ev); to != 0 && to != s.reader.Viewer {
		return false
	}
	for t := range s.topics {
		r := streams[t.Stream]
		switch ev.Kind {
		case store.EventStatus, store.EventStatusEdit, store.EventStatusDelete:
			if r.shows != nil {
				return true
			}
		case store.EventNotification, store.EventNotificationsDelete:
			if r.notifications {
				return true
			}
		case store.EventMarker, store.EventHome:
			if r.everything {
				return true
			}
		}
	}
	return false
}

// accountOf is the account that an event is for, 0 for all.
func accountOf(ev store.Event) store.AccountID {
	switch ev.Kind {
	case store.EventNotification, store.EventNotificationsDelete, store.EventMarker, store.EventHome:
		return store.AccountID(ev.IDs[0])
	case store.EventStatusDelete:
		if len(ev.IDs) > 1 {
			return store.AccountID(ev.IDs[1])
		}
	}
	return 0
}

// maxRead is how many events one read handles.
const maxRead = 40

// Next waits for an event that the reader may see, and returns messages in
// order. An error ends the stream: the hub's (ErrTooSlow, ErrMissed,
// ErrClosed), Reader.Allowed's, the database's, or ctx's.
func (s *Subscription) Next(ctx context.Context) ([]Message, error) {
	for {
		events, topics, err := s.take()
		if err != nil {
			return nil, err
		}
		if len(events) > 0 {
			messages, err := s.read(ctx, events, topics)
			if err != nil || len(messages) > 0 {
				return messages, err
			}
			continue
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Subscription) take() (events []store.Event, topics []Topic, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return nil, nil, s.ended
	}
	n := min(len(s.waiting), maxRead)
	events, s.waiting = s.waiting[:n:n], s.waiting[n:]
	if len(s.waiting) == 0 {
		s.waiting = nil // and the array that held them
	}
	for t := range s.topics {
		topics = append(topics, t)
	}
	return events, topics, nil
}

// live is the maximum age of a status that is sent as new. Older ones arrive
// with threads and imports, and belong further down in their timelines.
const live = 6 * time.Hour
