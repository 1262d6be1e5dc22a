package ratelimit

import (
	"container/list"
	"sync"
	"time"
)

// Recent remembers values for a time, up to a maximum number: the oldest is
// forgotten first. Keys are stored as hashes, so that long ones cost no more
// than others. It is safe for concurrent use.
type Recent[V any] struct {
	now     func() time.Time
	most    int
	mu      sync.Mutex
	entries map[digest]*list.Element
	order   *list.List // of *recentEntry[V], oldest first
}

type recentEntry[V any] struct {
	key   digest
	value V
	until time.Time
}

// NewRecent makes a Recent with a clock and a maximum number of values.
func NewRecent[V any](now func() time.Time, most int) *Recent[V] {
	return &Recent[V]{now: now, most: most, entries: map[digest]*list.Element{}, order: list.New()}
}

// Put remembers a value for a time, replacing the key's former value.
func (r *Recent[V]) Put(key string, value V, keep time.Duration) {
	k := digestOf(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[k]; e != nil {
		r.order.Remove(e)
	} else if len(r.entries) >= r.most {
		r.drop(r.order.Front())
	}
	r.entries[k] = r.order.PushBack(&recentEntry[V]{k, value, r.now().Add(keep)})
}

// Get returns the value of a key.
func (r *Recent[V]) Get(key string) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[digestOf(key)]
	if e == nil {
		return value, false
	}
	entry := e.Value.(*recentEntry[V])
	if !r.now().Before(entry.until) {
		r.drop(e)
		return value, false
	}
	return entry.value, true
}

// Delete forgets a key.
func (r *Recent[V]) Delete(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[digestOf(key)]; e != nil {
		r.drop(e)
	}
}

// drop is called with mu held.
func (r *Recent[V]) drop(e *list.Element) {
	r.order.Remove(e)
	delete(r.entries, e.Value.(*recentEntry[V]).key)
}
