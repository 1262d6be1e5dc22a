package store

import (
	"context"
	"math"
	"time"
)

// A status that a relay brought has a row in relayed until its time is over. Then
// it is deleted as if it had never come, unless somebody has touched it.

// PutRelayed remembers that a relay brought a status, and counts it.
func (tx *Tx) PutRelayed(status ObjectID, relay int64) error {
	if _, err := tx.exec(`INSERT INTO relayed (status_id, relay_id, came_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, status, relay, millis(tx.Now())); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE relays SET taken = taken + 1 WHERE id = $1`, relay)
	return err
}

// KeepRelayed keeps a status for good that a relay brought, since its author has
// sent it here as well.
func (tx *Tx) KeepRelayed(status ObjectID) error {
	_, err := tx.exec(`DELETE FROM relayed WHERE status_id = $1`, status)
	return err
}

// touched is true for a status, o, that concerns somebody here: who acted on it or
// is mentioned, follows its author or has it at home, or wrote in its thread (of a
// long one, the first hundred are looked at), or a post that it quotes; or that answers
// another one, or another one refers to it, which is here for a reason of its own.
var touched = `(
	EXISTS (SELECT 1 FROM users u JOIN home_feed h ON h.account_id = u.account_id AND h.status_id = o.id)
	OR EXISTS (SELECT 1 FROM mentions m JOIN users u ON u.account_id = m.account_id WHERE m.status_id = o.id)
	OR EXISTS (SELECT 1 FROM favourites f JOIN users u ON u.account_id = f.account_id WHERE f.status_id = o.id)
	OR EXISTS (SELECT 1 FROM reactions e JOIN users u ON u.account_id = e.account_id WHERE e.status_id = o.id)
	OR EXISTS (SELECT 1 FROM poll_votes v JOIN users u ON u.account_id = v.account_id WHERE v.status_id = o.id)
	OR EXISTS (SELECT 1 FROM bookmarks b WHERE b.status_id = o.id)
	OR EXISTS (SELECT 1 FROM pins p WHERE p.status_id = o.id)
	OR EXISTS (SELECT 1 FROM notifications n WHERE n.status_id = o.id AND n.status_id <> 0)
	OR EXISTS (SELECT 1 FROM reports t WHERE t.target_id = o.account_id AND t.resolved_at = 0)
	OR EXISTS (SELECT 1 FROM objects b WHERE b.reblog_of_id = o.id AND b.reblog_of_id <> 0 AND b.deleted_at = 0)
	OR EXISTS (
	  SELECT 1 FROM (SELECT w.local, w.deleted_at FROM objects w WHERE w.context = o.context AND w.context <> '' ORDER BY w.id LIMIT 100) y
	  WHERE y.local AND y.deleted_at = 0)
	OR EXISTS (SELECT 1 FROM objects a WHERE a.id = o.in_reply_to_id AND a.deleted_at = 0 AND NOT EXISTS (SELECT 1 FROM relayed x WHERE x.status_id = a.id))
	OR EXISTS (SELECT 1 FROM objects q WHERE q.id = o.quote_id AND o.quote_id <> 0 AND q.local AND q.deleted_at = 0)
	OR EXISTS (SELECT 1 FROM interactions i WHERE i.status_id = o.id AND i.status_id <> 0)
	OR EXISTS (SELECT 1 FROM objects c WHERE ` + answersIt + ` AND NOT EXISTS (SELECT 1 FROM relayed x WHERE x.status_id = c.id))
	OR EXISTS (SELECT 1 FROM objects c WHERE ` + quotesIt + ` AND NOT EXISTS (SELECT 1 FROM relayed x WHERE x.status_id = c.id))
	OR ` + followedHere("o.account_id") + `)`

// answersIt and quotesIt are true for a status, c, that answers or quotes another, o.
const (
	answersIt = `c.in_reply_to_id = o.id AND c.in_reply_to_id <> 0 AND c.deleted_at = 0 AND c.id <> o.id`
	quotesIt  = `c.quote_uri = o.uri AND c.quote_uri <> '' AND c.deleted_at = 0 AND c.id <> o.id`
)

// afterwards is what becomes of a status, o, whose time is over.
var afterwards = `CASE
	WHEN o.id IS NULL OR ` + touched + ` THEN 'keep'
	WHEN EXISTS (SELECT 1 FROM objects c WHERE ` + answersIt + `) OR EXISTS (SELECT 1 FROM objects c WHERE ` + quotesIt + `) THEN 'wait'
	ELSE 'delete' END`

// relayedBatch is how many statuses one transaction looks at, and deletes.
const relayedBatch = 20

// forgetRelayed deletes what relays brought before a time and nobody has touched:
// the newest first, and nothing that another one of them still answers or quotes,
// but for what has been here for twice the time: some quote each other, and some
// threads go on for ever.
func (s *Store) forgetRelayed(ctx context.Context, before time.Time) error {
	twice := millis(before.Add(-s.Now().Sub(before)))
	from := relayedRow{came: millis(before), id: math.MinInt64}
	for looked := relayedBatch; looked == relayedBatch; {
		var next relayedRow
		if err := s.Update(ctx, func(tx *Tx) (err error) {
			next, looked, err = tx.forgetRelayed(from, twice)
			return err
		}); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// relayedRow is a row of relayed, and what becomes of its status.
type relayedRow struct {
	came int64
	id   ObjectID
	uri  string
	then string
}

// forgetRelayed looks at the next statuses before a row. Those of before twice wait
// for nothing.
func (tx *Tx) forgetRelayed(from relayedRow, twice int64) (last relayedRow, looked int, err error) {
	var list []relayedRow
	err = tx.query(func(row scanner) error {
		var r relayedRow
		err := row.Scan(&r.came, &r.id, &r.uri, &r.then)
		list = append(list, r)
		return err
	}, `
		SELECT r.came_at, r.status_id, COALESCE(o.uri, ''), `+afterwards+`
		FROM (
		  SELECT d.came_at, d.status_id FROM relayed d
		  WHERE (d.came_at, d.status_id) < ($1, $2)
		  ORDER BY d.came_at DESC, d.status_id DESC
		  LIMIT $3) r
		LEFT JOIN objects o ON o.id = r.status_id AND o.deleted_at = 0
		ORDER BY r.came_at DESC, r.status_id DESC`, from.came, from.id, relayedBatch)
	for _, r := range list {
		if err == nil {
			err = tx.endRelayed(r, r.came < twice)
		}
		last = r
	}
	return last, len(list), err
}

func (tx *Tx) endRelayed(r relayedRow, now bool) error {
	if r.then == "wait" { // perhaps for one that was before it in the list
		then, _, err := one[string](tx, `SELECT `+afterwards+` FROM objects o WHERE o.id = $1 AND o.deleted_at = 0`, r.id)
		if err != nil {
			return err
		}
		r.then = then
	}
	switch r.then {
	case "wait":
		if !now {
			return nil
		}
		if err := tx.unlinkReplies(r); err != nil {
			return err
		}
	case "keep":
		return tx.KeepRelayed(r.id)
	}
	// Who acts on it meanwhile changes its row, and one of the two is run again.
	o, err := tx.ObjectToChange(r.uri)
	if err != nil {
		return err
	}
	if err := tx.DeleteObject(o, nil); err != nil { // with its row in relayed
		return err
	}
	// Nothing refuses its return, as a tombstone would: its author has not deleted
	// it.
	_, err = tx.exec(`DELETE FROM objects WHERE id = $1`, o.ID)
	return err
}

// unlinkReplies undoes LinkReplies: what answers or quotes a status does so by its
// URI alone again.
func (tx *Tx) unlinkReplies(r relayedRow) error {
	if _, err := tx.exec(`UPDATE objects SET in_reply_to_id = 0, in_reply_to_account_id = 0 WHERE in_reply_to_id = $1 AND in_reply_to_id <> 0`, r.id); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE objects SET quote_id = 0, quote_state = '' WHERE quote_uri = $2 AND quote_uri <> '' AND quote_id = $1`, r.id, r.uri)
	return err
}
