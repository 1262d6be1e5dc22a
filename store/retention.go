package store

import "time"

// Kept says until when things are kept; package config has the table.
type Kept struct {
	IdempotencyKeys, DeadJobs, Events time.Time // what is older goes
	HomeFeed                          int       // entries of a feed
}

// forgottenLane is how long a failing host is remembered after its last
// request.
const forgottenLane = 7 * 24 * time.Hour

// CleanUp deletes what has expired, except media: see SweepUploads and
// SweepMedia.
func (tx *Tx) CleanUp(k Kept) error {
	now := tx.Now()
	for _, d := range []struct {
		query string
		at    time.Time
	}{
		{`DELETE FROM idempotency_keys WHERE created_at < $1`, k.IdempotencyKeys},
		{`DELETE FROM jobs WHERE dead_at <> 0 AND dead_at < $1`, k.DeadJobs},
		{`DELETE FROM oauth_codes WHERE expires_at < $1`, now.Add(-24 * time.Hour)},
		{`DELETE FROM oauth_tokens WHERE expires_at <> 0 AND expires_at < $1 AND refresh_hash IS NULL`, now},
		{`DELETE FROM sessions WHERE expires_at < $1`, now},
		{`DELETE FROM known_devices WHERE seen_at < $1`, now.Add(-knownDevice)},
		{`DELETE FROM lanes WHERE not_before < $1`, now.Add(-forgottenLane)},
		{`DELETE FROM mutes WHERE expires_at <> 0 AND expires_at < $1`, now},
	} {
		if _, err := tx.exec(d.query, millis(d.at)); err != nil {
			return err
		}
	}
	if err := tx.DeleteEvents(k.Events); err != nil {
		return err
	}
	if err := tx.ReleaseOrders(); err != nil {
		return err
	}
	if err := tx.deleteUnusedApps(now.Add(-unusedApp)); err != nil {
		return err
	}
	return tx.TrimHomeFeeds(k.HomeFeed)
}
