package store

import "time"

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
		WHERE account_id = $1 AND `+tx.inText("timeline", "$2")+` ORDER BY timeline`, account, jsonText(timelines))
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
	return m, err
}

// IdempotentStatus is what an Idempotency-Key gave since a time; ok is false
// for a new key, and for one that is older.
func (tx *Tx) IdempotentStatus(account AccountID, key string, since time.Time) (id ObjectID, ok bool, err error) {
	return one[ObjectID](tx, `SELECT status_id FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND created_at >= $3`, account, key, millis(since))
}

// PutIdempotencyKey keeps what a key gave, in place of what it gave long ago.
func (tx *Tx) PutIdempotencyKey(account AccountID, key string, status ObjectID) error {
	if _, err := tx.exec(`DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2`, account, key); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO idempotency_keys (account_id, key, status_id, created_at) VALUES ($1, $2, $3, $4)`,
		account, key, status, millis(tx.Now()))
	return err
}
