package ap

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// recent remembers values for a time, at most so many: the oldest gives way.
// Keys are kept as hashes, so that a stranger's long ones cost no more than
// others. It is safe for concurrent use.
type recent[V any] struct {
	now     func() time.Time
	most    int
	mu      sync.Mutex
	entries map[recentKey]*list.Element
	order   *list.List // of *recentEntry[V], oldest first
}

type recentKey [16]byte

type recentEntry[V any] struct {
	key   recentKey
	value V
	until time.Time
}

func newRecent[V any](now func() time.Time, most int) *recent[V] {
	return &recent[V]{now: now, most: most, entries: map[recentKey]*list.Element{}, order: list.New()}
}

func keyOfRecent(key string) recentKey {
	sum := sha256.Sum256([]byte(key))
	return recentKey(sum[:16])
}

// put remembers a value for a time; the key's former value is replaced.
func (r *recent[V]) put(key string, value V, keep time.Duration) {
	k := keyOfRecent(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[k]; e != nil {
		r.order.Remove(e)
	} else if len(r.entries) >= r.most {
		r.drop(r.order.Front())
	}
	r.entries[k] = r.order.PushBack(&recentEntry[V]{k, value, r.now().Add(keep)})
}

// get gives what is remembered.
func (r *recent[V]) get(key string) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[keyOfRecent(key)]
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

// drop is called with mu held.
func (r *recent[V]) drop(e *list.Element) {
	r.order.Remove(e)
	delete(r.entries, e.Value.(*recentEntry[V]).key)
}
