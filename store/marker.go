package store

import (
	"time"

	"kinglet/store/engine"
)

// Marker is how far an account has read a timeline.
type Marker struct {
	Timeline   string
	LastReadID int64
	Version    int64
	UpdatedAt  time.Time
}

// Markers reads those of the timelines named.
func (tx *Tx) Markers(account AccountID, timelines []string) ([]Marker, error) {
	var out []Marker
	if len(timelines) == 0 {
		return nil, nil
	}
	err := tx.query(func(row scanner) error {
		var m Marker
		err := row.Scan(&m.Timeline, &m.LastReadID, &m.Version, toTime(&m.UpdatedAt))
		out = append(out, m)
		return err
	}, `SELECT timeline, last_read_id, version, updated_at FROM markers
		WHERE account_id = $1 AND `+tx.inText("timeline", "$2")+` ORDER BY timeline`, account, textSet(timelines))
	return out, err
}

// PutMarker moves one, and counts its version up.
func (tx *Tx) PutMarker(account AccountID, timeline string, lastRead int64) (Marker, error) {
	m := Marker{Timeline: timeline}
	err := tx.get("marker", []any{&m.LastReadID, &m.Version, toTime(&m.UpdatedAt)}, `
		INSERT INTO markers (account_id, timeline, last_read_id, version, updated_at)
		VALUES ($1, $2, $3, 1, $4)
		ON CONFLICT (account_id, timeline) DO UPDATE
		SET last_read_id = excluded.last_read_id, version = markers.version + 1, updated_at = excluded.updated_at
		RETURNING last_read_id, version, updated_at`, account, timeline, lastRead, millis(tx.Now()))
	if err == nil {
		tx.Emit(EventMarker, int64(account))
	}
	return m, err
}

// TakeIdempotencyKey takes a key for a status that is about to be written, or
// gives the status that the key gave since a time: who comes while another
// transaction holds it waits for what becomes of that. So it stands first in
// the transaction, before anything that the key is to make happen once.
func (tx *Tx) TakeIdempotencyKey(account AccountID, key string, status ObjectID, since time.Time) (first ObjectID, taken bool, err error) {
	n, err := tx.exec(`
		INSERT INTO idempotency_keys (account_id, key, status_id, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, key) DO UPDATE
		SET status_id = excluded.status_id, created_at = excluded.created_at
		WHERE idempotency_keys.created_at < $5`, account, key, status, millis(tx.Now()), millis(since))
	if err != nil || n == 1 {
		return status, n == 1, err
	}
	first, found, err := one[ObjectID](tx, `SELECT status_id FROM idempotency_keys WHERE account_id = $1 AND key = $2`, account, key)
	if err == nil && !found {
		err = engine.ErrAgain // it was cleaned up just now
	}
	return first, false, err
}
