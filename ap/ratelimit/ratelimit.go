// Package ratelimit counts requests in memory, by rule and by who makes them,
// and says when there were too many. Memory is bounded whoever calls.
package ratelimit

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rule is how many requests one may make in a window of time.
type Rule struct {
	Name   string
	Most   int
	Window time.Duration
}

// The rules: the one table of them.
var (
	Account  = Rule{"account", 1500, 5 * time.Minute} // signed in, by account
	Address  = Rule{"address", 600, 5 * time.Minute}  // not signed in, by address
	SignIn   = Rule{"sign in", 20, 5 * time.Minute}
	Apps     = Rule{"apps", 100, 30 * time.Minute}
	Token    = Rule{"token", 120, 5 * time.Minute}
	Resolve  = Rule{"resolve", 60, time.Minute} // searches that fetch
	Deleting = Rule{"deleting", 60, 30 * time.Minute}
)

// maxEntries bounds the memory; when it is reached everybody begins anew.
const maxEntries = 50_000

// Limiter counts. It is safe for concurrent use.
type Limiter struct {
	now     func() time.Time
	mu      sync.Mutex
	entries map[string]*entry
}

type entry struct {
	count int
	reset time.Time
}

// New makes a limiter with a clock.
func New(now func() time.Time) *Limiter {
	return &Limiter{now: now, entries: map[string]*entry{}}
}

// Allow counts a request and tells whether it may be made.
func (l *Limiter) Allow(rule Rule, who string) (ok bool, remaining int, reset time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	key := rule.Name + " " + who
	e := l.entries[key]
	if e == nil || !now.Before(e.reset) {
		if len(l.entries) >= maxEntries {
			l.evict(now)
		}
		e = &entry{reset: now.Add(rule.Window)}
		l.entries[key] = e
	}
	e.count++
	return e.count <= rule.Most, max(rule.Most-e.count, 0), e.reset
}

func (l *Limiter) evict(now time.Time) {
	for k, e := range l.entries {
		if !now.Before(e.reset) {
			delete(l.entries, k)
		}
	}
	if len(l.entries) >= maxEntries {
		clear(l.entries)
	}
}

// Check counts a request and sets Mastodon's headers of it.
func (l *Limiter) Check(w http.ResponseWriter, rule Rule, who string) bool {
	ok, remaining, reset := l.Allow(rule, who)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(rule.Most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
	h.Set("X-RateLimit-Reset", reset.UTC().Format("2006-01-02T15:04:05.000Z"))
	if !ok {
		h.Set("Retry-After", strconv.Itoa(int(reset.Sub(l.now()).Seconds())+1))
	}
	return ok
}

// Client is the address a request comes from: the peer's or, when that is a
// trusted proxy (over a unix socket it always is), the nearest one before it
// in X-Forwarded-For that is not. IPv6 counts by its /64.
func Client(r *http.Request, trusted []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	at, perr := netip.ParseAddr(host)
	for i := len(hops) - 1; i >= 0 && (host == "" || perr == nil && isTrusted(at, trusted)); i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at, host, perr = a, a.String(), nil
	}
	if perr != nil {
		return host
	}
	at = at.Unmap().WithZone("")
	if at.Is6() {
		p, _ := at.Prefix(64)
		return p.String()
	}
	return at.String()
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
