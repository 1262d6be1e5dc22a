package store

import (
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// Lane is a lane that is failing: its host is set aside until NotBefore, and
// then probed with one job.
type Lane struct {
	Name         string
	Failures     int
	FailingSince time.Time
	NotBefore    time.Time
	Error        string
}

// Lanes lists the failing lanes.
func (tx *Tx) Lanes() ([]Lane, error) {
	var out []Lane
	err := tx.query(func(row scanner) error {
		var l Lane
		err := row.Scan(&l.Name, &l.Failures, toTime(&l.FailingSince), toTime(&l.NotBefore), &l.Error)
		out = append(out, l)
		return err
	}, `SELECT lane, failures, failing_since, not_before, error FROM lanes ORDER BY lane`)
	return out, err
}

// LaneFailed sets a lane aside for as long as wait returns for its number of
// consecutive failures, with all its waiting jobs, and returns until when.
// Failures while it is set aside were already in progress, and count as one.
func (tx *Tx) LaneFailed(lane string, wait func(failures int) time.Duration, why string) (until time.Time, err error) {
	now := tx.Now()
	if _, err := tx.exec(`
		INSERT INTO lanes (lane, failures, failing_since, not_before, error)
		VALUES ($1, 0, $2, 0, '')
		ON CONFLICT (lane) DO NOTHING`, lane, millis(now)); err != nil {
		return until, err
	}
	var l Lane
	err = tx.get("lane", []any{&l.Failures, toTime(&l.NotBefore)},
		`SELECT failures, not_before FROM lanes WHERE lane = $1 `+tx.engine.ForUpdate(), lane)
	if fault.Is(err, fault.NotFound) {
		err = engine.ErrAgain // another node's success took it away just now
	}
	if err != nil || l.NotBefore.After(now) {
		return l.NotBefore, err
	}
	until = now.Add(wait(l.Failures + 1))
	if _, err = tx.exec(`UPDATE lanes SET failures = failures + 1, not_before = $2, error = $3 WHERE lane = $1`,
		lane, millis(until), why); err != nil {
		return until, err
	}
	_, err = tx.exec(`UPDATE jobs SET run_at = $2 WHERE lane = $1 AND dead_at = 0 AND claimed_by = '' AND run_at < $2`, lane, millis(until))
	return until, err
}

// LaneRecovered reactivates a lane: its waiting jobs are due at once.
func (tx *Tx) LaneRecovered(lane string) error {
	n, err := tx.exec(`DELETE FROM lanes WHERE lane = $1`, lane)
	if err != nil || n == 0 {
		return err
	}
	tx.engine.JobsDue()
	now := millis(tx.Now())
	_, err = tx.exec(`UPDATE jobs SET run_at = $2 WHERE lane = $1 AND dead_at = 0 AND claimed_by = '' AND run_at > $2`, lane, now)
	return err
}
