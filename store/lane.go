package store

import (
	"strings"
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
	// tried again.
	Behind []string
	// Kind is that of the job which failed. Of its jobs that come next, those with
	// at least Tries attempts run after the others as well; 0 for none.
	Kind  string
	Tries int
	// DeadAfter is for how long a host may not answer before it is dead: it is then
	// tried once a day, and nothing more is enqueued for it (DeadHosts). 0 is for
	// ever. Died is called when that is so.
	DeadAfter time.Duration
	Died      func() error
}

// tryDead is how often a dead host is tried.
const tryDead = 24 * time.Hour

// lookForTried is how many of the next jobs LaneFailed looks at for those with
// many attempts. A lane that is failing makes one attempt at a time.
const lookForTried = 100

// StepBehind is how long after the lane's other jobs those of Behind are due.
const StepBehind = time.Second

// asideUntil is until when the jobs of a kind in a lane wait for the lane; NULL
// when it is not failing. It is in job_queues, beside the times of the jobs:
// triggers and claims put it there, so that no job has to be written when a lane
// is set aside (0020_lanes_aside).
func asideUntil(lane, kind string) string {
	return `(SELECT l.not_before + CASE WHEN l.behind LIKE '%,' || ` + kind + ` || ',%' THEN 1000 ELSE 0 END FROM lanes l WHERE l.lane = ` + lane + `)`
}

// LaneFailed sets a lane aside with all its waiting jobs, however many they are,
// and returns until when. What was tried often had its time after the last time
// that the lane was tried again, and gets it after this one: so these jobs stay in
// their order. Failures while it is set aside were already in
// progress, and count as one.
func (tx *Tx) LaneFailed(f LaneFailure) (until time.Time, err error) {
	now, lane := tx.Now(), f.Lane
	if _, err := tx.exec(`
		INSERT INTO lanes (lane, failures, failing_since, not_before, error)
		VALUES ($1, 0, $2, 0, '')
		ON CONFLICT (lane) DO NOTHING`, lane, millis(now)); err != nil {
		return until, err
	}
	var l Lane
	wasDead := false
	err = tx.get("lane", []any{&l.Failures, toTime(&l.FailingSince), toTime(&l.NotBefore), &wasDead},
		`SELECT failures, failing_since, not_before, dead FROM lanes WHERE lane = $1 `+tx.engine.ForUpdate(), lane)
	if fault.Is(err, fault.NotFound) {
		err = engine.ErrAgain // another node's success took it away just now
	}
	if err != nil || l.NotBefore.After(now) {
		return l.NotBefore, err
	}
	if l.Failures == 0 && !f.OfPage {
		l.FailingSince = now // what was before were pages: the host may have answered all else
	}
	counted := l.Failures + 1
	until = now.Add(f.Wait(counted))
	if f.OfPage {
		counted = l.Failures
		until = now.Add(f.Wait(1))
	}
	dead := wasDead
	if f.DeadAfter > 0 && !f.OfPage && now.Sub(l.FailingSince) >= f.DeadAfter {
		dead, until = true, now.Add(tryDead)
	}
	behind := ""
	if len(f.Behind) > 0 {
		behind = "," + strings.Join(f.Behind, ",") + ","
	}
	_, err = tx.exec(`UPDATE lanes SET failures = $4, not_before = $2, error = $3, behind = $5, dead = $6, failing_since = $7 WHERE lane = $1`,
		lane, millis(until), f.Why, counted, behind, dead, millis(l.FailingSince))
	if err == nil && dead && !wasDead && f.Died != nil {
		err = f.Died()
	}
	if err != nil || f.Tries == 0 {
		return until, err
	}
	_, err = tx.exec(`
		UPDATE jobs SET run_at = $4
		WHERE id IN (
		  SELECT n.id
		  FROM (
		    SELECT id, attempts FROM jobs
		    WHERE lane = $1 AND kind = $2 AND dead_at = 0 AND after_job = 0 AND claimed_by = '' AND run_at > $3 AND run_at < $4
		    ORDER BY run_at, id LIMIT $6) AS n
		  WHERE n.attempts >= $5)`,
		lane, f.Kind, millis(l.NotBefore), millis(until.Add(StepBehind)), f.Tries, lookForTried)
	return until, err
}

// LaneRecovered reactivates a lane: the jobs of these kinds that waited for it
// are due at once, by their own times. Those of others keep the time that they
// were to wait for the lane.
func (tx *Tx) LaneRecovered(lane string, kinds []string) error {
	gone, err := tx.exec(`DELETE FROM lanes WHERE lane = $1`, lane)
	if err != nil || gone == 0 {
		return err
	}
	return tx.wakeQueues(lane, kinds)
}

// wakeQueues has the queues of these kinds in a lane looked at by the next claim,
// which sets right when they are due.
func (tx *Tx) wakeQueues(lane string, kinds []string) error {
	tx.engine.JobsDue()
	queues := make([]string, len(kinds))
	for i, kind := range kinds {
		queues[i] = kind + " " + lane
	}
	_, err := tx.exec(`UPDATE job_queues SET next_at = 0 WHERE `+tx.inText("queue", "$1"), textSet(queues))
	return err
}

// DeadHosts are those of some hosts that have not answered for days.
func (tx *Tx) DeadHosts(hosts []string) (map[string]bool, error) {
	dead := map[string]bool{}
	list, err := tx.texts(`SELECT lane FROM lanes WHERE `+tx.inText("lane", "$1")+` AND dead`, textSet(hosts))
	for _, host := range list {
		dead[host] = true
	}
	return dead, err
}

// IsSilent reports whether nothing goes to a host at the moment, or to one of its
// inboxes.
func (tx *Tx) IsSilent(host, inbox string) (bool, error) {
	silent, _, err := one[bool](tx, `
		SELECT EXISTS (SELECT 1 FROM lanes WHERE lane = $1) OR EXISTS (SELECT 1 FROM gone_inboxes WHERE inbox = $2)`, host, inbox)
	return silent, err
}

// HostWrote has a host, which has just written to us, be tried at once, by jobs of
// these kinds; and its inbox be delivered to again. It counts as failing from now
// on: a host that never answers is still tried ever more seldom.
func (tx *Tx) HostWrote(host, inbox string, kinds []string) error {
	if _, err := tx.exec(`DELETE FROM gone_inboxes WHERE inbox = $1`, inbox); err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE lanes SET failing_since = $2, not_before = $2, dead = FALSE WHERE lane = $1`, host, millis(tx.Now()))
	if err != nil || n == 0 {
		return err
	}
	return tx.wakeQueues(host, kinds)
}

// PutGoneInbox writes that an inbox answered 410; false when that is known.
func (tx *Tx) PutGoneInbox(inbox string) (bool, error) {
	n, err := tx.exec(`INSERT INTO gone_inboxes (inbox, gone_at) VALUES ($1, $2) ON CONFLICT (inbox) DO NOTHING`, inbox, millis(tx.Now()))
	return n > 0, err
}

// dropLateBatch is how many deliveries one transaction drops: what waits for one
// of them may have to be made due.
const dropLateBatch = 50

// dropLate drops some of the deliveries to a host that wait for it since before a
// time.
func (tx *Tx) dropLate(host string, before time.Time) (dropped int, err error) {
	return tx.endJobs(`
		DELETE FROM jobs
		WHERE id IN (
		  SELECT j.id FROM jobs j
		  WHERE j.lane = $1 AND j.kind = 'deliver' AND j.dead_at = 0 AND j.claimed_by = '' AND j.created_at < $2
		  LIMIT $3)`, host, millis(before), dropLateBatch)
}
