package ratelimit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// maxEntries limits how many keys a rule counts at once. Every rule has a table
// of its own, so that filling one evicts nothing from another.
const maxEntries = 10_000

// key is the hash of a client's key, with the limiter's secret seed: of one
// size however long the name is, and without collisions that can be chosen.
type key [16]byte

func hashKey(seed key, who string) key {
	h := sha256.New()
	h.Write(seed[:])
	h.Write([]byte(who))
	var sum [sha256.Size]byte
	return key(h.Sum(sum[:0])[:len(seed)])
}

// count is how many requests were counted, until reset.
type count struct {
	n     int
	reset int64 // Unix nanoseconds
}

type entry struct {
	key key
	count
}

// table counts the requests of one rule. All its windows are equally long, so
// entries end in the order in which they were added.
type table struct {
	rule    Rule
	queue   []entry     // the oldest first
	first   int         // the sequence number of queue[0]
	index   map[key]int // sequence numbers
	evicted *sketch     // nil until an entry was evicted before its end
}

func newTable(rule Rule) *table { return &table{rule: rule, index: map[key]int{}} }

// add counts a request.
func (t *table) add(k key, now time.Time) count {
	at := now.UnixNano()
	for len(t.queue) > 0 && t.queue[0].reset <= at {
		t.dropOldest()
	}
	if _, ok := t.index[k]; !ok {
		t.insert(k, at)
	}
	c := &t.queue[t.index[k]-t.first].count
	if c.reset <= at { // and yet not the oldest: it was evicted once, or the clock was set back
		*c = count{reset: at + int64(t.rule.Window)}
	}
	c.n++
	return *c
}

// insert adds an entry, evicting the oldest from a full table. A key that was
// evicted before its window ended continues with its count: nobody gets rid of
// a count by filling the table.
func (t *table) insert(k key, at int64) {
	if len(t.queue) == maxEntries {
		if t.evicted == nil {
			t.evicted = new(sketch)
		}
		t.evicted.put(t.queue[0], at)
		t.dropOldest()
	}
	e := entry{k, count{reset: at + int64(t.rule.Window)}}
	if t.evicted != nil {
		if known := t.evicted.get(k, at); known.n > 0 {
			e.count = known
		}
	}
	t.index[k] = t.first + len(t.queue)
	t.queue = append(t.queue, e)
}

func (t *table) dropOldest() {
	delete(t.index, t.queue[0].key)
	t.queue = t.queue[1:]
	t.first++
}

// sketch remembers the counts of evicted keys in fixed memory: a count-min
// sketch that keeps the highest count of each cell. A key that was never added
// is mistaken for another only when it collides in every row; and since cells
// are not added up, a flood of keys with a few requests each adds only those
// few.
type sketch [4][sketchCells]count

const sketchCells = 4096

func (s *sketch) put(e entry, at int64) {
	for row := range s {
		if c := s.cell(row, e.key); c.reset <= at || c.n < e.n {
			*c = e.count
		}
	}
}

// get is the lowest of the key's cells, the zero count if one has ended.
func (s *sketch) get(k key, at int64) count {
	least := *s.cell(0, k)
	for row := range s {
		c := s.cell(row, k)
		if c.reset <= at {
			return count{}
		}
		if c.n < least.n {
			least = *c
		}
	}
	return least
}

func (s *sketch) cell(row int, k key) *count {
	return &s[row][binary.LittleEndian.Uint32(k[4*row:])%sketchCells]
}
