package store

import "time"

// A home feed is a clustered table of (account, status), written when a status
// arrives, so that reading it is one index range.

// boostQuiet is how long a status that was in a feed does not appear there
// again because someone boosts it.
const boostQuiet = 24 * time.Hour

// AddToHomeFeeds adds a status to the home feeds it belongs in: its author's,
// and those of the author's local followers, unless it replies to an account
// that they don't follow, boosts a status that was in their feed recently, or
// they hide the author's boosts.
func (tx *Tx) AddToHomeFeeds(o *Object) error {
	original := o.ReblogOfID
	if original == 0 {
		original = o.ID
	}
	n, err := tx.exec(`
		INSERT INTO home_feed (account_id, status_id, author_id, original_id)
		SELECT u.account_id, $1, $2, $3
		FROM users u
		LEFT JOIN follows f ON f.account_id = u.account_id AND f.target_id = $2 AND f.accepted
		WHERE (u.account_id = $2 OR f.id IS NOT NULL)
		  AND ($4 <= 2 OR u.account_id = $2 OR EXISTS (
		    SELECT 1 FROM mentions m WHERE m.status_id = $1 AND m.account_id = u.account_id))
		  AND (CAST($5 AS TEXT) = '' OR $6 = u.account_id OR $6 = $2 OR u.account_id = $2 OR EXISTS (
		    SELECT 1 FROM follows rf WHERE rf.account_id = u.account_id AND rf.target_id = $6 AND rf.accepted))
		  AND (CAST($7 AS BIGINT) = 0 OR ((u.account_id = $2 OR f.show_reblogs) AND NOT EXISTS (
		    SELECT 1 FROM home_feed h
		    WHERE h.account_id = u.account_id AND h.status_id > $8 AND h.original_id = $3)))
		ON CONFLICT (account_id, status_id) DO NOTHING`,
		o.ID, o.AccountID, original, int(o.Visibility), o.InReplyToURI, o.InReplyToAccountID,
		o.ReblogOfID, IDAt(tx.Now().Add(-boostQuiet)))
	if err == nil && n > 0 {
		tx.Emit(EventStatus, int64(o.ID))
	}
	return err
}

// backfill is how many of an account's newest statuses a new follower gets.
const backfill = 40

// BackfillHome adds the newest known statuses of a newly followed account to
// the follower's home feed, of the newest that it has.
func (tx *Tx) BackfillHome(follower, author AccountID) error {
	n, err := tx.exec(`
		INSERT INTO home_feed (account_id, status_id, author_id, original_id)
		SELECT CAST($1 AS BIGINT), o.id, o.account_id, CASE WHEN o.reblog_of_id = 0 THEN o.id ELSE o.reblog_of_id END
		FROM (
		  SELECT a.id FROM objects a`+tx.engine.IndexedBy("objects_account")+`
		  WHERE a.account_id = $2 AND a.is_status AND a.deleted_at = 0
		  ORDER BY a.id DESC LIMIT $4) c
		CROSS JOIN objects o
		WHERE o.id = c.id AND o.visibility <= 2
		  AND (o.in_reply_to_uri = '' OR o.in_reply_to_account_id = o.account_id)
		ORDER BY c.id DESC
		LIMIT $3
		ON CONFLICT (account_id, status_id) DO NOTHING`, follower, author, backfill, maxCandidates)
	if err == nil && n > 0 {
		tx.Emit(EventHome, int64(follower))
	}
	return err
}

// RemoveAuthorFromHome removes all statuses of an author from an account's home
// feed.
func (tx *Tx) RemoveAuthorFromHome(account, author AccountID) error {
	n, err := tx.exec(`DELETE FROM home_feed WHERE account_id = $1 AND author_id = $2`, account, author)
	if err == nil && n > 0 {
		tx.Emit(EventHome, int64(account))
	}
	return err
}
