package ap

import (
	"context"

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
