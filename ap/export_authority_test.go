package ap

import (
	"context"
	"fmt"

	"kinglet/ap/activity"
	"kinglet/store"
)

// RunJob does one job as the runner would, in the caller's time.
func RunJob(ctx context.Context, s *Service, j store.Job) error {
	switch j.Kind {
	case activity.JobIngest:
		return s.ingest(ctx, j)
	case activity.JobThread:
		return s.completeThread(ctx, j)
	case activity.JobMentions:
		return s.resolveMentions(ctx, j)
	case activity.JobRefresh:
		return s.refreshActor(ctx, j)
	case activity.JobHandle:
		return s.verifyHandle(ctx, j)
	case activity.JobDeliver:
		return nil
	}
	return fmt.Errorf("no job of kind %q is expected here", j.Kind)
}

// ResolveActor is what the pipeline asks for authors and mentioned accounts.
func ResolveActor(ctx context.Context, s *Service, uri string) (*store.Account, error) {
	return s.actor(ctx, uri)
}
