package ap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/internal/ratelimit"
	"kinglet/internal/semaphore"
	"kinglet/store"
)

// tooMuch is the message for every request that exceeds a limit on what
// strangers can make us spend; which limit it was is only logged.
const tooMuch = "Too much at once, try again later"

// errOverLimit is the cause of each of them, which distinguishes them from errors of
// other servers.
var errOverLimit = errors.New("over a limit of this server")

// overCapacity is the error when there is no room just now, whoever asks.
func overCapacity(format string, args ...any) error {
	return &fault.Error{Kind: fault.Unavailable, Message: tooMuch, Detail: fmt.Sprintf(format, args...), RetryAfter: busyAfter, Err: errOverLimit}
}

// tooOften is the error when one client or host asked too often.
func tooOften(after time.Duration, format string, args ...any) error {
	return &fault.Error{Kind: fault.RateLimited, Message: tooMuch, Detail: fmt.Sprintf(format, args...), RetryAfter: after, Err: errOverLimit}
}

// isBusy reports whether we exceeded a limit of our own, which says nothing
// about the other server.
func isBusy(err error) bool { return busyError(err) != nil }

// busyError finds the limit that caused err, nil for none.
func busyError(err error) *fault.Error {
	for e := (*fault.Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Err == errOverLimit {
			return e
		}
	}
	return nil
}

// limits are what strangers can make us spend on federation (SECURITY-RULES
// 26, 41). Addresses and hosts are counted by limiters of their own, so that
// many of the ones can't push out what is known of the others.
type limits struct {
	clients, hosts *ratelimit.Limiter
	now            func() time.Time

	strangers  *semaphore.Semaphore // requests whose key is not known here
	neighbours *semaphore.Semaphore // the same, of clients that are proven for the key's host
	bodies     *semaphore.Semaphore // bodies of requests whose signature is verified
	followed   *semaphore.Semaphore // the same, of accounts that somebody here follows

	// failed is what could not be fetched a moment ago, by URI; failedKeys
	// are keys that could not be fetched or trusted. They are separate:
	// strangers name any URL as a key, and the page there may be one that
	// others need.
	failed, failedKeys *ratelimit.Recent[fault.Kind]
	// proven are pairs of a client and a host that the client has signed
	// for: it is that host's own server, and must not be slowed down by
	// strangers who name keys of the host.
	proven *ratelimit.Recent[struct{}]

	keyClient, keyHost, keyProven                       ratelimit.Rule
	refetchClient, refetchHost, refetchKey, refetchPair ratelimit.Rule
	fetchAccount, fetchSender, fetchHost                ratelimit.Rule
	trustedAccount, trustedSender, trustedHost          ratelimit.Rule
	retractHost                                         ratelimit.Rule
	forwardHost, forwardAll                             ratelimit.Rule
	trustedForwardHost, trustedForwardAll               ratelimit.Rule
	waitingPerHost                                      int

	documents *documents // that are fetched

	// wrote are the hosts that have written to us lately, and of which is known that
	// we write to them; checked are the actors of which was checked lately whether
	// they are gone.
	wrote, checked *ratelimit.Recent[struct{}]
	// compared and mended are the actors whose followers here were compared lately,
	// and mended (FEP-8fcf).
	compared, mended *ratelimit.Recent[struct{}]
	// relayed is what relays have named lately, by type and URI.
	relayed  *ratelimit.Recent[struct{}]
	repeated *ratelimit.Recent[struct{}] // see repeated.go
}

const (
	smallBody     = 16 << 10         // an inbox post that may be read before its key is fetched
	bodyShare     = 32               // posts of one known host, or of one address, at once
	bodiesMost    = 64               // posts of known hosts at once
	bodiesWaiting = 256              // that wait for these
	bodyPatience  = 8 * time.Second  // senders wait 10 s or more
	busyAfter     = 30 * time.Second // what Retry-After says when there is no room
	trustedTimes  = 10               // how much more accounts may cause that somebody here follows
	mostFailed    = 10_000
	mostProven    = 10_000
	mostRepeated  = 10_000
	provenFor     = 24 * time.Hour
	failedFor     = 5 * time.Minute // what is refused, gone or not believable
	downFor       = time.Minute     // what did not answer
)

func newLimits(c config.Federation, now func() time.Time) *limits {
	rule := func(name string, l config.RateLimit, times int) ratelimit.Rule {
		return ratelimit.Rule{Name: name, Most: l.Most * times, Window: l.Window}
	}
	minute := func(most int) config.RateLimit { return config.RateLimit{Most: most, Window: time.Minute} }
	tenMinutes := func(most int) config.RateLimit { return config.RateLimit{Most: most, Window: 10 * time.Minute} }
	room := semaphore.Options{Places: c.InboxStrangers, Bytes: int64(c.InboxStrangers) * smallBody, PerClient: max(c.InboxStrangers/4, 1)}
	bodies := semaphore.Options{
		Places: bodiesMost, Bytes: max(c.InboxMemory, MaxInboxBytes), PerClient: bodyShare,
		Waiting: bodiesWaiting, WaitingPerClient: bodiesWaiting / 4, Wait: bodyPatience,
	}
	return &limits{
		clients: ratelimit.New(now), hosts: ratelimit.New(now), now: now,
		strangers: semaphore.New(room), neighbours: semaphore.New(room),
		bodies: semaphore.New(bodies), followed: semaphore.New(bodies),
		failed:             ratelimit.NewRecent[fault.Kind](now, mostFailed),
		failedKeys:         ratelimit.NewRecent[fault.Kind](now, mostFailed),
		proven:             ratelimit.NewRecent[struct{}](now, mostProven),
		keyClient:          rule("keys for a client", c.KeyFetchesPerClient, 1),
		keyHost:            rule("keys of a host", c.KeyFetchesPerHost, 1),
		keyProven:          rule("keys of a known host", c.KeyFetchesPerHost, trustedTimes),
		refetchPair:        rule("a known key for a client", minute(1), 1),
		refetchClient:      rule("known keys for a client", minute(10), 1),
		refetchKey:         rule("a known key", minute(5), 1),
		refetchHost:        rule("known keys of a host", minute(60), 1),
		fetchAccount:       rule("GETs for an account", c.FetchesPerAccount, 1),
		fetchSender:        rule("GETs for the accounts of a host", c.FetchesPerSender, 1),
		fetchHost:          rule("GETs at a host", c.FetchesPerHost, 1),
		trustedAccount:     rule("GETs for a followed account", c.FetchesPerAccount, trustedTimes),
		trustedSender:      rule("GETs for the followed accounts of a host", c.FetchesPerSender, trustedTimes),
		trustedHost:        rule("GETs at a host for the followed", c.FetchesPerHost, trustedTimes),
		retractHost:        rule("what a host takes back", minute(60), 1),
		forwardHost:        rule("unproven activities of a host", tenMinutes(60), 1),
		forwardAll:         rule("unproven activities", tenMinutes(600), 1),
		trustedForwardHost: rule("unproven activities of the followed accounts of a host", tenMinutes(60), trustedTimes),
		trustedForwardAll:  rule("unproven activities of followed accounts", tenMinutes(600), trustedTimes),
		waitingPerHost:     c.WaitingPerHost,
		documents:          newDocuments(),
		wrote:              ratelimit.NewRecent[struct{}](now, mostProven),
		checked:            ratelimit.NewRecent[struct{}](now, mostFailed),
		compared:           ratelimit.NewRecent[struct{}](now, mostFailed),
		mended:             ratelimit.NewRecent[struct{}](now, mostFailed),
		relayed:            ratelimit.NewRecent[struct{}](now, mostFailed),
		repeated:           ratelimit.NewRecent[struct{}](now, mostRepeated),
	}
}

// count counts one for who and returns an error when that exceeds the rule.
func (l *limits) count(by *ratelimit.Limiter, rule ratelimit.Rule, who string) error {
	ok, _, reset := by.Allow(rule, who)
	if ok {
		return nil
	}
	return tooOften(reset.Sub(l.now()), "exceeds the limit %q of %d in %s for %s", rule.Name, rule.Most, rule.Window, clip(who))
}

// first returns the first limit that is exceeded; those after it are not
// counted, so a client over its own limit uses up nobody else's.
func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// allowKeyFetch counts the fetch of a key that client names. known reports that
// an older one is known here: those have budgets of their own, so that
// strangers with unknown keys don't delay a change of a known one. A client
// that has signed for the host before has budgets that strangers can't use up.
func (l *limits) allowKeyFetch(client, host, keyID string, known bool) error {
	count := func(by *ratelimit.Limiter, rule ratelimit.Rule, who string) func() error {
		return func() error { return l.count(by, rule, who) }
	}
	proven := l.isProven(client, host)
	switch {
	case known && proven:
		return first(count(l.clients, l.refetchPair, client+" "+keyID), count(l.hosts, l.keyProven, host))
	case known:
		return first(count(l.clients, l.refetchPair, client+" "+keyID), count(l.clients, l.refetchClient, client),
			count(l.hosts, l.refetchKey, keyID), count(l.hosts, l.refetchHost, host))
	case proven:
		return count(l.hosts, l.keyProven, host)()
	}
	return first(count(l.clients, l.keyClient, client), count(l.hosts, l.keyHost, host))
}

// isProven reports whether a client has recently signed with a key of a host.
func (l *limits) isProven(client, host string) bool {
	_, ok := l.proven.Get(client + " " + host)
	return ok
}

func (l *limits) prove(client, host string) {
	l.proven.Put(client+" "+host, struct{}{}, provenFor)
}

// cause is the account or key that a fetch is counted for. Without one, a local
// user asked for it, whose own requests are limited elsewhere.
type cause struct {
	account string // URI of the actor whose message asks for it; "" for a key
	host    string // of that actor
	trusted bool   // somebody here follows it; of a key: the client is proven
}

type causeKey struct{}

func withCause(ctx context.Context, c cause) context.Context {
	return context.WithValue(ctx, causeKey{}, c)
}

func causeOf(ctx context.Context) (cause, bool) {
	c, ok := ctx.Value(causeKey{}).(cause)
	return c, ok
}

// causedBy makes further fetches count for an account, by its URI; "" is a
// local user.
func (s *Service) causedBy(ctx context.Context, uri string) (context.Context, error) {
	if uri == "" {
		return ctx, nil
	}
	c := cause{account: uri, host: vocab.Host(uri)}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.AccountByURI(uri)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			c.trusted, err = tx.FollowedBySomeoneHere(account.ID)
		}
		return err
	})
	return withCause(ctx, c), err
}

// allowFetch counts one GET at a host for whoever causes it: hosts count as their
// sites.
func (l *limits) allowFetch(c cause, host string) error {
	account, sender := l.fetchAccount, l.fetchSender
	if c.trusted {
		account, sender = l.trustedAccount, l.trustedSender
	}
	return first(
		func() error {
			if c.account == "" {
				return nil
			}
			return first(func() error { return l.count(l.hosts, account, c.account) }, func() error { return l.count(l.hosts, sender, vocab.Site(c.host)) })
		},
		func() error { return l.allowHost(c, host) },
	)
}

// allowHost counts one GET at a host, requested or redirected to. A client
// proven for the host of a key has no higher limit elsewhere.
func (l *limits) allowHost(c cause, host string) error {
	if c.trusted && (c.account != "" || host == c.host) {
		return l.count(l.hosts, l.trustedHost, vocab.Site(host))
	}
	return l.count(l.hosts, l.fetchHost, vocab.Site(host))
}

// get makes a GET of federation. All of them go through it, since it counts
// those that remote messages cause.
func (s *Service) get(ctx context.Context, q outgoing.Request) (*outgoing.Response, error) {
	c, caused := causeOf(ctx)
	countRequest(ctx, q.URL)
	q.Grow = growth(ctx, c.trusted)
	if caused {
		if err := s.limits.allowFetch(c, vocab.Host(q.URL)); err != nil {
			return nil, err
		}
		q.Redirect = func(target string) error { return s.limits.allowHost(c, vocab.Host(target)) }
	}
	return s.client.Do(ctx, q)
}

// document is fetchDocument that does not repeat, for strangers, a fetch that
// failed a moment ago.
func (s *Service) document(ctx context.Context, uri string) (*vocab.Object, error) {
	if _, ok := causeOf(ctx); !ok {
		return s.fetchDocument(ctx, uri)
	}
	page := vocab.WithoutFragment(uri)
	if kind, ok := s.limits.failed.Get(page); ok {
		return nil, fault.Errorf(kind, "%s could not be fetched a moment ago", uri)
	}
	doc, err := s.fetchDocument(ctx, uri)
	if err != nil {
		noteFailed(s.limits.failed, page, err)
	}
	return doc, err
}

// noteFailed remembers that a fetch failed. Our own limits, or a stopping
// server, are not the other side's failures.
func noteFailed(failed *ratelimit.Recent[fault.Kind], uri string, err error) {
	if isBusy(err) || errors.Is(err, context.Canceled) {
		return
	}
	switch kind := fault.KindOf(err); kind {
	case fault.Internal:
	case fault.Unavailable:
		failed.Put(uri, kind, max(downFor, jobs.RetryAfter(err)))
	default:
		failed.Put(uri, kind, failedFor)
	}
}

// clip shortens what strangers send, for the log.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
