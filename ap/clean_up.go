package ap

import (
	"context"
	"time"

	"kinglet/ap/activity"
	"kinglet/internal/config"
	"kinglet/store"
)

const cleanUpEvery = 24 * time.Hour

// cleanUp is the daily clean-up: it deletes what is older than its retention,
// and enqueues its own next run.
func (s *Service) cleanUp(ctx context.Context, _ struct{}) error {
	now := s.Store.Now()
	keep := kept(s.Config.Retention, now)
	keep.Relayed = now.Add(-s.Config.Relays.Keep)
	if err := s.Store.CleanUp(ctx, keep); err != nil {
		return err
	}
	if err := s.remindOfRelays(ctx); err != nil {
		return err
	}
	if err := s.trimFederationLog(ctx); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return activity.ScheduleCleanUp(tx, now.Add(cleanUpEvery)) })
}

func kept(r config.Retention, now time.Time) store.Kept {
	return store.Kept{IdempotencyKeys: now.Add(-r.IdempotencyKeys), DeadJobs: now.Add(-r.DeadJobs), Events: now.Add(-r.Events), Deliveries: now.Add(-r.Deliveries), HomeFeed: r.HomeFeed}
}

// ScheduleCleanUp enqueues the next daily clean-up, at a server's start.
func (s *Service) ScheduleCleanUp(ctx context.Context) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		return activity.ScheduleCleanUp(tx, s.Store.Now().Add(cleanUpEvery))
	})
}
