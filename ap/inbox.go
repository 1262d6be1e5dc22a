package ap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"kinglet/ap/activity"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// MaxInboxBytes limits an activity that is posted to an inbox.
const MaxInboxBytes = vocab.MaxBytes

// InboxRequest is an activity that was posted to an inbox, with its body still
// unread. The body is limited to MaxInboxBytes (http.MaxBytesReader).
type InboxRequest struct {
	*http.Request
	Client    string          // the address it comes from
	Recipient store.AccountID // whose own inbox it came to; 0 is the shared one

	seen *arrival // what is learned of it
}

// Inbox accepts a signed activity that was posted to an inbox. The sender is
// determined from the headers, and the body read once they are verified: what
// strangers make us hold or wait for is limited (SECURITY-RULES 41). When it
// returns no error, the activity is applied, stored durably to be applied
// later, or not wanted here, as the outcome says: it may be acknowledged.
func (s *Service) Inbox(ctx context.Context, q InboxRequest) (activity.Outcome, error) {
	q.seen = &arrival{}
	out, err := s.inbox(ctx, q)
	if busy := busyError(err); busy != nil {
		err = busy // whatever it was that a limit kept us from
	}
	s.noteArrival(q.seen, out, err)
	return out, err
}

func (s *Service) inbox(ctx context.Context, q InboxRequest) (none activity.Outcome, err error) {
	if q.ContentLength > MaxInboxBytes {
		return none, &http.MaxBytesError{Limit: MaxInboxBytes}
	}
	sig, err := s.readSignature(q.Request)
	if err != nil {
		return none, err
	}
	q.seen.key = sig.KeyID
	if not := s.refusedHost(sig.KeyID); not != "" {
		return activity.NotWanted(not), nil
	}
	signer, known, err := s.knownSigner(ctx, sig, q.Client)
	if err != nil {
		return none, err
	}
	var doc *vocab.Object
	if signer.Account == nil {
		if signer.Account, doc, err = s.inboxStranger(ctx, q, sig, known); err != nil || signer.Account == nil {
			return none, err
		}
		signer.Followed, err = store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) { return tx.FollowedBySomeoneHere(signer.ID) })
		if err != nil {
			return none, err
		}
	}
	q.seen.signer = signer
	actor := signer.Account
	if err := s.hostWrote(ctx, actor); err != nil {
		return none, err
	}
	size := q.ContentLength
	if size < 0 {
		size = MaxInboxBytes // it does not say
	}
	// Accounts that somebody here follows have a limit of their own, which nobody
	// else can fill with bodies that trickle.
	room := s.limits.bodies
	if signer.Followed {
		room = s.limits.followed
	}
	leave, err := room.AcquireBytes(ctx, size, "client "+q.Client, "host "+vocab.Host(actor.URI))
	if err != nil {
		return none, overCapacity("too many inbox posts at once")
	}
	defer leave()
	repetition := ""
	if doc == nil {
		if doc, repetition, err = s.readKnown(q, sig, signer.Account); err != nil {
			return none, err
		}
		if doc == nil {
			s.Log.Debug("not taken", "key", clip(sig.KeyID), "reason", "it was taken before")
			return none, nil
		}
		if not := s.notUnderstood(doc); not != "" {
			return activity.NotWanted(not), nil
		}
		if concerns, err := s.concernsUs(ctx, doc); err != nil || !concerns && !s.remembersDelete(ctx, signer, doc) {
			return none, err
		}
	}
	if doc.Actor.ID != signer.URI {
		if signer, err = s.ownerNamed(ctx, q.Client, signer, sig, doc.Actor.ID, leave); err != nil {
			return none, err
		}
		actor = signer.Account
	}
	if actor.URI != doc.Actor.ID || doc.Type == "Announce" {
		if out, ours, err := s.fromRelay(ctx, q, actor, doc, leave); ours || err != nil {
			return out, err
		}
	}
	if actor.URI != doc.Actor.ID {
		actor, err = s.provenActor(ctx, q.Client, actor, doc, leave)
		if fault.Is(err, fault.Forbidden) {
			return s.unproven(ctx, signer, doc, err)
		}
		if err != nil {
			return none, err
		}
		q.Recipient = 0 // that somebody brought it to an inbox asks for nothing
		if doc.Type == "Update" && doc.Object.ID == actor.URI {
			doc.Object.Object = nil // who brings a profile may bring an old one: it is fetched
		}
	}
	if err := s.mayAct(ctx, actor, doc); err != nil {
		return none, err
	}
	// What the header says is its signer's: who passes on what somebody else has
	// proven says nothing about their followers.
	if actor.URI == signer.URI && sig.Covers(followersHeader) {
		if err := s.compareFollowers(ctx, actor, q.Header); err != nil {
			return none, err
		}
	}
	a := &activity.Activity{Object: doc, Origin: activity.Inbox, Actor: actor, Recipient: q.Recipient}
	a.Forgotten = doc.Type == "Undo" && !s.mayRetract(signer)
	a.Brought = actor.URI != signer.URI
	q.seen.judged = true
	out, err := s.take(ctx, a)
	if err == nil {
		s.limits.remember(repetition, doc, out)
	}
	return out, err
}

// refusedHost says why we don't deal with the host of a URI: checked before
// anything is fetched from it.
func (s *Service) refusedHost(uri string) activity.Reason {
	if v := s.env.Policy.Host(vocab.Host(uri)); v.Refused {
		return activity.Reason(v.String())
	}
	return ""
}

// inboxStranger finds the signer of a post whose key is not known here, or
// has changed. A small one is read first: most of what strangers send are
// Deletes of what was never here, which cost no fetch (SECURITY-RULES 36); of
// those neither an actor nor an error is given. A larger one is left unread
// while its key is fetched.
func (s *Service) inboxStranger(ctx context.Context, q InboxRequest, sig *signature.Signature, known bool) (*store.Account, *vocab.Object, error) {
	leave, err := s.stranger(ctx, sig, q.Client)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	var doc *vocab.Object
	if q.ContentLength >= 0 && q.ContentLength <= smallBody {
		if doc, err = s.readActivity(q, sig); err != nil {
			return nil, nil, err
		}
		if not := s.notUnderstood(doc); not != "" {
			s.Log.Info("not taken", "activity", clip(doc.ID), "key", clip(sig.KeyID), "reason", clip(string(not)))
			return nil, nil, nil
		}
		if concerns, err := s.concernsUs(ctx, doc); err != nil || !concerns {
			return nil, nil, err
		}
	}
	actor, err := s.fetchSigner(ctx, sig, q.Client, known)
	if err != nil && doc != nil {
		if asked, aerr := s.askWhetherGone(ctx, sig.KeyID, doc, err); asked || aerr != nil {
			return nil, nil, aerr
		}
	}
	return actor, doc, err
}

// readActivity reads the activity in the body of a post.
func (s *Service) readActivity(q InboxRequest, sig *signature.Signature) (*vocab.Object, error) {
	body, err := readBody(q, sig)
	if err != nil {
		return nil, err
	}
	doc, err := s.parseActivity(body)
	q.seen.doc = doc
	return doc, err
}

// readBody reads the body of a post, which must match the signed digest.
func readBody(q InboxRequest, sig *signature.Signature) ([]byte, error) {
	var body bytes.Buffer
	if q.ContentLength > 0 {
		body.Grow(int(q.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(q.Body); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, fault.Errorf(fault.Malformed, "read the body: %w", err)
	}
	if err := sig.CheckBody(body.Bytes()); err != nil {
		return nil, fault.Errorf(fault.Unauthorized, "%w", err)
	}
	return body.Bytes(), nil
}

func (s *Service) parseActivity(body []byte) (*vocab.Object, error) {
	doc, err := s.bounds.Parse(body)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Malformed, Message: err.Error()}
	}
	if doc.Actor.ID == "" || doc.Type == "" {
		return nil, &fault.Error{Kind: fault.Malformed, Message: "the activity has no actor or no type"}
	}
	return doc, nil
}

// concernsUs is false for the Delete of what was never known here, or is deleted, of which
// thousands arrive: it costs neither a key fetch nor a write (SECURITY-RULES
// 36).
func (s *Service) concernsUs(ctx context.Context, doc *vocab.Object) (bool, error) {
	if doc.Type != "Delete" {
		return true, nil
	}
	return store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) { return tx.CanDelete(doc.Object.ID) })
}

// remembersDelete reports whether the Delete of what is not known here is worth
// a write, since what it deletes may still come: of an account that is followed
// here always, of another that is known here a few times a minute and host.
func (s *Service) remembersDelete(ctx context.Context, signer store.KeyOwner, doc *vocab.Object) bool {
	id := doc.Object.ID
	if doc.Actor.ID != signer.URI || id == "" || !vocab.SameOrigin(id, signer.URI) {
		return false
	}
	if !s.mayRetract(signer) {
		return false
	}
	done, err := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) {
		if known, err := tx.KnownURIs(id); err != nil || known[id] {
			return true, err // it was deleted before
		}
		return tx.IsRetracted(signer.URI, id)
	})
	return err == nil && !done
}

// mayRetract counts what an account that nobody here follows takes back, for
// its host.
func (s *Service) mayRetract(signer store.KeyOwner) bool {
	return signer.Followed || s.limits.count(s.limits.hosts, s.limits.retractHost, vocab.Host(signer.URI)) == nil
}

// notUnderstood says that activities of a type have no rule here (Dislike, View,
// Listen, Read, Join …): they cost neither a fetch nor a write.
func (s *Service) notUnderstood(doc *vocab.Object) activity.Reason {
	if _, ok := s.rules[doc.Type]; ok {
		return ""
	}
	return activity.Reason(fmt.Sprintf("activities of type %q are not understood here", clip(doc.Type)))
}

// take applies an inbox activity, or stores it for a job when something has to
// be fetched first.
func (s *Service) take(ctx context.Context, a *activity.Activity) (activity.Outcome, error) {
	rule, not, err := s.admit(ctx, a)
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	needs, err := s.unmet(ctx, a)
	if err != nil {
		return activity.Outcome{}, err
	}
	if len(needs) == 0 {
		return s.finish(ctx, rule, a)
	}
	a.KeepSmall(s.Config)
	return activity.Outcome{Postponed: true}, s.Store.Update(ctx, func(tx *store.Tx) error {
		waiting, err := tx.CountWaiting(activity.IngestJob.Name, activity.IngestLane(a.Actor.URI), s.limits.waitingPerHost)
		if err != nil {
			return err
		}
		if waiting >= s.limits.waitingPerHost {
			return overCapacity("too many activities of %s wait to be fetched for", vocab.Host(a.Actor.URI))
		}
		return activity.Postpone(tx, a)
	})
}

// ingest applies what Inbox postponed.
func (s *Service) ingest(ctx context.Context, args activity.IngestArgs) error {
	doc, err := s.bounds.Parse(args.Activity)
	if err != nil {
		return jobs.Permanent(err)
	}
	var actor *store.Account
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		actor, err = tx.Account(args.Actor)
		return err
	}); err != nil {
		return err
	}
	if err := activity.MayAct(actor, doc); err != nil {
		s.noteLater(ctx, actor, doc, activity.Outcome{}, err)
		return s.fetchOutcome("ingest", doc.ID, activity.Outcome{}, err)
	}
	if ctx, err = s.causedBy(ctx, actor.URI); err != nil {
		return err
	}
	a := &activity.Activity{Object: doc, Origin: activity.Inbox, Actor: actor, Recipient: args.Recipient, Brought: args.Brought}
	out, err := s.process(ctx, a)
	s.noteLater(ctx, actor, doc, out, err)
	return s.fetchOutcome("ingest", doc.ID, out, err)
}

// fetchOutcome is the result of a fetching job: what may succeed later is
// retried; what is refused, gone, not wanted or not trusted is finished, and
// logged.
func (s *Service) fetchOutcome(what, uri string, out activity.Outcome, err error) error {
	if err != nil && isTemporary(err) {
		return err
	}
	reason := string(out.NotWanted)
	if err != nil {
		reason = err.Error()
	}
	if reason != "" {
		s.Log.Info("not taken", "job", what, "uri", uri, "reason", reason)
	}
	return nil
}

// isTemporary reports whether a failure may succeed later: a server that does
// not answer, a limit, an internal error. What a rule decided is final.
func isTemporary(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.RateLimited, fault.Internal:
		return true
	}
	return false
}
