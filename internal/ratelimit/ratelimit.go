// Package ratelimit counts requests in memory, by rule and by who makes them,
// and says when there were too many. Its memory is bounded whoever calls, and
// nobody's count is lost by another's calls: see table. Read Limiter first.
package ratelimit

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"kinglet/internal/config"
)

// Rule is how many requests one may make in a window of time.
type Rule struct {
	Name   string
	Most   int
	Window time.Duration
}

// The rules, with the limits that hold unless a setting says otherwise.
var (
	Account   = Rule{"account", 1500, 5 * time.Minute} // signed in, by account
	Address   = Rule{"address", 600, 5 * time.Minute}  // not signed in, by address
	Apps      = Rule{"apps", 100, 30 * time.Minute}
	Token     = Rule{"token", 120, 5 * time.Minute}
	Resolve   = Rule{"resolve", 60, time.Minute} // searches that fetch
	Deleting  = Rule{"deleting", 60, 30 * time.Minute}
	Pages     = Rule{"pages", 600, 5 * time.Minute}      // by address
	Documents = Rule{"documents", 3000, 5 * time.Minute} // ActivityPub and media, by address
	Discovery = Rule{"discovery", 1500, 5 * time.Minute} // WebFinger, NodeInfo and the like, by address
)

// setting is a rule as it is set.
func setting(r Rule, l config.RateLimit) Rule {
	if l.Most > 0 {
		r.Most, r.Window = l.Most, l.Window
	}
	return r
}

// Settings are the rules as the settings have them.
func Settings(c config.Limits) []Rule {
	return []Rule{
		setting(Account, c.Account), setting(Address, c.Address), setting(Apps, c.Apps), setting(Token, c.Token),
		setting(Resolve, c.Resolve), setting(Deleting, c.Deleting), setting(Pages, c.Pages), setting(Documents, c.Documents), setting(Discovery, c.Discovery),
	}
}

// Limiter counts. It is safe for concurrent use.
type Limiter struct {
	now    func() time.Time
	seed   key
	mu     sync.Mutex
	tables map[string]*table // by the rule's name
}

// New makes a limiter with a clock. Each setting replaces the rule of its name.
func New(now func() time.Time, settings ...Rule) *Limiter {
	l := &Limiter{now: now, tables: map[string]*table{}}
	rand.Read(l.seed[:])
	for _, r := range settings {
		l.tables[r.Name] = newTable(r)
	}
	return l
}

// Allow counts a request and tells whether it may be made.
func (l *Limiter) Allow(rule Rule, who string) (ok bool, remaining int, reset time.Time) {
	rule, c := l.add(rule, who)
	return c.n <= rule.Most, max(rule.Most-c.n, 0), time.Unix(0, c.reset)
}

// add counts a request and gives the rule that holds.
func (l *Limiter) add(rule Rule, who string) (Rule, count) {
	k := hashKey(l.seed, who)
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tables[rule.Name]
	if t == nil {
		t = newTable(rule)
		l.tables[rule.Name] = t
	}
	return t.rule, t.add(k, l.now())
}

// Check counts a request and sets Mastodon's headers of it.
func (l *Limiter) Check(w http.ResponseWriter, rule Rule, who string) bool {
	rule, c := l.add(rule, who)
	ok, reset := c.n <= rule.Most, time.Unix(0, c.reset)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(rule.Most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(rule.Most-c.n, 0)))
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
