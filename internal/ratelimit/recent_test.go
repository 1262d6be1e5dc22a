package ratelimit

import (
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	now := time.Unix(0, 0)
	r := NewRecent[int](func() time.Time { return now }, 3)
	has := func(want map[string]int) {
		t.Helper()
		for _, k := range []string{"a", "b", "c", "d"} {
			got, ok := r.Get(k)
			if w, there := want[k]; ok != there || got != w {
				t.Errorf("%s is %d, %v", k, got, ok)
			}
		}
	}
	r.Put("a", 1, time.Minute)
	r.Put("b", 2, time.Hour)
	r.Put("c", 3, time.Hour)
	has(map[string]int{"a": 1, "b": 2, "c": 3})
	now = now.Add(time.Minute)
	has(map[string]int{"b": 2, "c": 3})
	r.Put("a", 4, time.Hour)
	r.Put("b", 5, time.Hour)
	r.Put("d", 6, time.Hour) // the oldest gives way, which is c
	has(map[string]int{"a": 4, "b": 5, "d": 6})
	r.Delete("b")
	r.Delete("b")
	has(map[string]int{"a": 4, "d": 6})
	if len(r.entries) != 2 || r.order.Len() != 2 {
		t.Errorf("%d entries", len(r.entries))
	}
}
