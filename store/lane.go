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

// LaneFailure is why a lane is set aside, and for how long.
type LaneFailure struct {
	Lane, Why string
	// Wait is how long, by the number of consecutive failures.
	Wait func(failures int) time.Duration
	// OfPage reports that only one page of the host failed, which a stranger
	// may have chosen: the failure is not counted, and the wait is the shortest.
	OfPage bool
	// Behind are the kinds of jobs that run after the others when the lane is
	// tried again, as do all jobs with at least Tries attempts.
	Behind []string
	Tries  int
}

// StepBehind is how long after the lane's other jobs those of Behind are due.
const StepBehind = time.Second

// LaneFailed sets a lane aside with all its waiting jobs, and returns until
// when. Failures while it is set aside were already in progress, and count as
// one.
func (tx *Tx) LaneFailed(f LaneFailure) (until time.Time, err error) {
	now, lane := tx.Now(), f.Lane
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
	counted := l.Failures + 1
	until = now.Add(f.Wait(counted))
	if f.OfPage {
		counted = l.Failures
		until = now.Add(f.Wait(1))
	}
	if _, err = tx.exec(`UPDATE lanes SET failures = $4, not_before = $2, error = $3 WHERE lane = $1`,
		lane, millis(until), f.Why, counted); err != nil {
		return until, err
	}
	_, err = tx.exec(`
		UPDATE jobs
		SET run_at = CASE WHEN (attempts >= $4 AND CAST($4 AS BIGINT) > 0) OR `+tx.knownKind("kind", "$5")+` THEN CAST($3 AS BIGINT) ELSE CAST($2 AS BIGINT) END
		WHERE lane = $1 AND dead_at = 0 AND claimed_by = '' AND run_at < $2`,
		lane, millis(until), millis(until.Add(StepBehind)), f.Tries, textSet(f.Behind))
	return until, err
}

// LaneRecovered reactivates a lane: the jobs that waited for it are due at once.
// Jobs of LaneFailure.Behind and those that wait for their own next attempt keep
// their times.
func (tx *Tx) LaneRecovered(lane string) error {
	until, ok, err := one[int64](tx, `DELETE FROM lanes WHERE lane = $1 RETURNING not_before`, lane)
	if err != nil || !ok {
		return err
	}
	tx.engine.JobsDue()
	now := millis(tx.Now())
	_, err = tx.exec(`UPDATE jobs SET run_at = $2 WHERE lane = $1 AND dead_at = 0 AND claimed_by = '' AND run_at > $2 AND run_at <= $3`, lane, now, until)
	return err
}
