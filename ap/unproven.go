package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// unproven decides about an activity that by has brought, which is another's and
// has no proof that holds: what it is about is fetched from its origin by a job, as
// far as somebody here asks for it, and believed as the origin has it. Otherwise it
// is refused, because of what was wrong with the proof.
func (s *Service) unproven(ctx context.Context, by store.KeyOwner, doc *vocab.Object, because error) (none activity.Outcome, err error) {
	if !by.Active() || s.Config.IsOwn(doc.Actor.ID) {
		return none, because
	}
	if not := s.refusedHost(doc.Actor.ID); not != "" {
		return activity.NotWanted(not), nil
	}
	about := doc.Object.ID
	if doc.Type == "Announce" {
		about = doc.ID
	}
	for _, uri := range []string{doc.Actor.ID, about} {
		if _, err := vocab.ParseURI(uri); err != nil {
			return none, because
		}
	}
	var args activity.ForwardedArgs
	var not activity.Reason
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		args, not, err = activity.Unproven(s.env, tx, doc)
		return err
	})
	if fault.Is(err, fault.Forbidden) {
		return none, fault.Errorf(fault.Forbidden, "%w; and it is not fetched: %w", because, err)
	}
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	if args.URI == doc.Actor.ID {
		return activity.Outcome{Postponed: true}, s.askForProfile(ctx, by, args)
	}
	if err := s.mayForward(by); err != nil {
		return none, err
	}
	args.By = by.URI
	return activity.Outcome{Postponed: true}, s.Store.Update(ctx, func(tx *store.Tx) error {
		if !by.Followed {
			waiting, err := tx.CountWaiting(activity.ForwardedJob.Name, activity.ForwardedJob.LaneOf(args), s.limits.waitingPerHost)
			if err != nil {
				return err
			}
			if waiting >= s.limits.waitingPerHost {
				return overCapacity("too many forwarded activities wait for %s", vocab.Host(args.URI))
			}
		}
		return args.Enqueue(tx)
	})
}

// mayForward counts an unproven activity for who brings it, as their site, and for all. Those that
// somebody here follows have limits of their own, which strangers can't use up.
func (s *Service) mayForward(by store.KeyOwner) error {
	host, all := s.limits.forwardHost, s.limits.forwardAll
	if by.Followed {
		host, all = s.limits.trustedForwardHost, s.limits.trustedForwardAll
	}
	return first(
		func() error { return s.limits.count(s.limits.hosts, host, vocab.Site(vocab.Host(by.URI))) },
		func() error { return s.limits.count(s.limits.hosts, all, "") },
	)
}

// askForProfile has an actor asked for that is known here: once an hour, whoever
// brings the news.
func (s *Service) askForProfile(ctx context.Context, by store.KeyOwner, args activity.ForwardedArgs) error {
	if _, lately := s.limits.checked.Get(args.URI); lately && args.Type == "Delete" {
		return nil
	}
	if err := s.mayForward(by); err != nil {
		return err
	}
	if args.Type == "Delete" {
		return s.askIfGone(ctx, args.URI)
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return activity.RefreshFor(tx, args.URI, by.URI) })
}

// fetchForwarded asks the origin for what an unproven activity was about.
func (s *Service) fetchForwarded(ctx context.Context, args activity.ForwardedArgs) error {
	out, err := s.takeForwarded(ctx, args)
	s.noteBrought(ctx, args.By, args.Type, args.URI, out, err)
	return s.fetchOutcome("forwarded", args.URI, out, err)
}

func (s *Service) takeForwarded(ctx context.Context, args activity.ForwardedArgs) (none activity.Outcome, err error) {
	not := activity.Reason("")
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		by, err := tx.AccountByURI(args.By)
		if err != nil {
			return err
		}
		if !by.Active() {
			return fault.Errorf(fault.Forbidden, "%s, who brought it, is suspended or gone", args.By)
		}
		known, err := tx.ObjectByURI(args.URI)
		isNew := args.Type == "Create" || args.Type == "Announce"
		switch {
		case fault.Is(err, fault.NotFound) && isNew:
			return nil
		case err != nil:
			return err
		case isNew:
			not = "it is known here by now"
		case !known.DeletedAt.IsZero():
			not = "it is deleted by now"
		}
		return nil
	})
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	if ctx, err = s.causedBy(ctx, args.By); err != nil {
		return none, err
	}
	switch args.Type {
	case "Update":
		return none, s.refetchStatus(ctx, args.URI)
	case "Delete":
		return none, s.confirmGone(ctx, args.URI)
	}
	doc, err := s.document(ctx, args.URI)
	if err != nil {
		return none, err
	}
	if doc.ID != args.URI {
		return none, fault.Errorf(fault.Invalid, "%s resolves to %s", args.URI, doc.ID)
	}
	if args.Type == "Announce" {
		return s.takeForwardedAnnounce(ctx, args, doc)
	}
	if !object.IsStatus(doc.Type) || doc.Author() == "" {
		return none, fault.Errorf(fault.Invalid, "%s is a %s and no post of its own origin", doc.ID, doc.Type)
	}
	create := &vocab.Object{Type: "Create", Actor: vocab.Ref{ID: doc.Author()}, Object: vocab.Ref{ID: doc.ID, Object: doc}}
	if not, err := s.stillAsked(ctx, create); err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	return s.takeStatusAs(ctx, doc, 0, activity.Forwarded)
}

// takeForwardedAnnounce takes a boost that was fetched from its booster's origin.
func (s *Service) takeForwardedAnnounce(ctx context.Context, args activity.ForwardedArgs, doc *vocab.Object) (none activity.Outcome, err error) {
	if doc.Type != "Announce" || !vocab.SameOrigin(doc.Actor.ID, doc.ID) {
		return none, fault.Errorf(fault.Invalid, "%s is a %s of %s and no boost of its own origin", doc.ID, doc.Type, doc.Actor.ID)
	}
	if not, err := s.stillAsked(ctx, doc); err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	booster, err := s.actor(ctx, doc.Actor.ID)
	if err != nil {
		return none, err
	}
	return s.process(ctx, &activity.Activity{Object: doc, Origin: activity.Forwarded.AsOf(doc.Published, s.Store.Now()), Actor: booster, Cause: args.By})
}

// stillAsked decides of what was fetched what was decided of the hint, before
// anything else is fetched for it.
func (s *Service) stillAsked(ctx context.Context, doc *vocab.Object) (not activity.Reason, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		_, not, err = activity.Unproven(s.env, tx, doc)
		return err
	})
	return not, err
}
