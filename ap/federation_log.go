package ap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// What came to the inboxes and what came of it, and who took what of ours, is
// kept for a person who asks why (why.go, check.go). It is gathered in memory and
// written every few seconds, many rows in one transaction: no message and no
// delivery waits for it, and a kill loses the last seconds. What strangers send in
// masses is counted in a few rows. The Delete of what was never known here leaves
// nothing at all (SECURITY-RULES 36).

const (
	// logEvery is how long rows are gathered. After a flood they are written at
	// once.
	logEvery = 5 * time.Second
	// mostArrivals and mostSent are how many may be gathered; mostOfStrangers of
	// them for what nobody has proven to have sent, as many for accounts that nobody
	// here follows and for what was not accepted of others, mostOfOneHost for those
	// of one host, and mostAlike with one outcome and reason. Others are counted.
	mostArrivals    = 1024
	mostSent        = 4096
	mostOfStrangers = 128
	mostOfOneHost   = 32
	mostAlike       = 4
	// logBatch is how many rows one transaction writes: others wait for it.
	logBatch = 64
	// trimEvery is the part of the log that is written before it is trimmed.
	trimEvery = 1.0 / 20
)

// federationLog is what is gathered.
type federationLog struct {
	mu       sync.Mutex
	arrivals []store.Arrival
	sent     []store.Sent
	alike    map[likeArrival][]int // places in arrivals
	ofHost   map[logHost][]int     // the same
	counted  [3]int                // by standing
	lost     int                   // that are neither kept nor counted
	written  int                   // since the log was trimmed; -1 for not yet
	due      chan struct{}
}

type (
	logHost struct {
		standing
		host string
	}
	likeArrival struct {
		logHost
		outcome, reason string
	}
)

// standing is what is known of who sent something. Nobody takes the place of
// another's: names of hosts cost a forger nothing, and a stranger little.
type standing int

const (
	unproven standing = iota
	stranger
	followed
)

func standingOf(a store.Arrival) standing {
	switch {
	case a.Followed:
		return followed
	case a.Verified:
		return stranger
	}
	return unproven
}

func newFederationLog() federationLog {
	return federationLog{due: make(chan struct{}, 1), written: -1}
}

// arrival is what Inbox has learned of a request so far.
type arrival struct {
	key    string
	signer store.KeyOwner
	doc    *vocab.Object
	// judged reports that it came as far as to be judged: otherwise it was
	// answered from its id alone, and is not remembered.
	judged bool
	// waits reports that what it is about is fetched from its origin first.
	waits bool
}

// noteArrival remembers what came of a request to an inbox.
func (s *Service) noteArrival(in *arrival, out activity.Outcome, err error) {
	out.Postponed = out.Postponed || in.waits
	if in.key == "" || err == nil && out.NotWanted == "" && !out.Postponed && !in.judged {
		return // not signed at all, or about what was never here
	}
	a := store.Arrival{At: s.Store.Now(), KeyID: in.key, Verified: in.signer.Account != nil, Followed: in.signer.Followed}
	if in.doc != nil {
		a.Actor, a.Activity, a.Type, a.Object = in.doc.Actor.ID, in.doc.ID, in.doc.Type, in.doc.Object.ID
	}
	if a.Actor == "" && in.signer.Account != nil {
		a.Actor = in.signer.URI
	}
	a.Outcome, a.Reason = outcomeOf(out, err)
	s.log.arrived(a)
}

// noteLater remembers what came of what was put off.
func (s *Service) noteLater(ctx context.Context, actor *store.Account, doc *vocab.Object, out activity.Outcome, err error) {
	if err != nil && isTemporary(err) {
		return // its job has the reason
	}
	followed, ferr := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) { return tx.FollowedBySomeoneHere(actor.ID) })
	if ferr != nil {
		return
	}
	a := store.Arrival{
		At: s.Store.Now(), Host: vocab.Host(actor.URI), Verified: true, Followed: followed,
		Actor: doc.Actor.ID, Activity: doc.ID, Type: doc.Type, Object: doc.Object.ID,
	}
	a.Outcome, a.Reason = outcomeOf(out, err)
	s.log.arrived(a)
}

// noteBrought remembers what came of what another than its author has brought, when
// its origin was asked. That an edit or a deletion was asked for shows nothing: the
// post may be as it was.
func (s *Service) noteBrought(ctx context.Context, by, typ, uri string, out activity.Outcome, err error) {
	if err != nil && isTemporary(err) || err == nil && out.NotWanted == "" && (typ == "Update" || typ == "Delete") {
		return
	}
	followed, ferr := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) {
		account, err := tx.AccountByURI(by)
		if err != nil {
			return false, err
		}
		return tx.FollowedBySomeoneHere(account.ID)
	})
	if ferr != nil {
		return
	}
	a := store.Arrival{At: s.Store.Now(), Host: vocab.Host(by), Verified: true, Followed: followed, Actor: by, Type: typ, Object: uri}
	a.Outcome, a.Reason = outcomeOf(out, err)
	s.log.arrived(a)
}

// outcomeOf is how the log names what came of an activity.
func outcomeOf(out activity.Outcome, err error) (outcome, reason string) {
	switch {
	case err != nil:
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return store.Refused, fmt.Sprintf("it is larger than %d bytes", tooLarge.Limit)
		}
		if kind := fault.KindOf(err); kind == fault.RateLimited || kind == fault.Unavailable {
			return store.Refused, "they were asked to come again later: " + err.Error()
		}
		return store.Refused, err.Error()
	case out.NotWanted != "":
		return store.Ignored, string(out.NotWanted)
	case out.Postponed:
		return store.Waiting, "something has to be fetched first"
	}
	return store.Accepted, ""
}

func (l *federationLog) arrived(a store.Arrival) {
	counted := a.Outcome != store.Accepted || !a.Followed
	if counted && a.Host == "" {
		a.Host = hostOfKey(a)
	}
	a = ownTexts(a)
	l.mu.Lock()
	defer l.mu.Unlock()
	of := logHost{standingOf(a), a.Host}
	like := likeArrival{of, a.Outcome, a.Reason}
	if counted {
		full := l.counted[of.standing] >= mostOfStrangers
		places := l.alike[like]
		if len(places) < mostAlike {
			places = l.ofHost[of]
			full = full || len(places) >= mostOfOneHost
		} else {
			full = true
		}
		if full && len(places) > 0 {
			l.arrivals[places[len(places)-1]].More++
			return
		}
		if full {
			l.lost++
			return
		}
	}
	if len(l.arrivals) >= mostArrivals {
		l.lost++
		return
	}
	if counted {
		if l.alike == nil {
			l.alike, l.ofHost = map[likeArrival][]int{}, map[logHost][]int{}
		}
		at := len(l.arrivals)
		l.alike[like], l.ofHost[of] = append(l.alike[like], at), append(l.ofHost[of], at)
		l.counted[of.standing]++
	}
	l.arrivals = append(l.arrivals, a)
	l.wake()
}

// hostOfKey is the host of an arrival that does not have it yet: most are written
// without anybody having asked for it before.
func hostOfKey(a store.Arrival) string { return vocab.Host(a.KeyID) }

// ownTexts cuts an arrival's texts and gives them a copy of their own: a part of a
// document would hold all of it in memory.
func ownTexts(a store.Arrival) store.Arrival {
	texts := [...]*string{&a.Host, &a.KeyID, &a.Actor, &a.Activity, &a.Type, &a.Object, &a.Reason}
	size := 0
	for _, text := range texts {
		*text = store.LogText(*text)
		size += len(*text)
	}
	var all strings.Builder
	all.Grow(size)
	for _, text := range texts {
		all.WriteString(*text)
	}
	rest := all.String()
	for _, text := range texts {
		*text, rest = rest[:len(*text)], rest[len(*text):]
	}
	return a
}

// delivered remembers that a host took an activity.
func (l *federationLog) delivered(at time.Time, args activity.DeliverArgs) {
	if args.Forward != 0 {
		return // it is another's
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sent) >= mostSent {
		l.lost++
		return
	}
	l.sent = append(l.sent, store.Sent{At: at, Activity: args.Activity, Host: vocab.Host(args.Inbox)})
	l.wake()
}

func (l *federationLog) wake() {
	select {
	case l.due <- struct{}{}:
	default: // it is woken already
	}
}

// isHalfFull reports that rows are to be written without waiting for more.
func (l *federationLog) isHalfFull() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.arrivals) > mostArrivals/2 || len(l.sent) > mostSent/2
}

// take hands out what was gathered.
func (l *federationLog) take() (came []store.Arrival, sent []store.Sent, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	came, sent, lost = l.arrivals, l.sent, l.lost
	l.arrivals, l.sent, l.alike, l.ofHost, l.counted, l.lost = nil, nil, nil, nil, [3]int{}, 0
	return came, sent, lost
}

// KeepFederationLog writes what is gathered until ctx ends. While nothing happens
// it sleeps. Its owner calls WriteFederationLog when all else has ended.
func (s *Service) KeepFederationLog(ctx context.Context) {
	for {
		select {
		case <-s.log.due:
		case <-ctx.Done():
			return
		}
		wait := time.NewTimer(logEvery)
		for waiting := true; waiting && !s.log.isHalfFull(); {
			select {
			case <-wait.C:
				waiting = false
			case <-s.log.due:
			case <-ctx.Done():
				wait.Stop()
				return
			}
		}
		wait.Stop()
		s.WriteFederationLog(ctx)
	}
}

// WriteFederationLog writes what was gathered, and now and then deletes what is
// too much. A failure loses it: it is a log.
func (s *Service) WriteFederationLog(ctx context.Context) {
	came, sent, lost := s.log.take()
	if lost > 0 {
		s.Log.Info("federation log: too much at once, some is not remembered", "count", lost)
	}
	rows := len(came) + len(sent)
	for i, a := range came {
		if a.Host == "" {
			came[i].Host = hostOfKey(a)
		}
	}
	for len(came)+len(sent) > 0 {
		a, d := came[:min(len(came), logBatch)], sent[:min(len(sent), logBatch)]
		came, sent = came[len(a):], sent[len(d):]
		// Nothing of what is delivered changes by it.
		if err := s.Store.UpdateJobs(ctx, func(tx *store.Tx) error { return tx.WriteFederationLog(a, d) }); err != nil {
			s.Log.Debug("federation log", "error", err)
			return
		}
	}
	if rows > 0 && s.log.isTrimDue(rows, s.Config.Retention.FederationLogRows) {
		if err := s.trimFederationLog(ctx); err != nil {
			s.Log.Debug("federation log", "error", err)
		}
	}
}

// isTrimDue counts rows that were written. The first ones after a start trim it:
// whatever was written before them is not known.
func (l *federationLog) isTrimDue(rows, of int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.written < 0
	l.written = max(l.written, 0) + rows
	if !first && float64(l.written) < max(float64(of)*trimEvery, 1) {
		return false
	}
	l.written = 0
	return true
}

func (s *Service) trimFederationLog(ctx context.Context) error {
	r := s.Config.Retention
	return s.Store.TrimFederationLog(ctx, s.Store.Now().Add(-r.FederationLog), r.FederationLogRows)
}
