// Package ratelimit counts requests in memory, by rule and by client, and
// reports when there were too many. Its memory is limited whoever calls, and no
// client's count is lost by another's calls: see table. It does not use HTTP:
// api/limit writes the headers. Read Counter and Limiter first.
package ratelimit

import (
	"crypto/rand"
	"sync"
	"time"

	"kinglet/internal/config"
)

// Rule is how many requests one client may make in a window of time.
type Rule struct {
	Name   string
	Most   int
	Window time.Duration
}

// The rules, with their default limits.
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

// setting is a rule with its configured limit.
func setting(r Rule, l config.RateLimit) Rule {
	if l.Most > 0 {
		r.Most, r.Window = l.Most, l.Window
	}
	return r
}

// Settings are the rules with the configured limits.
func Settings(c config.Limits) []Rule {
	return []Rule{
		setting(Account, c.Account), setting(Address, c.Address), setting(Apps, c.Apps), setting(Token, c.Token),
		setting(Resolve, c.Resolve), setting(Deleting, c.Deleting), setting(Pages, c.Pages), setting(Documents, c.Documents), setting(Discovery, c.Discovery),
	}
}

// Counter counts requests. It is all that api and ui need of rate limiting: one
// whose nodes share their counts would replace Limiter in internal/cmd.
type Counter interface {
	// Count counts a request of who under a rule, of which only the name
	// matters where a setting has the same name.
	Count(rule Rule, who string) Counted
}

// Counted is the result of counting a request.
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

// add counts a request and returns the rule that applies.
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
