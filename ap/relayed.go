package ap

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// What a relay brings: a Create, an Update or a Delete as its author sent it, or an
// Announce of a post or of such an activity. It is a hint where to look and never
// believed (SECURITY-RULES 4, 10): posts are fetched from their origin, unless
// their author has proven them (FEP-8b32). A relay boosts nothing.

// relayItem is what a relay has brought.
type relayItem struct {
	typ    string        // Create, Update or Delete
	uri    string        // of the post
	id     string        // of the Update that was brought
	author string        // who is said to have sent it; "" when that is not said
	post   *vocab.Object // as the relay brought it; nil when that was only an id
}

// relayItemOf reads what an activity brings. For an Announce of an id that is a
// Create, whatever is there.
func relayItemOf(doc *vocab.Object) relayItem {
	if doc.Type == "Announce" {
		inner := doc.Object.Object
		if inner == nil || inner.Type == "" || object.IsStatus(inner.Type) {
			return relayItem{typ: "Create", uri: doc.Object.ID, post: inner}
		}
		doc = inner
	}
	item := relayItem{typ: doc.Type, uri: doc.Object.ID, author: doc.Actor.ID, post: doc.Object.Object}
	if doc.Type == "Update" {
		item.id = doc.ID
	}
	return item
}

// keys are what a relay's item is known by while it is new, and while its job waits.
// A post is asked for once, whichever relay names it; but what a relay with hashtags
// has named may still be another's to bring, and of a change no relay may keep the
// word of another from being heard. Each edit is a change of its own, of which the
// one that waits brings the newest.
func (i relayItem) keys(r *store.Relay) (named, waiting string) {
	waiting = i.typ + " " + i.uri
	if i.typ != "Create" || len(r.Tags) > 0 {
		waiting = strconv.FormatInt(r.ID, 10) + " " + waiting
	}
	return waiting + " " + i.id, waiting
}

// fromRelay takes what a relay has sent; ours is false when it is no relay that
// sent it, or when its author has proven an Update or a Delete, which goes its way.
func (s *Service) fromRelay(ctx context.Context, q InboxRequest, by *store.Account, doc *vocab.Object, leave func()) (out activity.Outcome, ours bool, err error) {
	item := relayItemOf(doc)
	var r *store.Relay
	var known *store.Object
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = tx.RelayByActor(by.URI); err != nil {
			return err
		}
		known, err = tx.ObjectByURI(item.uri)
		return unlessGone(err)
	})
	if fault.Is(err, fault.NotFound) {
		return out, false, nil
	}
	if err != nil {
		return out, true, err
	}
	proven := doc.Type != "Announce" && doc.Document["proof"] != nil
	if proven && item.typ != "Create" && r.State == store.RelayAccepted {
		return out, false, nil
	}
	if !by.Active() {
		return out, true, fault.Errorf(fault.Forbidden, "the account %s is suspended or gone", by.URI)
	}
	if doc.Type == "Announce" {
		_, not, err := s.admit(ctx, &activity.Activity{Object: doc, Origin: activity.Inbox, Actor: by})
		if not != "" || err != nil {
			return activity.NotWanted(not), true, err
		}
	}
	if known != nil && item.typ == "Create" {
		return activity.NotWanted(activity.Reason(fmt.Sprintf("%s, which a relay brings, came before", item.uri))), true, nil
	}
	not := s.notFromRelay(r, item, known)
	if not == "" {
		not, err = s.spendOnRelay(ctx, r, q, by, doc, item, proven, leave)
	}
	if not != "" && err == nil {
		err = s.relayRefused(ctx, r, not)
	}
	q.seen.judged = true
	return activity.NotWanted(not), true, err
}

// notFromRelay says why something of a relay is not taken, as far as that is known
// without a fetch.
func (s *Service) notFromRelay(r *store.Relay, item relayItem, known *store.Object) activity.Reason {
	because := func(format string, args ...any) activity.Reason { return activity.Reason(fmt.Sprintf(format, args...)) }
	switch item.typ {
	case "Create", "Update", "Delete":
	default:
		return because("a %s that a relay brings changes nothing here", clip(item.typ))
	}
	if r.State != store.RelayAccepted {
		return because("the relay %s has not accepted", r.Inbox)
	}
	if _, err := vocab.ParseURI(item.uri); err != nil {
		return because("what a relay brings has no id: %v", err)
	}
	if s.Config.IsOwn(item.uri) {
		return because("%s, which a relay brings, is this server's own", item.uri)
	}
	if item.author != "" && !vocab.SameOrigin(item.author, item.uri) {
		return because("%s, which a relay brings, has another origin than its author %s", item.uri, clip(item.author))
	}
	if not := s.refusedHost(item.uri); not != "" {
		return not
	}
	switch {
	case item.typ != "Create" && (known == nil || known.Local || !known.IsStatus || known.ReblogOfID != 0 || !known.DeletedAt.IsZero()):
		return because("the %s that a relay brings is about what is not known here: %s", item.typ, item.uri)
	case item.typ == "Create" && item.post != nil && item.post.Content != "":
		// Whoever lies about it only has it refused.
		if not := activity.MayRelay(r, item.post, true); not != "" {
			return not
		}
	}
	if r.Left(s.Store.Now()) == 0 {
		return overBudget(r)
	}
	return ""
}

func overBudget(r *store.Relay) activity.Reason {
	return activity.Reason(fmt.Sprintf("the budget of the relay %s, %d posts an hour, is spent", r.Inbox, r.Budget))
}

// spendOnRelay takes something of a relay within its budget: from the proof that it
// carries, or by a job that fetches it from its origin. What was named lately is
// not asked for again.
func (s *Service) spendOnRelay(ctx context.Context, r *store.Relay, q InboxRequest, by *store.Account, doc *vocab.Object, item relayItem, proven bool, leave func()) (activity.Reason, error) {
	named, waits := item.keys(r)
	if _, lately := s.limits.relayed.Get(named); lately {
		return activity.Reason(fmt.Sprintf("%s, which a relay brings, was asked for lately", item.uri)), nil
	}
	args := activity.RelayedArgs{Relay: r.ID, Type: item.typ, URI: item.uri}
	not := activity.Reason("")
	take := func(fetch bool) error {
		return s.Store.Update(ctx, func(tx *store.Tx) error {
			not = ""
			waiting, err := tx.CountWaiting(activity.RelayedJob.Name, vocab.Host(item.uri), s.limits.waitingPerHost)
			if err != nil {
				return err
			}
			if waiting >= s.limits.waitingPerHost {
				not = activity.Reason(fmt.Sprintf("too many posts of %s that relays bring wait to be fetched", vocab.Host(item.uri)))
				return nil
			}
			if ok, err := tx.SpendRelay(r.ID); err != nil || !ok {
				not = overBudget(r)
				return err
			}
			if !fetch {
				return nil
			}
			return activity.RelayedJob.Enqueue(tx, args, jobs.Unique(activity.RelayedJob.Name+" "+waits))
		})
	}
	if !proven {
		if err := take(true); err != nil || not != "" {
			return not, err
		}
		q.seen.waits = true
		s.limits.relayed.Put(named, struct{}{}, relayedFor)
		return "", nil
	}
	if err := take(false); err != nil || not != "" {
		return not, err
	}
	author, err := s.provenActor(ctx, q.Client, by, doc, leave)
	if err == nil && item.post != nil && item.post.Author() == author.URI {
		s.limits.relayed.Put(named, struct{}{}, relayedFor)
		not, err := s.takeOfRelay(ctx, r, item.post)
		return finally(not, err)
	}
	if isBusy(err) || fault.Is(err, fault.Internal) {
		return "", err
	}
	// The proof is none: what is there is fetched, as of anything else.
	q.seen.waits = true
	s.limits.relayed.Put(named, struct{}{}, relayedFor)
	return "", s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.RelayedJob.Enqueue(tx, args, jobs.Unique(activity.RelayedJob.Name+" "+waits))
	})
}

// relayedFor is how long what a relay has named is not asked for again (relayItem.keys).
const relayedFor = time.Hour

// fetchRelayed is the worker that fetches what a relay has named. What it costs is
// counted for the relay, which somebody here has asked.
func (s *Service) fetchRelayed(ctx context.Context, args activity.RelayedArgs) error {
	r, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Relay, error) { return tx.Relay(args.Relay) })
	if err == nil && r.State != store.RelayAccepted {
		err = fault.Errorf(fault.NotFound, "the relay %s was left", r.Inbox)
	}
	if err == nil { // refused since it was named
		if not := cmp.Or(s.refusedHost(r.ActorURI), s.refusedHost(args.URI)); not != "" {
			err = fault.Errorf(fault.Forbidden, "%s", not)
		}
	}
	if err != nil {
		return s.fetchOutcome("relayed", args.URI, activity.Outcome{}, err)
	}
	ctx = withCause(ctx, cause{account: r.ActorURI, host: vocab.Host(r.ActorURI), trusted: true})
	not := activity.Reason("")
	switch args.Type {
	case "Update":
		err = s.refetchStatus(ctx, args.URI)
	case "Delete":
		err = s.confirmGone(ctx, args.URI)
	default:
		not, err = s.fetchForRelay(ctx, r, args.URI)
	}
	if not, err = finally(not, err); not != "" {
		if err := s.relayRefused(ctx, r, not); err != nil {
			return err
		}
	}
	s.noteBrought(ctx, r.ActorURI, args.Type, args.URI, activity.NotWanted(not), err)
	return s.fetchOutcome("relayed", args.URI, activity.NotWanted(not), err)
}

// finally has an error that no later try would mend be the reason why something is
// not taken.
func finally(not activity.Reason, err error) (activity.Reason, error) {
	if err != nil && !isTemporary(err) {
		return activity.Reason(err.Error()), nil
	}
	return not, err
}

// fetchForRelay fetches a post, or that of a Create, from its origin. Whether it is
// public and has one of the hashtags is seen before its author is fetched.
func (s *Service) fetchForRelay(ctx context.Context, r *store.Relay, uri string) (activity.Reason, error) {
	if known, err := store.Read(ctx, s.Store, func(tx *store.Tx) (map[string]bool, error) { return tx.KnownURIs(uri) }); err != nil || known[uri] {
		return "", err // by another way meanwhile
	}
	doc, err := s.document(ctx, uri)
	if err == nil && doc.Type == "Create" && doc.Object.ID != "" {
		if not := s.refusedHost(doc.Object.ID); not != "" {
			return not, nil
		}
		doc, err = s.document(ctx, doc.Object.ID)
	}
	if err != nil {
		return "", err
	}
	if not := s.refusedHost(doc.ID); not != "" {
		return not, nil
	}
	return s.takeOfRelay(ctx, r, doc)
}

// takeOfRelay stores a post that was fetched from its origin, or proven.
func (s *Service) takeOfRelay(ctx context.Context, r *store.Relay, doc *vocab.Object) (activity.Reason, error) {
	if !object.IsStatus(doc.Type) {
		return "", fault.Errorf(fault.Invalid, "%s has the type %q, which is not a status", doc.ID, doc.Type)
	}
	if not := activity.MayRelay(r, doc, slices.Contains(doc.To, vocab.Public)); not != "" {
		return not, nil
	}
	a, err := s.fetchedCreate(ctx, doc)
	if err != nil {
		return "", err
	}
	a.Origin, a.Relay = activity.Relayed.AsOf(doc.Published, s.Store.Now()), r.ID
	out, err := s.process(ctx, a)
	return out.NotWanted, err
}

// relayRefusals counts what is not taken of relays: it is written once a minute of
// each, since refusing is to cost no more than reading.
type relayRefusals struct {
	mu sync.Mutex
	of map[int64]*refusals
}

type refusals struct {
	n       int
	written time.Time
}

// refusalsEvery is how often they are written.
const refusalsEvery = time.Minute

// due counts one of a relay, and returns how many are to be written now.
func (c *relayRefusals) due(relay int64, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[int64]*refusals{}
	}
	of := c.of[relay]
	if of == nil {
		of = &refusals{}
		c.of[relay] = of
	}
	of.n++
	if now.Sub(of.written) < refusalsEvery {
		return 0
	}
	n := of.n
	of.n, of.written = 0, now
	return n
}

// relayRefused counts something that is not taken of a relay.
func (s *Service) relayRefused(ctx context.Context, r *store.Relay, why activity.Reason) error {
	n := s.relays.due(r.ID, s.Store.Now())
	if n == 0 {
		return nil
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.RelayRefused(r.ID, n, string(why)) })
}
