package store

import (
	"encoding/json"
	"time"
)

// Claim is a node's request for jobs.
type Claim struct {
	Node  string   // its name, see engine.HoldNode
	Kinds []string // those that it knows; what a newer version wrote is left to that
	Full  []string // lanes that it has no room for
	// Room is how many more jobs of a lane the node accepts; failing
	// reports that the lane's host did not answer its last request.
	Room  func(lane string, failing bool) int
	Most  int
	Lease time.Duration // after which a claimed job comes back, unless it is renewed
}

// ClaimJobs claims due jobs for a node, oldest first. skipped are the lanes
// whose due jobs were skipped because the lane had no room.
func (tx *Tx) ClaimJobs(c Claim) (claimed []Job, skipped []string, err error) {
	var claim []int64
	taken := map[string]int{}
	err = tx.query(func(row scanner) error {
		var j Job
		if err := row.Scan(append(j.dest(), &j.LaneFailing)...); err != nil {
			return err
		}
		if taken[j.Lane] >= c.Room(j.Lane, j.LaneFailing) {
			skipped = append(skipped, j.Lane)
			return nil
		}
		taken[j.Lane]++
		j.Attempts++
		j.claimedBy = c.Node
		claimed, claim = append(claimed, j), append(claim, j.ID)
		return nil
	}, `
		SELECT `+jobColumns+`, EXISTS (SELECT 1 FROM lanes l WHERE l.lane = j.lane)
		FROM jobs j
		WHERE j.dead_at = 0 AND j.after_job = 0 AND j.run_at <= $1 AND NOT (`+tx.inText("j.lane", "$2")+`) AND `+tx.knownKind("j.kind", "$3")+`
		ORDER BY j.run_at, j.id
		LIMIT $4 `+tx.engine.SkipLocked(), millis(tx.Now()), textSet(c.Full), textSet(c.Kinds), c.Most)
	if err != nil || len(claim) == 0 {
		return nil, skipped, err
	}
	_, err = tx.exec(`UPDATE jobs SET run_at = $2, claimed_by = $3, attempts = attempts + 1 WHERE `+tx.in("id", "$1"),
		setOf(claim), millis(tx.Now().Add(c.Lease)), c.Node)
	return claimed, skipped, err
}

// knownKind is only a filter: no engine should look jobs up by their kind, or
// join them with a list of kinds, when it can walk the index of due jobs.
func (tx *Tx) knownKind(column, param string) string {
	return "(" + tx.inText(column, param) + ") IS TRUE"
}

// NextRun is when the next job of the kinds that a node knows is due, outside
// of the full lanes, claimed jobs by the end of their lease; ok is false when
// there is none.
func (tx *Tx) NextRun(kinds, full []string) (at time.Time, ok bool, err error) {
	ms, ok, err := one[int64](tx, `
		SELECT run_at FROM jobs
		WHERE dead_at = 0 AND after_job = 0 AND NOT (`+tx.inText("lane", "$1")+`) AND `+tx.knownKind("kind", "$2")+`
		ORDER BY run_at, id LIMIT 1`, textSet(full), textSet(kinds))
	if err != nil || !ok {
		return time.Time{}, false, err
	}
	return time.UnixMilli(ms).UTC(), true, nil
}

// RenewClaims renews a node's leases of jobs, and returns the jobs that it
// still holds: another node may have taken one whose lease had ended, and one
// may have been dropped.
func (tx *Tx) RenewClaims(node string, jobs []int64, lease time.Duration) (kept []int64, err error) {
	return ids[int64](tx, `
		UPDATE jobs SET run_at = $2
		WHERE `+tx.in("id", "$1")+` AND claimed_by = $3 AND dead_at = 0
		RETURNING id`, setOf(jobs), millis(tx.Now().Add(lease)), node)
}

// ReleaseClaims makes the claimed jobs of dead nodes due: on SQLite every
// claimed job when the only node starts; on PostgreSQL those claimed under
// names that no node holds.
func (tx *Tx) ReleaseClaims() error {
	nodes, err := tx.texts(`SELECT DISTINCT claimed_by FROM jobs WHERE claimed_by <> '' AND dead_at = 0`)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		lives, err := tx.engine.NodeLives(node)
		if err != nil {
			return err
		}
		if lives {
			continue
		}
		if _, err := tx.exec(`UPDATE jobs SET run_at = $1, claimed_by = '' WHERE dead_at = 0 AND claimed_by = $2`, millis(tx.Now()), node); err != nil {
			return err
		}
	}
	return nil
}

// FinishJob deletes a claimed job that is done. A job that another node holds
// by now is left alone, here and in RetryJob and KillJob.
func (tx *Tx) FinishJob(j Job) error {
	_, err := tx.EndJob(j)
	return err
}

// EndJob is FinishJob for a job that is done in the same transaction; false
// reports that somebody else holds it, or ended it.
func (tx *Tx) EndJob(j Job) (bool, error) {
	// Mostly none waits for it, and a DELETE that returns nothing costs half.
	n, err := tx.exec(`DELETE FROM jobs WHERE id = $1 AND claimed_by = $2 AND has_next = FALSE`, j.ID, j.claimedBy)
	if err != nil || n > 0 {
		return n > 0, err
	}
	ended, err := tx.endJobs(`DELETE FROM jobs WHERE id = $1 AND claimed_by = $2`, j.ID, j.claimedBy)
	return ended > 0, err
}

// ContinueJob writes what is left to do of a claimed job in place of its
// arguments, in the transaction that did a part of it, and returns the job as
// it is then; false reports that somebody else holds it, or did that part.
func (tx *Tx) ContinueJob(j Job, left json.RawMessage) (bool, Job, error) {
	n, err := tx.exec(`UPDATE jobs SET args = $4 WHERE id = $1 AND claimed_by = $2 AND dead_at = 0 AND args = $3`,
		j.ID, j.claimedBy, string(j.Args), string(left))
	j.Args = left
	return n > 0, j, err
}

// RetryJob returns a claimed job to be run again later, not before its lane is
// tried again.
func (tx *Tx) RetryJob(j Job, runAt time.Time, why string) error {
	tx.engine.JobsDue()
	_, err := tx.exec(`
		UPDATE jobs SET run_at = COALESCE((SELECT l.not_before FROM lanes l WHERE l.lane = jobs.lane AND l.not_before > $3), $3), claimed_by = '', error = $4
		WHERE id = $1 AND claimed_by = $2`, j.ID, j.claimedBy, millis(runAt), why)
	return err
}

// KillJob marks a claimed job as dead: it stays, for a person to see.
func (tx *Tx) KillJob(j Job, why string) error {
	_, err := tx.endJobs(`UPDATE jobs SET dead_at = $3, claimed_by = '', unique_key = NULL, error = $4 WHERE id = $1 AND claimed_by = $2`,
		j.ID, j.claimedBy, millis(tx.Now()), why)
	return err
}

// OtherKinds lists the kinds of waiting jobs that are not in known.
func (tx *Tx) OtherKinds(known []string) ([]string, error) {
	return tx.texts(`SELECT DISTINCT kind FROM jobs WHERE dead_at = 0 AND NOT `+tx.knownKind("kind", "$1")+` ORDER BY kind`, textSet(known))
}

// DropJob deletes a job that is obsolete, whoever holds it.
func (tx *Tx) DropJob(id int64) error {
	_, err := tx.endJobs(`DELETE FROM jobs WHERE id = $1`, id)
	return err
}
