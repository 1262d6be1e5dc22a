package store

import (
	"context"
	"log/slog"
	"time"
)

// How often Tidy runs without being woken: for uploads that were cut off, and,
// which takes long, for unreferenced blobs.
const (
	sweepUploadsEvery = time.Hour
	sweepMediaEvery   = 24 * time.Hour
)

// Tidy does the clean-up that is too slow for a user's transaction, until ctx
// ends: it deletes what is left of large blobs and of uploads that were cut off,
// and unreferenced blobs, and returns the space to the disk. It starts with all
// of it: a killed process has left something, and one that is restarted every
// day would never reach the daily work.
func (s *Store) Tidy(ctx context.Context, log *slog.Logger) {
	hourly := time.NewTicker(sweepUploadsEvery)
	defer hourly.Stop()
	daily := time.NewTicker(sweepMediaEvery)
	defer daily.Stop()
	mediaDue := true
	for {
		err := s.SweepUploads(ctx)
		if err == nil && mediaDue {
			err = s.SweepMedia(ctx)
			mediaDue = err != nil
		}
		if err == nil {
			err = s.ReclaimSpace(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("could not clean up the database, retrying in an hour", "error", err)
		}
		select {
		case <-s.tidyDue:
		case <-hourly.C:
		case <-daily.C:
			mediaDue = true
		case <-ctx.Done():
			return
		}
	}
}

// tidySoon makes Tidy run at once.
func (s *Store) tidySoon() {
	select {
	case s.tidyDue <- struct{}{}:
	default: // it is woken already
	}
}
