package ratelimit

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"kinglet/internal/config"
)

// flood has n strangers make one request each.
func flood(l *Limiter, rule Rule, n int) {
	for i := range n {
		l.Allow(rule, fmt.Sprint("stranger ", i))
	}
}

func TestFloodTakesNoCountBack(t *testing.T) {
	now := time.Unix(0, 0)
	l := New(func() time.Time { return now })
	rule, other := Rule{"x", 20, time.Minute}, Rule{"y", 20, time.Minute}
	for range 20 {
		l.Allow(rule, "attacker")
		l.Allow(other, "attacker")
	}
	for range 5 {
		l.Allow(rule, "owner")
	}
	for round := range 3 {
		flood(l, rule, 3*maxEntries)
		if ok, _, reset := l.Allow(rule, "attacker"); ok || !reset.Equal(time.Unix(60, 0)) {
			t.Errorf("round %d: a flood gave the attacker new requests: %v, until %v", round, ok, reset)
		}
		if ok, _, _ := l.Allow(other, "attacker"); ok {
			t.Errorf("round %d: a flood of one rule emptied another's table", round)
		}
	}
	if ok, remaining, _ := l.Allow(rule, "owner"); !ok || remaining != 14 {
		t.Errorf("the owner has %v, %d", ok, remaining)
	}
	refused := 0
	for i := range 1000 {
		if ok, _, _ := l.Allow(rule, fmt.Sprint("newcomer ", i)); !ok {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of 1000 newcomers are refused in a flood", refused)
	}
	now = now.Add(time.Minute)
	if ok, remaining, _ := l.Allow(rule, "attacker"); !ok || remaining != 19 {
		t.Errorf("after the window: %v, %d", ok, remaining)
	}
}

func TestOldestIsEvicted(t *testing.T) {
	l := New(func() time.Time { return time.Unix(0, 0) })
	rule := Rule{"x", 20, time.Minute}
	flood(l, rule, maxEntries+1)
	table := l.tables["x"]
	if _, ok := table.index[hashKey(l.seed, "stranger 0")]; ok || len(table.queue) != maxEntries || len(table.index) != maxEntries {
		t.Errorf("the oldest is still there: %v; %d entries, %d in the index", ok, len(table.queue), len(table.index))
	}
	for _, who := range []string{"stranger 1", fmt.Sprint("stranger ", maxEntries)} {
		if _, ok := table.index[hashKey(l.seed, who)]; !ok {
			t.Errorf("%s was evicted", who)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	l := New(func() time.Time { return now })
	rule := Rule{"x", 20, time.Minute}
	long := strings.Repeat("x", 60<<10)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 2000 {
		l.Allow(rule, fmt.Sprint(long, i)) // 120 MB of names
	}
	for range 5 {
		flood(l, rule, 2*maxEntries)
		now = now.Add(time.Second)
	}
	if used := int64(heap()) - int64(before); used > 3<<20 {
		t.Errorf("one rule holds %d kB", used>>10)
	}
	runtime.KeepAlive(l)
}

func TestClockSetBack(t *testing.T) {
	now := time.Unix(1000, 0)
	l := New(func() time.Time { return now })
	rule := Rule{"x", 1, time.Minute}
	l.Allow(rule, "a")
	now = time.Unix(0, 0)
	l.Allow(rule, "b")
	now = time.Unix(60, 0)
	if ok, _, _ := l.Allow(rule, "b"); !ok {
		t.Error("a window does not end behind one that began in the future")
	}
}

func TestSettingsReplaceRules(t *testing.T) {
	l := New(func() time.Time { return time.Unix(0, 0) }, Settings(config.Limits{Apps: config.RateLimit{Most: 1, Window: time.Hour}})...)
	if ok, remaining, reset := l.Allow(Apps, "a"); !ok || remaining != 0 || !reset.Equal(time.Unix(3600, 0)) {
		t.Errorf("%v, %d, %v", ok, remaining, reset)
	}
	if ok, _, _ := l.Allow(Apps, "a"); ok {
		t.Error("the setting is not heeded")
	}
	if _, remaining, _ := l.Allow(Account, "a"); remaining != Account.Most-1 {
		t.Errorf("a rule without a setting has %d left", remaining)
	}
}
