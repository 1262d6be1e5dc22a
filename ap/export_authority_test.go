package ap

import (
	"context"
	"log/slog"

	"kinglet/ap/activity"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// RunJob does one job as the runner would, in the caller's time. Nothing is
// delivered.
func RunJob(ctx context.Context, s *Service, j store.Job) error {
	if j.Kind == activity.DeliverJob.Name {
		return nil
	}
	r := jobs.New(jobs.Options{Store: s.Store, Log: slog.New(slog.DiscardHandler)})
	s.RegisterJobs(r)
	return r.Attempt(ctx, j)
}

// JobKinds lists the kinds of jobs that a service does.
func JobKinds() []string {
	r := jobs.New(jobs.Options{})
	new(Service).RegisterJobs(r)
	return r.Kinds()
}

// ResolveActor is what the pipeline asks for authors and mentioned accounts.
func ResolveActor(ctx context.Context, s *Service, uri string) (*store.Account, error) {
	return s.actor(ctx, uri)
}

// Process is the pipeline, for an activity of any origin.
func Process(ctx context.Context, s *Service, a *activity.Activity) (activity.Outcome, error) {
	return s.process(ctx, a)
}
