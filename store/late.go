package store

import "time"

// A status that was fetched is quiet: it is in nobody's home for that, and nobody
// was notified. Its author may send it later, or have sent what follows it first.

// EndQuiet is called when a quiet status was sent by its author; false when it was
// not quiet, or is another's.
func (tx *Tx) EndQuiet(id ObjectID, author AccountID) (bool, error) {
	n, err := tx.exec(`UPDATE objects SET quiet = FALSE WHERE id = $1 AND account_id = $2 AND quiet AND deleted_at = 0`, id, author)
	return n == 1, err
}

const (
	// mostLate is how many posts that waited for one before them reach home with it.
	mostLate = 40
	// lateFor is how long ago they may have come: what is older is history.
	lateFor = 7 * 24 * time.Hour
)

// addLateReplies adds the author's own replies to a status, which came before it
// and could not be told from replies to others, to the home feeds of followers.
func (tx *Tx) addLateReplies(parent *Object) error {
	list, err := ids[ObjectID](tx, `
		INSERT INTO home_feed (account_id, status_id, author_id, original_id)
		SELECT f.account_id, r.id, r.account_id, r.id
		FROM (
		  SELECT o.id, o.account_id FROM objects o
		  WHERE o.in_reply_to_id = $1 AND o.in_reply_to_id <> 0
		    AND o.account_id = $2 AND NOT o.quiet AND o.visibility <= 2 AND o.deleted_at = 0 AND o.created_at > $4
		  ORDER BY o.id LIMIT $3) AS r
		CROSS JOIN follows f
		CROSS JOIN users u
		WHERE f.target_id = r.account_id AND f.accepted AND u.account_id = f.account_id
		ON CONFLICT (account_id, status_id) DO NOTHING
		RETURNING status_id`, parent.ID, parent.AccountID, mostLate, millis(tx.Now().Add(-lateFor)))
	seen := map[ObjectID]bool{}
	for _, id := range list {
		if !seen[id] {
			tx.Emit(EventStatus, int64(id))
		}
		seen[id] = true
	}
	return err
}
