package ratelimit

import (
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	now := time.Unix(0, 0)
	l := New(func() time.Time { return now })
	rule := Rule{"x", 2, time.Minute}
	for i, want := range []bool{true, true, false} {
		if ok, _, _ := l.Allow(rule, "a"); ok != want {
			t.Errorf("request %d: %v", i, ok)
		}
	}
	if ok, _, _ := l.Allow(rule, "b"); !ok {
		t.Error("another is refused as well")
	}
	now = now.Add(time.Minute)
	if ok, _, _ := l.Allow(rule, "a"); !ok {
		t.Error("the window does not end")
	}
}

func TestClient(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ name, peer, forwarded, want string }{
		{"direct", "8.8.8.8:1", "", "8.8.8.8"},
		{"a stranger's claim", "8.8.8.8:1", "1.2.3.4", "8.8.8.8"},
		{"behind a proxy", "127.0.0.1:1", "1.2.3.4", "1.2.3.4"},
		{"behind two", "127.0.0.1:1", "9.9.9.9, 1.2.3.4, 10.0.0.1", "1.2.3.4"},
		{"unix socket", "@", "1.2.3.4", "1.2.3.4"},
		{"IPv6 by network", "[2606:1:2:3:4:5:6:7]:1", "", "2606:1:2:3::/64"},
		{"nonsense", "127.0.0.1:1", "x", "127.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := Client(r, trusted); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
