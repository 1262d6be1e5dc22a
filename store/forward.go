package store

import (
	"context"
	"encoding/json"
	"time"
)

// Forward is an activity of another server that is forwarded as it came
// (ActivityPub §7.1.2): its bytes are what proves whose it is.
type Forward struct {
	Actor, ActivityURI string
	Status             ObjectID // what it is about: it goes when that is deleted
	Body               json.RawMessage
}

// PutForward writes one; an activity that was forwarded already has the id 0.
func (tx *Tx) PutForward(f Forward) (id int64, err error) {
	now := tx.Now()
	err = tx.insertNew(now, func(next int64) error {
		n, err := tx.exec(`
			INSERT INTO forwards (id, activity, status_id, body, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (activity) DO NOTHING`, next, f.Actor+" "+f.ActivityURI, f.Status, string(f.Body), millis(now))
		if id = 0; n == 1 {
			id = next
		}
		return err
	})
	return id, err
}

// CountForwards counts those that were written since a time, of the actors whose
// URIs begin with a text.
func (tx *Tx) CountForwards(actors string, since time.Time) (int64, error) {
	n, _, err := one[int64](tx, `SELECT COUNT(*) FROM forwards WHERE created_at >= $1 AND SUBSTR(activity, 1, LENGTH($2)) = $2`, millis(since), actors)
	return n, err
}

// HasForward reports whether one is there.
func (tx *Tx) HasForward(id int64) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT 1 FROM forwards WHERE id = $1`, id)
	return ok, err
}

// Forward reads one with the local account that delivers it; NotFound when either
// is gone.
func (tx *Tx) Forward(id int64, sender AccountID) (*Delivery, json.RawMessage, error) {
	d := &Delivery{Visibility: Direct}
	var body json.RawMessage
	err := tx.get("forwarded activity", []any{raw(&body), &d.Username, &d.KeyID, toTime(&d.SenderDeletedAt), &d.SenderPrivateKey, &d.SenderEd25519Key}, `
		SELECT o.body, a.username, a.key_id, a.deleted_at, u.private_key, u.ed25519_key
		FROM forwards o
		JOIN accounts a ON a.id = $2
		JOIN users u ON u.account_id = a.id
		WHERE o.id = $1`, id, sender)
	return d, body, err
}

// dropForwards drops the bytes that no delivery waits for any more, or for longer
// than one is tried.
func (s *Store) dropForwards(ctx context.Context, before time.Time) error {
	waiting, all := map[int64]bool{}, map[int64]time.Time{}
	now := s.Now()
	if err := s.View(ctx, func(tx *Tx) error {
		if err := tx.query(func(row scanner) error {
			var id int64
			var at time.Time
			err := row.Scan(&id, toTime(&at))
			all[id] = at
			return err
		}, `SELECT id, created_at FROM forwards`); err != nil || len(all) == 0 {
			return err
		}
		return tx.query(func(row scanner) error {
			var args string
			if err := row.Scan(&args); err != nil {
				return err
			}
			var job struct {
				Forward int64 `json:"forward"`
			}
			if json.Unmarshal([]byte(args), &job) == nil {
				waiting[job.Forward] = true
			}
			return nil
		}, `SELECT args FROM jobs WHERE dead_at = 0 AND kind IN ('deliver', 'fan_out') AND args LIKE '%"forward":%'`)
	}); err != nil {
		return err
	}
	var gone []ObjectID
	for id, at := range all {
		// What was written just now may have its deliveries in this moment.
		if at.Before(before) || !waiting[id] && at.Before(now.Add(-time.Hour)) {
			gone = append(gone, ObjectID(id))
		}
	}
	return s.inBatches(ctx, gone, func(tx *Tx, set string) error {
		tx.engine.Erases()
		_, err := tx.exec(`DELETE FROM forwards WHERE `+tx.in("id", "$1"), set)
		return err
	})
}
