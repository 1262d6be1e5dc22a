package store

import (
	"context"
	"time"
)

// Kept says until when things are kept; package config has the table.
type Kept struct {
	IdempotencyKeys, DeadJobs, Events time.Time // what is older goes
	Deliveries                        time.Time // of hosts that do not answer
	Relayed                           time.Time // what relays brought
	HomeFeed                          int       // entries of a feed
}

const (
	// forgottenLane is how long a failing host is remembered after its last
	// request.
	forgottenLane = 7 * 24 * time.Hour
	// resolvedReport is how long a report is kept once it is resolved.
	resolvedReport = 90 * 24 * time.Hour
	// forgottenCrawl is how long a crawl is remembered, for its rest.
	forgottenCrawl = 7 * 24 * time.Hour
	// forgottenMove is how long a move is remembered: longer than any cooldown.
	forgottenMove = 31 * 24 * time.Hour
	// goneInbox is how long nothing is delivered to an inbox that answered 410.
	// Whether it is still so is found out with the next delivery.
	goneInbox = 30 * 24 * time.Hour
	// cleanUpBatch is how many rows one transaction of a clean-up changes:
	// others write between them.
	cleanUpBatch = 200
)

// CleanUp deletes what has expired, except media: see SweepUploads and
// SweepMedia. It is many short transactions. One that was interrupted left
// nothing half done, and the next begins from the start.
func (s *Store) CleanUp(ctx context.Context, k Kept) error {
	for _, step := range s.expiry(k) {
		if err := s.repeat(ctx, step); err != nil {
			return err
		}
	}
	if err := s.dropLateDeliveries(ctx, k.Deliveries); err != nil {
		return err
	}
	if err := s.dropForwards(ctx, k.Deliveries); err != nil {
		return err
	}
	if err := s.forgetRelayed(ctx, k.Relayed); err != nil {
		return err
	}
	if err := s.Update(ctx, func(tx *Tx) error { return tx.deleteUnusedApps(tx.Now().Add(-unusedApp)) }); err != nil {
		return err
	}
	if err := s.Update(ctx, (*Tx).ReleaseOrders); err != nil {
		return err
	}
	if err := s.trimHomeFeeds(ctx, k.HomeFeed); err != nil {
		return err
	}
	return s.optimize(ctx)
}

// dropLateDeliveries drops what waits for hosts that do not answer, and would not
// be tried again: of each host one is tried at a time.
func (s *Store) dropLateDeliveries(ctx context.Context, before time.Time) error {
	failing, err := Read(ctx, s, (*Tx).Lanes)
	if err != nil {
		return err
	}
	for _, lane := range failing {
		for dropped := dropLateBatch; dropped >= dropLateBatch; {
			if err := s.Update(ctx, func(tx *Tx) (err error) {
				dropped, err = tx.dropLate(lane.Name, before)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// repeat runs a step of a clean-up, each time in a transaction of its own, until
// it changes less than a batch.
func (s *Store) repeat(ctx context.Context, step func(tx *Tx) (changed int64, err error)) error {
	for changed := int64(cleanUpBatch); changed >= cleanUpBatch; {
		if err := s.Update(ctx, func(tx *Tx) (err error) {
			changed, err = step(tx)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// expiry are the steps that delete what is older than a time.
func (s *Store) expiry(k Kept) (steps []func(tx *Tx) (int64, error)) {
	now := s.Now()
	for _, d := range []struct {
		table, key, expired string
		at                  time.Time
	}{
		{"idempotency_keys", "account_id, key", "created_at < $1", k.IdempotencyKeys},
		{"jobs", "id", "dead_at <> 0 AND dead_at < $1", k.DeadJobs},
		{"oauth_codes", "hash", "expires_at < $1", now.Add(-24 * time.Hour)},
		{"oauth_tokens", "id", "expires_at <> 0 AND expires_at < $1 AND refresh_hash IS NULL", now},
		{"sessions", "hash", "expires_at < $1", now},
		{"known_devices", "account_id, hash", "seen_at < $1", now.Add(-knownDevice)},
		{"lanes", "lane", "not_before < $1", now.Add(-forgottenLane)},
		{"mutes", "id", "expires_at <> 0 AND expires_at < $1", now},
		{"retracted", "key", "expires_at < $1", now},
		{"reports", "id", "resolved_at <> 0 AND resolved_at < $1", now.Add(-resolvedReport)},
		{"crawls", "id", "started_at < $1", now.Add(-forgottenCrawl)},
		{"crawl_pages", "crawl_id, uri", "crawl_id NOT IN (SELECT c.id FROM crawls c) AND $1 > CAST(0 AS BIGINT)", now},
		{"crawl_hosts", "host", "next_at < $1", now.Add(-forgottenCrawl)},
		{"moves", "account_id", "moved_at < $1", now.Add(-forgottenMove)},
		{"gone_inboxes", "inbox", "gone_at < $1", now.Add(-goneInbox)},
	} {
		query := `DELETE FROM ` + d.table + ` WHERE (` + d.key + `) IN (SELECT ` + d.key + ` FROM ` + d.table + ` WHERE ` + d.expired + ` LIMIT $2)`
		steps = append(steps, func(tx *Tx) (int64, error) { return tx.exec(query, millis(d.at), cleanUpBatch) })
	}
	return append(steps, func(tx *Tx) (int64, error) { return tx.DeleteEvents(k.Events, cleanUpBatch) })
}

// trimHomeFeeds keeps the newest entries of each feed and deletes those of
// deleted statuses. What is to be deleted is read first: that holds up nobody.
func (s *Store) trimHomeFeeds(ctx context.Context, keep int) error {
	var accounts []AccountID
	if err := s.View(ctx, func(tx *Tx) (err error) {
		accounts, err = ids[AccountID](tx, `SELECT account_id FROM users`)
		return err
	}); err != nil {
		return err
	}
	for _, account := range accounts {
		var oldest ObjectID // which is kept
		var ofDeleted []ObjectID
		if err := s.View(ctx, func(tx *Tx) (err error) {
			if oldest, _, err = one[ObjectID](tx, `
				SELECT status_id FROM home_feed WHERE account_id = $1
				ORDER BY status_id DESC LIMIT 1 OFFSET $2`, account, keep-1); err != nil {
				return err
			}
			ofDeleted, err = ids[ObjectID](tx, `
				SELECT h.status_id FROM home_feed h
				WHERE h.account_id = $1 AND h.status_id >= $2
				  AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.id = h.status_id AND o.deleted_at = 0)`, account, oldest)
			return err
		}); err != nil {
			return err
		}
		if err := s.repeat(ctx, func(tx *Tx) (int64, error) {
			return tx.exec(`
				DELETE FROM home_feed
				WHERE account_id = $1 AND status_id IN (
				  SELECT h.status_id FROM home_feed h
				  WHERE h.account_id = $1 AND h.status_id < $2
				  ORDER BY h.status_id LIMIT $3)`, account, oldest, cleanUpBatch)
		}); err != nil {
			return err
		}
		if err := s.inBatches(ctx, ofDeleted, func(tx *Tx, set string) error {
			_, err := tx.exec(`
				DELETE FROM home_feed
				WHERE account_id = $1 AND `+tx.in("status_id", "$2"), account, set)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// inBatches runs fn for each batch of a list of ids, in a transaction each.
func (s *Store) inBatches(ctx context.Context, list []ObjectID, fn func(tx *Tx, set string) error) error {
	for len(list) > 0 {
		n := min(len(list), cleanUpBatch)
		set := setOf(list[:n])
		list = list[n:]
		if err := s.Update(ctx, func(tx *Tx) error { return fn(tx, set) }); err != nil {
			return err
		}
	}
	return nil
}

// worthStatistics is how many accounts a database knows that is worth
// statistics: those of an empty one are misleading.
const worthStatistics = 100

// optimize lets the database gather statistics of its tables, once there is
// something in them. No plan of a hot read depends on them (TestHotReadsAreFlat).
func (s *Store) optimize(ctx context.Context) error {
	var worth bool
	err := s.View(ctx, func(tx *Tx) (err error) {
		_, worth, err = one[int64](tx, `SELECT id FROM accounts ORDER BY id LIMIT 1 OFFSET $1`, worthStatistics)
		return err
	})
	if err != nil || !worth {
		return err
	}
	return s.core.Optimize(ctx)
}
