// Package ratelimit counts requests in memory, by rule and by who makes them,
// and says when there were too many. Its memory is bounded whoever calls, and
// nobody's count is lost by another's calls: see table. It knows no HTTP: what a
// client is told of its count is written by api/limit. Read Counter and Limiter
// first.
package ratelimit

import (
	"crypto/rand"
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

// Counter counts requests. api and ui ask no more of rate limiting: one whose
// nodes share their counts takes the place of Limiter in internal/cmd.
type Counter interface {
	// Count counts a request of who under a rule, of which only the name
	// matters where the settings have another of that name.
	Count(rule Rule, who string) Counted
}

// Counted is what the count of a request says.
type Counted struct {
	Allowed   bool
	Most      int           // requests in a window
	Remaining int           // of them
	Reset     time.Time     // when the window ends
	Wait      time.Duration // until then
}

// Limiter is the Counter in memory. It is safe for concurrent use.
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

// Count counts a request.
func (l *Limiter) Count(rule Rule, who string) Counted {
	rule, c := l.add(rule, who)
	reset := time.Unix(0, c.reset)
	return Counted{c.n <= rule.Most, rule.Most, max(rule.Most-c.n, 0), reset, reset.Sub(l.now())}
}

// Allow counts a request and reports whether it may be made.
func (l *Limiter) Allow(rule Rule, who string) (ok bool, remaining int, reset time.Time) {
	c := l.Count(rule, who)
	return c.Allowed, c.Remaining, c.Reset
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
