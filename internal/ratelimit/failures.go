package ratelimit

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"

	"kinglet/internal/config"
)

// The rules for failures. Failed attempts are counted, not requests.
var (
	// Passwords, by address, whatever the accounts.
	SignIn = Rule{"sign_in", 20, 15 * time.Minute}
	// Passwords of one account, from all the browsers and addresses together
	// that it is not known to have signed in from.
	SignInTo = Rule{"sign_in_to", 10, 15 * time.Minute}
	// Passwords of one account, by each browser or address that it has.
	SignInKnown = Rule{"sign_in_known", 10, 15 * time.Minute}
	// Unknown access tokens, by address.
	InvalidToken = Rule{"invalid_tokens", 60, 5 * time.Minute}
)

// FailureSettings are these rules with the configured limits.
func FailureSettings(c config.Limits) []Rule {
	return []Rule{
		setting(SignIn, c.SignIn), setting(SignInTo, c.SignInTo), setting(SignInKnown, c.SignInTo), setting(InvalidToken, c.Invalid),
	}
}

// Failures counts failures. An attempt is reserved before it is checked, so
// that concurrent attempts can't exceed the limit; a successful one is
// released. It is safe for concurrent use, and its memory is limited: the
// oldest count is evicted first.
type Failures struct {
	now     func() time.Time
	most    int
	rules   map[string]Rule // as set, by name
	mu      sync.Mutex
	entries map[digest]*list.Element
	oldest  *list.List // of *failure, in the order they began
}

// digest is a key in memory: of one size however long the key is.
type digest [16]byte

func digestOf(key string) digest {
	sum := sha256.Sum256([]byte(key))
	return digest(sum[:len(digest{})])
}

type failure struct {
	key   digest
	count int
	reset time.Time
}

// NewFailures makes a counter with a clock that keeps at most most counts. Each
// setting replaces the rule of its name.
func NewFailures(now func() time.Time, most int, settings ...Rule) *Failures {
	f := &Failures{now: now, most: most, rules: map[string]Rule{}, entries: map[digest]*list.Element{}, oldest: list.New()}
	for _, r := range settings {
		f.rules[r.Name] = r
	}
	return f
}

// Reservation is an attempt that counts as a failure until it is released.
type Reservation struct {
	f     *Failures
	entry *failure
}

// Reserve counts an attempt as failed. It is nil when the limit is reached by
// failed attempts and reservations; then reset says when there is room again.
func (f *Failures) Reserve(rule Rule, who string) (r *Reservation, reset time.Time) {
	if set, ok := f.rules[rule.Name]; ok {
		rule = set
	}
	key := digestOf(rule.Name + "\x00" + who)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	e := f.entries[key]
	if e != nil && !now.Before(e.Value.(*failure).reset) {
		f.drop(e)
		e = nil
	}
	if e == nil {
		if len(f.entries) >= f.most {
			f.drop(f.oldest.Front())
		}
		e = f.oldest.PushBack(&failure{key: key, reset: now.Add(rule.Window)})
		f.entries[key] = e
	}
	entry := e.Value.(*failure)
	if entry.count >= rule.Most {
		return nil, entry.reset
	}
	entry.count++
	return &Reservation{f, entry}, entry.reset
}

func (f *Failures) drop(e *list.Element) {
	delete(f.entries, e.Value.(*failure).key)
	f.oldest.Remove(e)
}

// Release removes the attempt from the count: it succeeded, or was not checked.
// A second call does nothing, nor does one on the zero Reservation.
func (r *Reservation) Release() {
	if r.f == nil {
		return
	}
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	if r.entry == nil {
		return
	}
	r.entry.count--
	if e := r.f.entries[r.entry.key]; r.entry.count == 0 && e != nil && e.Value == r.entry {
		r.f.drop(e)
	}
	r.entry = nil
}
