package store

import (
	"time"
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

// PutMarker moves a marker, and increases its version.
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
