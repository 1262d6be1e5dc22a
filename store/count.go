package store

import (
	"maps"
	"slices"
	"time"

	"kinglet/internal/fault"
)

// The counters of a row (a status's replies, boosts and favourites, an
// account's posts, followers and followed) are changed in the transaction that
// inserts or deletes what they count, by what was really inserted or deleted:
// of two concurrent inserts of one row the database lets one succeed, and that
// one counts. Objects are changed before accounts, accounts in the order of
// their ids.

// CountStatus adds a new status to the counters of its author and, where it is
// visible to strangers, of its parent or boosted status. A direct one is not
// counted. A boost of a status that was deleted meanwhile is NotFound, and a
// status of a deleted account is Gone: its purge may be finished by now. One that
// was fetched is among those that its author's server has counted, if that said
// how many there are (origin_totals.go).
func (tx *Tx) CountStatus(o *Object) error {
	switch {
	case o.ReblogOfID != 0:
		n, err := tx.exec(`UPDATE objects SET reblogs_count = reblogs_count + 1 WHERE id = $1 AND deleted_at = 0`, o.ReblogOfID)
		if err == nil && n == 0 {
			err = fault.Errorf(fault.NotFound, "status %s not found", o.ReblogOfID)
		}
		if err != nil {
			return err
		}
	case o.InReplyToID != 0 && o.Visibility <= Unlisted:
		if _, err := tx.exec(`UPDATE objects SET replies_count = replies_count + 1 WHERE id = $1`, o.InReplyToID); err != nil {
			return err
		}
	}
	counted, at := 1, o.PublishedAt
	if o.Visibility == Direct {
		counted, at = 0, time.Time{}
	}
	n, err := tx.exec(`
		UPDATE accounts
		SET statuses_count = statuses_count + CASE WHEN $4 = 1 AND counted_at <> 0 THEN 0 ELSE $3 END,
		  last_status_at = CASE WHEN last_status_at < $2 THEN $2 ELSE last_status_at END
		WHERE id = $1 AND deleted_at = 0`, o.AccountID, millis(at), counted, bit01(o.Quiet))
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Gone, "the account of %s is gone", o.URI)
	}
	return err
}

// endStatus marks an object and all boosts of it as deleted, subtracts them
// from the counters if they were not deleted before, and lists the boosts.
func (tx *Tx) endStatus(o *Object) (boosts []ObjectID, err error) {
	if o.ReblogOfID != 0 {
		if err := tx.lockObjects(o.ReblogOfID); err != nil { // before its boosts
			return nil, err
		}
	}
	ended, err := tx.markDeleted(o.ID)
	if err != nil {
		return nil, err
	}
	// A concurrent boost waits for us, and then finds the status deleted:
	// see CountStatus.
	boosts, err = ids[ObjectID](tx, `SELECT id FROM objects WHERE reblog_of_id = $1 AND reblog_of_id <> 0 AND deleted_at = 0 ORDER BY id`, o.ID)
	if err != nil {
		return nil, err
	}
	alsoEnded, err := tx.markDeleted(boosts...)
	if err != nil {
		return nil, err
	}
	ended = append(ended, alsoEnded...)
	if err := tx.emitDeleted(ended); err != nil {
		return nil, err
	}
	return boosts, tx.subtractCounts(ended)
}

// markDeleted marks objects as deleted and returns the statuses that were not
// before.
func (tx *Tx) markDeleted(list ...ObjectID) (ended []*Object, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	err = tx.query(func(row scanner) error {
		o := new(Object)
		err := row.Scan(&o.ID, &o.AccountID, &o.IsStatus, &o.Visibility, &o.ReblogOfID, &o.InReplyToID)
		if o.IsStatus {
			ended = append(ended, o)
		}
		return err
	}, `
		UPDATE objects SET deleted_at = $2
		WHERE `+tx.in("id", "$1")+` AND deleted_at = 0
		RETURNING id, account_id, is_status, visibility, reblog_of_id, in_reply_to_id`, setOf(list), millis(tx.Now()))
	return ended, err
}

// subtractCounts subtracts deleted statuses from the counters of what they
// boosted or replied to, and of their authors.
func (tx *Tx) subtractCounts(ended []*Object) error {
	boosted, answered, posted := map[int64]int{}, map[int64]int{}, map[int64]int{}
	for _, o := range ended {
		if o.Visibility != Direct {
			posted[int64(o.AccountID)]++
		}
		switch {
		case o.ReblogOfID != 0:
			boosted[int64(o.ReblogOfID)]++
		case o.InReplyToID != 0 && o.Visibility <= Unlisted:
			answered[int64(o.InReplyToID)]++
		}
	}
	if err := tx.decrease("objects", "reblogs_count", boosted); err != nil {
		return err
	}
	if err := tx.decrease("objects", "replies_count", answered); err != nil {
		return err
	}
	return tx.decrease("accounts", "statuses_count", posted)
}

// decrease subtracts from a counter of each row the number given for its id.
// Most subtract one: those are one statement.
func (tx *Tx) decrease(table, column string, by map[int64]int) error {
	if len(by) == 0 {
		return nil
	}
	if err := tx.lock(table, setOf(slices.Collect(maps.Keys(by)))); err != nil {
		return err
	}
	rows := map[int][]int64{}
	for id, n := range by {
		rows[n] = append(rows[n], id)
	}
	for n, list := range rows {
		if _, err := tx.exec(`
			UPDATE `+table+`
			SET `+column+` = CASE WHEN `+column+` < $2 THEN 0 ELSE `+column+` - $2 END
			WHERE `+tx.in("id", "$1"), setOf(list), n); err != nil {
			return err
		}
	}
	return nil
}
