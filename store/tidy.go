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
// ends: it deletes what is left of large blobs and of uploads that were cut
// off, and unreferenced blobs, and returns the space to the disk. It starts
// with what a killed process has left.
func (s *Store) Tidy(ctx context.Context, log *slog.Logger) {
	hourly := time.NewTicker(sweepUploadsEvery)
	defer hourly.Stop()
	daily := time.NewTicker(sweepMediaEvery)
	defer daily.Stop()
	sweep := s.SweepUploads
	for {
		err := sweep(ctx)
		if err == nil {
			err = s.ReclaimSpace(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("could not clean up the database, retrying in an hour", "error", err)
		}
		sweep = s.SweepUploads
		select {
		case <-s.tidyDue:
		case <-hourly.C:
		case <-daily.C:
			sweep = s.SweepMedia
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
