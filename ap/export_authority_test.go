package ap

import (
	"context"
	"fmt"
	"time"

	"kinglet/ap/activity"
	"kinglet/store"
)

// ResolveActor is what the pipeline asks for authors and mentioned accounts.
func ResolveActor(ctx context.Context, s *Service, uri string) (*store.Account, error) {
	return s.actor(ctx, uri)
}

// Process is the pipeline, for an activity of any origin.
func Process(ctx context.Context, s *Service, a *activity.Activity) (activity.Outcome, error) {
	return s.process(ctx, a)
}

// WriterTime carries an activity through the pipeline and gives how long the
// writer was kept by it.
func WriterTime(ctx context.Context, s *Service, a *activity.Activity) (kept time.Duration, err error) {
	rule, not, err := s.admit(ctx, a)
	if err != nil || not != "" {
		return 0, fmt.Errorf("%s %w", not, err)
	}
	if err := s.prepare(rule, a); err != nil {
		return 0, err
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		began := time.Now()
		out, err := s.transact(ctx, tx, rule, a)
		kept = time.Since(began)
		if err == nil && out.NotWanted != "" {
			err = fmt.Errorf("not wanted: %s", out.NotWanted)
		}
		return err
	})
	return kept, err
}
