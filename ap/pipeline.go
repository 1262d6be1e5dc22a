package ap

import (
	"context"
	"fmt"
	"maps"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// The pipeline is the same for every activity, whatever its origin:
//
// admit    its rule, whose id it is, the policies
// needs    what must be known here is fetched
// prepare  all the work that needs no database
// apply    one transaction: authorize, write, publish, and what follows from it
//
// Its entry points are local (a command of a local account), take (an inbox)
// and process (what was fetched, and postponed inbox activities).

// maxNeeds limits what one activity may make us fetch (SECURITY-RULES 26).
const maxNeeds = 8

// admit finds the rule of an activity's type, checks its id and asks the
// policies.
func (s *Service) admit(ctx context.Context, a *activity.Activity) (activity.Rule, activity.Reason, error) {
	rule, ok := s.rules[a.Type]
	if !ok {
		return rule, activity.Reason(fmt.Sprintf("activities of type %q are not understood here", a.Type)), nil
	}
	if err := activity.CheckID(s.env, a); err != nil {
		return rule, "", err
	}
	return rule, s.judgeActivity(ctx, a), nil
}

// judgeActivity asks the policies about an activity, which they may rewrite.
func (s *Service) judgeActivity(ctx context.Context, a *activity.Activity) activity.Reason {
	o, not := s.judge(ctx, a.Object, a.Origin.Publishes)
	a.Object = o
	return not
}

// judge is where policies are asked about a document: every activity, local or
// remote, and every actor.
func (s *Service) judge(ctx context.Context, o *vocab.Object, outgoing bool) (*vocab.Object, activity.Reason) {
	m := &policy.Message{Object: o, Outgoing: outgoing}
	if v := s.env.Policy.Message(ctx, m); v.Refused {
		return o, activity.Reason(v.String())
	}
	return m.Object, ""
}

// process runs an activity through the pipeline, fetching what it needs. When
// it returns no error, all that the activity causes is durable.
func (s *Service) process(ctx context.Context, a *activity.Activity) (activity.Outcome, error) {
	rule, not, err := s.admit(ctx, a)
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	needs, err := s.unmet(ctx, a)
	if err != nil {
		return activity.Outcome{}, err
	}
	if len(needs) > maxNeeds {
		return activity.Outcome{}, fault.Errorf(fault.Forbidden, "needs %d fetches, which exceeds the limit of %d", len(needs), maxNeeds)
	}
	for _, n := range needs {
		not, err := s.satisfy(ctx, a, n)
		if not != "" {
			return activity.NotWanted(not), nil
		}
		if err != nil && !n.Optional {
			return activity.Outcome{}, fmt.Errorf("fetch %s for %s: %w", n.URI, a.Type, err)
		}
		if err != nil {
			s.Log.Debug("optional fetch failed", "uri", n.URI, "activity", a.ID, "error", err)
		}
	}
	return s.finish(ctx, rule, a)
}

// unmet lists what must be fetched before an activity can be applied.
func (s *Service) unmet(ctx context.Context, a *activity.Activity) ([]activity.Need, error) {
	rule, ok := s.rules[a.Type]
	if !ok || rule.Needs == nil || rule.Whole && a.Object.Object.Object != nil {
		return nil, nil
	}
	var needs []activity.Need
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		needs, err = rule.Needs(s.env, tx, a)
		return err
	})
	return needs, err
}

// satisfy fetches one needed actor or status, or replaces the id of the object
// by its document: the policies see that as well.
func (s *Service) satisfy(ctx context.Context, a *activity.Activity, n activity.Need) (activity.Reason, error) {
	if n.Actor {
		_, err := s.fetchActor(ctx, n.URI)
		return "", err
	}
	if n.Document {
		doc, err := s.document(ctx, n.URI)
		if err != nil {
			return "", err
		}
		if doc.ID != n.URI {
			return "", fault.Errorf(fault.Invalid, "%s resolves to %s", n.URI, doc.ID)
		}
		a.Object, a.ByID = withObject(a.Object, doc), true
		return s.judgeActivity(ctx, a), nil
	}
	switch {
	case n.Update:
		return "", s.refetchStatus(ctx, n.URI)
	case n.Gone:
		return "", s.confirmGone(ctx, n.URI)
	case n.Announced:
		_, err := s.fetchStatusAs(ctx, n.URI, a.Depth+1, activity.Announced)
		return "", err
	}
	// When it is not wanted here, the rule finds it missing.
	out, err := s.fetchStatus(ctx, n.URI, a.Depth+1)
	if err != nil || out.Object == 0 || n.URI != a.Object.Object.ID {
		return "", err
	}
	return s.nameByID(ctx, a, out.Object)
}

// nameByID has an activity that names a status by the address of its page name it
// by the id that its document, which was fetched there, has: the policies see that
// as well.
func (s *Service) nameByID(ctx context.Context, a *activity.Activity, id store.ObjectID) (activity.Reason, error) {
	var status *store.Object
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		status, err = tx.Object(id)
		return err
	})
	if err != nil || status.URI == a.Object.Object.ID {
		return "", err
	}
	named := *a.Object
	named.Object = vocab.Ref{ID: status.URI}
	named.Document = maps.Clone(named.Document)
	named.Document["object"] = status.URI
	a.Object = &named
	return s.judgeActivity(ctx, a), nil
}

// withObject is an activity with its object's id replaced by a document.
func withObject(o, object *vocab.Object) *vocab.Object {
	whole := *o
	whole.Object.Object = object
	whole.Document = maps.Clone(o.Document)
	whole.Document["object"] = object.Document
	return &whole
}

// largeDocument is the size from which an unsolicited document is checked
// before it is prepared.
const largeDocument = 32 << 10

// finish prepares and applies an activity whose needs are satisfied. What is
// large and unsolicited is checked first: what no local account wants costs no
// more time.
func (s *Service) finish(ctx context.Context, rule activity.Rule, a *activity.Activity) (activity.Outcome, error) {
	if a.Origin.Unsolicited && len(a.Raw) > largeDocument {
		var not activity.Reason
		if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			not, err = rule.Authorize(s.env, tx, a)
			return err
		}); err != nil || not != "" {
			return activity.NotWanted(not), err
		}
	}
	prepared, err := s.background.BeginJob(ctx)
	if err != nil {
		return activity.Outcome{}, err
	}
	if err := func() error {
		defer prepared()
		return s.prepare(rule, a)
	}(); err != nil {
		return activity.Outcome{}, err
	}
	return s.apply(ctx, rule, a)
}

// prepare does all the work without SQL. A local activity is encoded now: what
// the policies made of it is what is stored and sent.
func (s *Service) prepare(rule activity.Rule, a *activity.Activity) error {
	if a.Origin.Publishes {
		activity.Encode(s.env, a)
	}
	if rule.Prepare == nil {
		return nil
	}
	return rule.Prepare(s.env, a)
}

// apply writes all that an activity causes, in one transaction.
func (s *Service) apply(ctx context.Context, rule activity.Rule, a *activity.Activity) (out activity.Outcome, err error) {
	err = s.Store.Update(ctx, func(tx *store.Tx) (err error) {
		out, err = s.transact(ctx, tx, rule, a)
		return err
	})
	if err != nil {
		return activity.Outcome{}, err
	}
	if out.NotWanted == "" {
		s.Log.Debug("activity applied", "type", a.Type, "origin", a.Origin.Name, "activity", a.ID, "actor", a.Actor.URI)
	}
	return out, nil
}

// transact is all that holds the writer for an activity: it is checked against
// the current state, and written.
func (s *Service) transact(ctx context.Context, tx *store.Tx, rule activity.Rule, a *activity.Activity) (activity.Outcome, error) {
	run := *a // a transaction may run twice
	not, err := activity.Recheck(tx, &run)
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	not, err = rule.Authorize(s.env, tx, &run)
	if err != nil || not != "" {
		return activity.NotWanted(not), err
	}
	if run.Command.Write != nil {
		if err := run.Command.Write(tx, &run); err != nil {
			return activity.Outcome{}, err
		}
	}
	return s.write(ctx, tx, rule, &run)
}

// write applies an activity, publishes it if its origin does, and then does the
// same with the activities of local accounts that it causes.
func (s *Service) write(ctx context.Context, tx *store.Tx, rule activity.Rule, a *activity.Activity) (activity.Outcome, error) {
	out, err := rule.Apply(s.env, tx, a)
	if err != nil {
		return out, err
	}
	if out.Publish != nil && a.Origin.Publishes {
		if err := activity.Publish(s.env, tx, a, out.Publish); err != nil {
			return out, fmt.Errorf("publish %s: %w", a.ID, err)
		}
	}
	for _, caused := range out.Then {
		if not := s.judgeActivity(ctx, caused); not != "" {
			s.Log.Info("not sent", "type", caused.Type, "activity", caused.ID, "actor", caused.Actor.URI, "reason", string(not))
			continue
		}
		rule := s.rules[caused.Type]
		if err := s.prepare(rule, caused); err != nil {
			return out, err
		}
		if _, err := s.write(ctx, tx, rule, caused); err != nil {
			return out, fmt.Errorf("%s because of %s: %w", caused.Type, a.ID, err)
		}
	}
	return out, nil
}

// local runs an activity of a local account, from its draft.
func (s *Service) local(ctx context.Context, actor *store.Account, draft *vocab.Object, c activity.Command) (activity.Outcome, error) {
	a := &activity.Activity{Object: object.Compose(draft), Origin: activity.Local, Actor: actor, Command: c}
	rule, not, err := s.admit(ctx, a)
	if err != nil {
		return activity.Outcome{}, fmt.Errorf("%s: %w", draft.Type, err)
	}
	if not != "" {
		return activity.Outcome{}, fault.Errorf(fault.Invalid, "Validation failed: %s", not)
	}
	out, err := s.finish(ctx, rule, a)
	if err == nil && out.NotWanted != "" {
		err = fault.Errorf(fault.NotFound, "%s", out.NotWanted)
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w", draft.Type, err)
	}
	return out, nil
}

// draft starts an activity of a local account.
func (s *Service) draft(actor *store.Account, typ string, about vocab.Ref, to, cc []string) *vocab.Object {
	return &vocab.Object{
		ID: s.Config.ActivityURI(newUUID()), Type: typ, Actor: vocab.Ref{ID: actor.URI}, Object: about, To: to, Cc: cc, Published: s.Store.Now(),
	}
}

// embed refers to an object and embeds its draft.
func embed(o *vocab.Object) vocab.Ref { return vocab.Ref{ID: o.ID, Object: o} }

// simple runs an activity whose object is only an id.
func (s *Service) simple(ctx context.Context, actor *store.Account, typ, about string, to, cc []string) (activity.Outcome, error) {
	return s.local(ctx, actor, s.draft(actor, typ, vocab.Ref{ID: about}, to, cc), activity.Command{})
}
