package ap

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/jobs"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// MaxInboxBytes bounds an activity that is posted to an inbox.
const MaxInboxBytes = vocab.MaxBytes

// Inbox takes a signed activity that was posted to an inbox: recipient's own,
// or the shared one when that is 0. When it returns nil the activity is
// either applied or durably kept to be, and may be acknowledged. Its errors
// have the HTTP status they are to be answered with (store.Error,
// activity.Refusal, policy.Rejection).
func (s *Service) Inbox(ctx context.Context, r *http.Request, body []byte, recipient store.AccountID) error {
	sig, err := signature.Parse(r, body, s.ownHosts(), s.Store.Now())
	if err != nil {
		return store.Errorf(store.Unauthorized, "%w", err)
	}
	doc, err := vocab.Parse(body)
	if err != nil {
		return &store.Error{Kind: store.Malformed, Message: err.Error()}
	}
	if doc.Actor.ID == "" || doc.Type == "" {
		return &store.Error{Kind: store.Malformed, Message: "the activity has no actor or no type"}
	}
	if known, err := s.concernsUs(ctx, doc); err != nil || !known {
		return err
	}
	actor, err := s.signer(ctx, sig)
	if err != nil {
		return err
	}
	if actor.URI != doc.Actor.ID {
		return &activity.Refusal{Reason: "the activity is " + doc.Actor.ID + "'s, and signed by " + actor.URI}
	}
	if err := s.mayAct(ctx, actor, doc); err != nil {
		return err
	}
	a := &activity.Activity{Object: doc, Origin: activity.Inbox, Actor: actor, Recipient: recipient}
	return s.take(ctx, a)
}

// concernsUs is false for the Delete of what was never known here, of which
// thousands come: it costs neither a key nor a write (SECURITY-RULES 36).
func (s *Service) concernsUs(ctx context.Context, doc *vocab.Object) (bool, error) {
	if doc.Type != "Delete" {
		return true, nil
	}
	var known map[string]bool
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.KnownURIs(doc.Object.ID)
		return err
	})
	return known[doc.Object.ID], err
}

// take applies an activity of an inbox, or keeps it for a job when something
// has to be fetched first.
func (s *Service) take(ctx context.Context, a *activity.Activity) error {
	needs, err := s.unmet(ctx, a)
	if err != nil {
		return err
	}
	if len(needs) == 0 {
		return s.process(ctx, a)
	}
	if _, err := s.admit(ctx, a); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.Postpone(tx, a)
	})
}

func (s *Service) ownHosts() []string { return []string{s.Config.Host(), s.Config.Domain} }

const ingestTimeout = 2 * time.Minute

// ingest does what Inbox put off.
func (s *Service) ingest(ctx context.Context, j store.Job) error {
	var args activity.IngestArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return jobs.Permanent(err)
	}
	doc, err := vocab.Parse(args.Activity)
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
		return s.fetchOutcome("ingest", doc.ID, err)
	}
	a := &activity.Activity{Object: doc, Origin: activity.Inbox, Actor: actor, Recipient: args.Recipient}
	return s.fetchOutcome("ingest", doc.ID, s.processFetching(ctx, a))
}

// fetchOutcome is what a job of fetching answers: what may heal is tried
// again, what is refused, gone or unbelievable is done with, and said.
func (s *Service) fetchOutcome(what, uri string, err error) error {
	if err == nil {
		return nil
	}
	var refusal *activity.Refusal
	switch store.KindOf(err) {
	case store.Unavailable:
		return err
	case store.Internal:
		if !errors.As(err, &refusal) {
			return err
		}
	}
	s.Log.Info("not taken", "job", what, "uri", uri, "reason", err.Error())
	return nil
}
