package ap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// RelayRequest is a relay to subscribe to.
type RelayRequest struct {
	URL         string   // of its inbox (as for Mastodon) or of its actor (as for LitePub)
	ReceiveOnly bool     // our posts do not go to it
	Tags        []string // hashtags that are taken of it; none for all
	Budget      int      // posts an hour; 0 for the setting's
}

// AddRelay asks a relay for what it relays. Of one that has accepted only what is
// taken of it is changed; any other is asked again.
func (s *Service) AddRelay(ctx context.Context, q RelayRequest) (*store.Relay, error) {
	r, err := s.findRelay(ctx, q.URL)
	if err != nil {
		return nil, err
	}
	r.ReceiveOnly, r.Budget = q.ReceiveOnly, q.Budget
	if r.Budget <= 0 {
		r.Budget = s.Config.Relays.Budget
	}
	for _, tag := range q.Tags {
		if tag = store.FoldTag(strings.TrimSpace(tag)); tag != "" && !slices.Contains(r.Tags, tag) {
			r.Tags = append(r.Tags, tag)
		}
	}
	found := *r
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		*r = found
		known, err := tx.RelayByInbox(r.Inbox)
		if fault.Is(err, fault.NotFound) && r.ActorURI != "" {
			if known, err = tx.RelayByActor(r.ActorURI); err == nil {
				return fault.Errorf(fault.Conflict, "%s is a relay already, by its inbox %s", r.ActorURI, known.Inbox)
			}
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && known.State == store.RelayAccepted && (r.ActorURI == "" || known.ActorURI == r.ActorURI) {
			known.ReceiveOnly, known.Tags, known.Budget = r.ReceiveOnly, r.Tags, r.Budget
			*r = *known
			return tx.SetRelay(known)
		}
		return activity.AskRelay(s.env, tx, r)
	})
	return r, err
}

// RemoveRelay unsubscribes from a relay, by the URL of its inbox or its actor.
func (s *Service) RemoveRelay(ctx context.Context, url string) (r *store.Relay, err error) {
	if canonical, err := vocab.Canonical(url); err == nil {
		url = canonical
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		if r, err = tx.RelayByInbox(url); fault.Is(err, fault.NotFound) {
			r, err = tx.RelayByActor(url)
		}
		if err != nil {
			return err
		}
		return activity.LeaveRelay(s.env, tx, r)
	})
	return r, err
}

// remindOfRelays tells the admin, once a day, of relays that have not answered:
// somebody there may have to approve it, or the request never came.
func (s *Service) remindOfRelays(ctx context.Context) error {
	list, err := store.Read(ctx, s.Store, (*store.Tx).Relays)
	for _, r := range list {
		if r.State == store.RelayPending {
			s.Log.Warn("a relay has not accepted yet", "relay", r.Inbox, "since", r.StateAt, "error", r.Error)
		}
	}
	return err
}

// findRelay finds out what is at the URL of a relay: an actor, which is followed;
// or an inbox, which gets a Follow of the public collection. Of an inbox the actor
// is looked for where relays have theirs; if it is not there, it is who answers.
func (s *Service) findRelay(ctx context.Context, url string) (*store.Relay, error) {
	canonical, err := vocab.Canonical(url)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", url, err)
	}
	if s.Config.IsOwn(canonical) {
		return nil, fault.Errorf(fault.Invalid, "%s is this server", url)
	}
	if not := s.refusedHost(canonical); not != "" {
		return nil, fault.Errorf(fault.Forbidden, "%s", not)
	}
	if base, ok := strings.CutSuffix(canonical, "/inbox"); ok {
		return s.relayOfInbox(ctx, canonical, base), nil
	}
	actor, err := s.relayActor(ctx, canonical)
	if err != nil {
		return nil, fmt.Errorf("%s is no actor, and no inbox by its name: %w", url, err)
	}
	// Some are their own inbox.
	inbox, err := vocab.Canonical(actor.Inbox)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "the inbox of %s: %w", actor.URI, err)
	}
	return &store.Relay{Inbox: inbox, ActorURI: actor.URI, LitePub: inbox != canonical}, nil
}

func (s *Service) relayOfInbox(ctx context.Context, inbox, base string) *store.Relay {
	r := &store.Relay{Inbox: inbox}
	origin, _ := vocab.Origin(inbox)
	for i, uri := range []string{base + "/actor", base, origin + "/actor"} {
		if i == 2 && base == origin {
			break // it was the first
		}
		actor, err := s.relayActor(ctx, uri)
		if err == nil && vocab.SameOrigin(actor.URI, inbox) && activity.HasInbox(actor, inbox) {
			r.ActorURI = actor.URI
			break
		}
		if err != nil && fault.Is(err, fault.Unavailable) {
			break // it will say itself who it is
		}
	}
	return r
}

// relayActor fetches the actor of a relay, which is no person.
func (s *Service) relayActor(ctx context.Context, uri string) (*store.Account, error) {
	actor, err := s.fetchActor(ctx, uri)
	if err != nil {
		return nil, err
	}
	if actor.Type == "Person" {
		return nil, fault.Errorf(fault.Invalid, "%s is a person and no relay", actor.URI)
	}
	return actor, nil
}

// sendToRelay is the worker that sends something to a relay, as the actor of this
// server, and remembers why that failed.
func (s *Service) sendToRelay(ctx context.Context, args activity.RelayArgs) error {
	if args.Post != 0 {
		there, err := store.Read(ctx, s.Store, func(tx *store.Tx) (bool, error) {
			r, err := tx.Relay(args.Relay)
			if err != nil || r.State != store.RelayAccepted || r.ReceiveOnly {
				return false, unlessGone(err) // it was left meanwhile
			}
			o, err := tx.Object(args.Post)
			return err == nil && o.DeletedAt.IsZero(), unlessGone(err)
		})
		if err != nil || !there {
			return err
		}
	}
	var err error
	if not := s.refusedHost(args.Inbox); not != "" {
		err = jobs.Permanent(fmt.Errorf("%s", not))
	} else {
		err = s.post(ctx, args.Inbox, args.Activity, s.instanceSigner(), "")
	}
	if nerr := s.noteReached(ctx, args.Relay, err); nerr != nil && err == nil {
		s.Log.Warn("relay", "inbox", args.Inbox, "error", nerr) // it was sent, and is not to be sent again for this
	}
	return err
}

// noteReached remembers why a relay was not reached, or that it was.
func (s *Service) noteReached(ctx context.Context, id int64, failure error) error {
	why := ""
	if failure != nil {
		why = failure.Error()
	}
	r, err := store.Read(ctx, s.Store, func(tx *store.Tx) (*store.Relay, error) { return tx.Relay(id) })
	if err != nil || r.Error == why {
		return unlessGone(err)
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.RelayFailed(id, why) })
}
