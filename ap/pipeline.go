package ap

import (
	"context"
	"errors"
	"fmt"

	"kinglet/ap/activity"
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// maxNeeds bounds what one activity may have us fetch (SECURITY-RULES 26).
const maxNeeds = 8

// process carries an activity whose needs are met through the pipeline:
// policy, then authorize and apply in one transaction. When it returns nil,
// all that the activity causes is durable.
func (s *Service) process(ctx context.Context, a *activity.Activity) error {
	rule, err := s.admit(ctx, a)
	if err != nil {
		return err
	}
	return s.apply(ctx, rule, a)
}

// admit finds the rule of an activity's type and asks the policies.
func (s *Service) admit(ctx context.Context, a *activity.Activity) (activity.Rule, error) {
	rule, ok := s.rules[a.Type]
	if !ok {
		return rule, &activity.Ignored{Reason: fmt.Sprintf("activities of type %q are not understood here", a.Type)}
	}
	if a.Origin == activity.Inbox && a.ID != "" && (s.Config.IsOwn(a.ID) || !vocab.SameOrigin(a.ID, a.Actor.URI)) {
		return rule, fault.Errorf(fault.Forbidden, "the activity %s has another origin than its actor %s", a.ID, a.Actor.URI)
	}
	m := &policy.Message{Object: a.Object, Outgoing: a.Origin == activity.Local}
	return rule, s.policy.Judge(ctx, m)
}

func (s *Service) apply(ctx context.Context, rule activity.Rule, a *activity.Activity) error {
	result := a.Result // the id that it brings, if any: Apply changes it
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		a.Result = result
		if err := activity.Recheck(tx, a); err != nil {
			return err
		}
		if err := rule.Authorize(s.env, tx, a); err != nil {
			return err
		}
		return rule.Apply(s.env, tx, a)
	})
	if err != nil {
		return err
	}
	s.Log.Debug("activity applied", "type", a.Type, "origin", a.Origin.String(), "activity", a.ID, "actor", a.Actor.URI)
	return nil
}

// unmet lists what must be fetched before an activity can be judged.
func (s *Service) unmet(ctx context.Context, a *activity.Activity) ([]activity.Need, error) {
	rule, ok := s.rules[a.Type]
	if !ok || rule.Needs == nil {
		return nil, nil
	}
	var needs []activity.Need
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		needs, err = rule.Needs(s.env, tx, a)
		return err
	})
	return needs, err
}

// processFetching is process for those who have the time: it first fetches
// what the activity needs.
func (s *Service) processFetching(ctx context.Context, a *activity.Activity) error {
	rule, err := s.admit(ctx, a)
	if err != nil {
		return err
	}
	needs, err := s.unmet(ctx, a)
	if err != nil {
		return err
	}
	if len(needs) > maxNeeds {
		return fault.Errorf(fault.Forbidden, "needs %d fetches, which exceeds the limit of %d", len(needs), maxNeeds)
	}
	for _, n := range needs {
		err := s.meet(ctx, a, n)
		if err != nil && !n.Optional {
			return fmt.Errorf("fetch %s for %s: %w", n.URI, a.Type, err)
		}
		if err != nil {
			s.Log.Debug("optional fetch failed", "uri", n.URI, "activity", a.ID, "error", err)
		}
	}
	return s.apply(ctx, rule, a)
}

// meet makes one needed actor or status known here.
func (s *Service) meet(ctx context.Context, a *activity.Activity, n activity.Need) error {
	if n.Actor {
		_, err := s.fetchActor(ctx, n.URI)
		return err
	}
	if n.Document {
		doc, err := s.document(ctx, n.URI)
		if err != nil {
			return err
		}
		if doc.ID != n.URI {
			return fault.Errorf(fault.Invalid, "%s leads to %s", n.URI, doc.ID)
		}
		a.Object.Object.Object, a.ByID = doc, true
		return nil
	}
	_, err := s.fetchStatus(ctx, n.URI, a.Depth+1)
	var ignored *activity.Ignored
	if errors.As(err, &ignored) {
		return nil // it is not wanted here; the rule sees that it is missing
	}
	return err
}

// local runs an activity that an account here does. doc is what will be
// published of it.
func (s *Service) local(ctx context.Context, actor *store.Account, doc []byte, with func(a *activity.Activity)) (*activity.Activity, error) {
	o, err := vocab.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("read our own activity: %w", err)
	}
	a := &activity.Activity{Object: o, Origin: activity.Local, Actor: actor}
	if with != nil {
		with(a)
	}
	return a, s.process(ctx, a)
}
