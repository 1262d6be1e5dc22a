// Package memory says how near the process is to the memory that it may use, and
// what has to wait then: first crawls and pictures, then what strangers ask for
// and send; never what a signed-in person does. SetLimit sets Go's own limit, System is the gauge of a process.
//
// Nothing here runs by itself: memory is looked at when somebody asks, at most
// ten times a second. What waits never waits without end: of each kind one is let
// through after a while, whatever the gauge says. Read Watch and Kind.
package memory

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Level says how short memory is.
type Level int32

const (
	// Enough is the level of almost always.
	Enough Level = iota
	// Scarce is from 85 % of a limit on.
	Scarce
	// Short is from 95 % on.
	Short
)

func (l Level) String() string { return [...]string{"enough", "scarce", "short"}[l] }

// levelOf is the level of a share of a limit.
func levelOf(share float64) Level {
	switch {
	case share >= 0.95:
		return Short
	case share >= 0.85:
		return Scarce
	}
	return Enough
}

// Kind is a kind of work that can wait.
type Kind int

// The kinds, in the order in which they wait.
const (
	Crawl    Kind = iota // a job that fetches
	Picture              // decoding one
	Stranger             // a request of somebody unknown
	kinds
)

// waits are the level from which each kind waits, and how often one is let
// through all the same.
var waits = [kinds]struct {
	from  Level
	oneIn time.Duration
}{
	Crawl:    {Scarce, 10 * time.Second},
	Picture:  {Scarce, 30 * time.Second},
	Stranger: {Short, time.Second},
}

const (
	// lookEvery is how old an answer of the gauge may be.
	lookEvery = 100 * time.Millisecond
	// collectEvery is how often garbage is collected to know what is left
	// without it.
	collectEvery = time.Second
	// levelLasts is how long a level lasts at least: it is logged when it changes.
	levelLasts = 2 * time.Second
)

// Watch is asked what may begin. It is safe for concurrent use; a nil one knows
// of no limit.
type Watch struct {
	gauge Gauge
	log   *slog.Logger
	now   func() time.Time
	level atomic.Int32
	next  atomic.Int64 // when to look again, in nanoseconds

	mu        sync.Mutex
	collected time.Time
	since     time.Time // of the level
	let       [kinds]time.Time
	put       [kinds]int // not let through since the level changed
}

// New watches what a gauge says, such as System's.
func New(log *slog.Logger, g Gauge, now func() time.Time) *Watch {
	return &Watch{gauge: g, log: log, now: now}
}

// Level looks at how short memory is. It may take as long as a collection of
// garbage, so whoever must not wait asks LastLevel.
func (w *Watch) Level() Level {
	if w == nil {
		return Enough
	}
	now := w.now()
	if !w.isDue(now) || !w.mu.TryLock() {
		return w.LastLevel() // somebody else looks
	}
	defer w.mu.Unlock()
	level := w.measure(now)
	if old := w.LastLevel(); level > old || level < old && now.Sub(w.since) >= levelLasts {
		w.change(old, level, now)
	}
	w.next.Store(w.now().Add(lookEvery).UnixNano())
	return w.LastLevel()
}

// isDue reports whether it is time to look: also when the clock was set back since.
func (w *Watch) isDue(now time.Time) bool {
	left := w.next.Load() - now.UnixNano()
	return left <= 0 || left > int64(lookEvery)
}

// LookSoon has Level called, if it is time to, by nobody who waits for it.
func (w *Watch) LookSoon() {
	if w != nil && w.isDue(w.now()) {
		go w.Level()
	}
}

// LastLevel is what Level has found last.
func (w *Watch) LastLevel() Level {
	if w == nil {
		return Enough
	}
	return Level(w.level.Load())
}

// Admit reports whether work of a kind may begin now. Who is not let through
// comes again later; one in a while always is.
func (w *Watch) Admit(k Kind) bool {
	if w.Level() < waits[k].from {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.now(); now.Sub(w.let[k]) >= waits[k].oneIn {
		w.let[k] = now
		return true
	}
	w.put[k]++
	return false
}

// TakeBack says that what Admit let through has not begun: the next may.
func (w *Watch) TakeBack(k Kind) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.let[k] = time.Time{}
}

// The following are called with mu held.

// measure collects garbage before it says that memory is short, but not at every
// look: the gauge knows how much was garbage at the last collection.
func (w *Watch) measure(now time.Time) Level {
	uses := w.gauge.Read()
	if levelOf(worst(uses, Use.withGarbage)) == Enough {
		return Enough
	}
	if now.Sub(w.collected) >= collectEvery {
		w.collected = now
		w.gauge.Collect()
		uses = w.gauge.Read()
	}
	return levelOf(worst(uses, Use.withoutGarbage))
}

func worst(uses []Use, share func(Use) float64) (most float64) {
	for _, u := range uses {
		most = max(most, share(u))
	}
	return most
}

func (w *Watch) change(old, level Level, now time.Time) {
	say := w.log.Warn
	if level < old {
		say = w.log.Info
	}
	say("memory", "level", level.String(), "before", old.String(), "used_percent", int(100*worst(w.gauge.Read(), Use.withoutGarbage)),
		"crawls_put_off", w.put[Crawl], "pictures_put_off", w.put[Picture], "strangers_refused", w.put[Stranger])
	w.put, w.since = [kinds]int{}, now
	w.level.Store(int32(level))
}
