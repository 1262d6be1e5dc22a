package store

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Claim is a node's request for jobs.
type Claim struct {
	Node  string   // its name, see engine.HoldNode
	Kinds []string // those that it knows; what a newer version wrote is left to that
	Full  []string // lanes that it has no room for
	// Room is how many more jobs of a lane the node accepts, of so many that are
	// due; failing reports that the lane's host did not answer its last request.
	Room  func(lane string, failing bool, due int) int
	Most  int
	Lease time.Duration // after which a claimed job comes back, unless it is renewed
}

// Unclaimed is what a claim left.
type Unclaimed struct {
	// Skipped are the lanes with jobs that are due and that the node had no room
	// for.
	Skipped []string
	// More reports that the claim did not look at all that is due outside of the
	// full and the skipped lanes.
	More bool
}

// lookAhead is how many jobs of a queue a claim looks at.
const lookAhead = 5

// dueQueue is a queue that is due, as far as a claim looks at it.
type dueQueue struct {
	queue, lane string
	jobs        []int64 // that are due, the first ones
}

// ClaimJobs claims due jobs for a node: the first of each queue, of those that
// have waited longest, and then, while there is room, the next ones.
//
// It looks at queues and not at jobs, however many wait: at those that are due
// and not full, up to Most.
func (tx *Tx) ClaimJobs(c Claim) (claimed []Job, left Unclaimed, err error) {
	now := millis(tx.Now())
	// Whose lease has ended waits again.
	if _, err := tx.exec(`UPDATE jobs SET claimed_by = '' WHERE dead_at = 0 AND claimed_by <> '' AND run_at <= $1`, now); err != nil {
		return claimed, left, err
	}
	queues, failing, err := tx.dueQueues(c, now)
	if err != nil || len(queues) == 0 {
		return claimed, left, err
	}
	claim, settle := left.choose(c, queues, failing)
	if len(claim) > 0 {
		// Not one that another transaction has, which may wait for these queues: it
		// is looked at again when that has ended.
		err = tx.query(func(row scanner) error {
			var j Job
			err := row.Scan(append(j.dest(), &j.LaneFailing)...)
			claimed = append(claimed, j)
			return err
		}, `
			UPDATE jobs SET run_at = $2, claimed_by = $3, attempts = attempts + 1
			WHERE id IN (SELECT n.id FROM jobs n WHERE `+tx.in("n.id", "$1")+` AND n.claimed_by = '' AND n.run_at <= $4 `+tx.engine.SkipLocked()+`)
			RETURNING `+strings.ReplaceAll(jobColumns, "j.", "jobs.")+`, EXISTS (SELECT 1 FROM lanes l WHERE l.lane = jobs.lane)`,
			setOf(claim), millis(tx.Now().Add(c.Lease)), c.Node, now)
		if err != nil {
			return claimed, left, err
		}
		slices.SortFunc(claimed, func(a, b Job) int { return cmp.Compare(a.ID, b.ID) })
	}
	return claimed, left, tx.settleQueues(settle)
}

// dueQueues reads the queues that are due and not full, those first that have
// waited longest, and which of their lanes are failing. A queue whose lane was
// set aside meanwhile has no jobs.
func (tx *Tx) dueQueues(c Claim, now int64) (queues []dueQueue, failing map[string]bool, err error) {
	failing = map[string]bool{}
	err = tx.query(func(row scanner) error {
		var q dueQueue
		var laneFails bool
		var jobs *string
		if err := row.Scan(&q.queue, &q.lane, &laneFails, &jobs); err != nil {
			return err
		}
		if laneFails {
			failing[q.lane] = true
		}
		if jobs != nil {
			for id := range strings.SplitSeq(*jobs, ",") {
				n, err := strconv.ParseInt(id, 10, 64)
				if err != nil {
					return err
				}
				q.jobs = append(q.jobs, n)
			}
		}
		queues = append(queues, q)
		return nil
	}, `
		SELECT q.queue, q.lane, EXISTS (SELECT 1 FROM lanes l WHERE l.lane = q.lane), CASE WHEN COALESCE(`+asideUntil("q.lane", "q.kind")+`, 0) <= $1 THEN (
		  SELECT STRING_AGG(CAST(first.id AS TEXT), ',')
		  FROM (
		    SELECT n.id FROM jobs n
		    WHERE n.lane = q.lane AND n.kind = q.kind AND n.dead_at = 0 AND n.after_job = 0 AND n.claimed_by = '' AND n.run_at <= $1
		    ORDER BY n.run_at, n.id LIMIT $5) AS first) END
		FROM job_queues q
		WHERE q.next_at <= $1 AND NOT (`+tx.inText("q.lane", "$2")+`) AND `+tx.knownKind("q.kind", "$3")+`
		ORDER BY q.next_at, q.queue
		LIMIT $4 `+tx.engine.SkipLocked(), now, textSet(c.Full), textSet(c.Kinds), c.Most, lookAhead)
	return queues, failing, err
}

// choose picks the jobs to claim: one of each queue, then the second ones, and
// so on. Those of settle may have another time by then. That of a queue with
// more to do only matters when there are others to look at before it.
func (u *Unclaimed) choose(c Claim, queues []dueQueue, failing map[string]bool) (claim []int64, settle []string) {
	due, room := map[string]int{}, map[string]int{}
	for _, q := range queues {
		due[q.lane] += len(q.jobs)
	}
	for _, q := range queues {
		if n := due[q.lane]; n > 0 {
			if _, asked := room[q.lane]; !asked {
				room[q.lane] = c.Room(q.lane, failing[q.lane], n)
				if room[q.lane] < n {
					u.Skipped = append(u.Skipped, q.lane)
				}
			}
		}
	}
	taken := make([]int, len(queues))
	for i := range lookAhead {
		for k, q := range queues {
			if i < len(q.jobs) && room[q.lane] > 0 && len(claim) < c.Most {
				room[q.lane]--
				taken[k]++
				claim = append(claim, q.jobs[i])
			}
		}
	}
	many := len(queues) >= c.Most
	u.More = many || len(claim) >= c.Most
	for k, q := range queues {
		if taken[k] == len(q.jobs) || many && taken[k] > 0 {
			settle = append(settle, q.queue)
		}
		u.More = u.More || taken[k] == lookAhead
	}
	return claim, settle
}

// settleQueues sets right when the first job of each queue is due.
func (tx *Tx) settleQueues(queues []string) error {
	if len(queues) == 0 {
		return nil
	}
	first := `(
		SELECT n.run_at FROM jobs n
		WHERE n.lane = job_queues.lane AND n.kind = job_queues.kind AND n.dead_at = 0 AND n.after_job = 0 AND n.claimed_by = ''
		ORDER BY n.run_at, n.id LIMIT 1)`
	empty, err := tx.exec(`DELETE FROM job_queues WHERE `+tx.inText("queue", "$1")+` AND `+first+` IS NULL`, textSet(queues))
	if err != nil || int(empty) == len(queues) {
		return err
	}
	next := tx.engine.Greatest(first, `COALESCE(`+asideUntil("job_queues.lane", "job_queues.kind")+`, 0)`)
	_, err = tx.exec(`UPDATE job_queues SET next_at = `+next+` WHERE `+tx.inText("queue", "$1"), textSet(queues))
	return err
}

// knownKind is only a filter: no engine should look queues up by their kind, or
// join them with a list of kinds, when it can walk the index of due ones.
func (tx *Tx) knownKind(column, param string) string {
	return "(" + tx.inText(column, param) + ") IS TRUE"
}

// NextRun is when the next job of the kinds that a node knows is due, outside
// of the full lanes, claimed jobs by the end of their lease; ok is false when
// there is none.
func (tx *Tx) NextRun(kinds, full []string) (at time.Time, ok bool, err error) {
	for _, next := range []string{
		`SELECT next_at FROM job_queues WHERE NOT (` + tx.inText("lane", "$1") + `) AND ` + tx.knownKind("kind", "$2") + ` ORDER BY next_at, queue LIMIT 1`,
		`SELECT run_at FROM jobs WHERE dead_at = 0 AND claimed_by <> '' AND NOT (` + tx.inText("lane", "$1") + `) AND ` + tx.knownKind("kind", "$2") + ` ORDER BY run_at LIMIT 1`,
	} {
		ms, found, err := one[int64](tx, next, textSet(full), textSet(kinds))
		if err != nil {
			return time.Time{}, false, err
		}
		if t := time.UnixMilli(ms).UTC(); found && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok, nil
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

// FinishJobs deletes jobs that a node claimed and that are done. A job that
// another node holds by now is left alone, here and in RetryJob and KillJob.
func (tx *Tx) FinishJobs(list ...Job) error {
	if len(list) == 1 {
		_, err := tx.EndJob(list[0])
		return err
	}
	set := make([]int64, len(list))
	for i, j := range list {
		set[i] = j.ID
	}
	// Mostly none waits for any of them.
	n, err := tx.exec(`DELETE FROM jobs WHERE `+tx.in("id", "$1")+` AND claimed_by = $2 AND has_next = FALSE`, setOf(set), list[0].claimedBy)
	if err != nil || int(n) == len(list) {
		return err
	}
	for _, j := range list {
		if _, err := tx.EndJob(j); err != nil {
			return err
		}
	}
	return nil
}

// EndJob is FinishJobs for a job that is done in the same transaction; false
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

// RetryJob returns a claimed job to be run again later: not before its lane is
// tried again, which is the time of its queue.
func (tx *Tx) RetryJob(j Job, runAt time.Time, why string) error {
	tx.engine.JobsDue()
	_, err := tx.exec(`
		UPDATE jobs SET run_at = $3, claimed_by = '', error = $4
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
	return tx.texts(`SELECT DISTINCT kind FROM job_queues WHERE NOT `+tx.knownKind("kind", "$1")+` ORDER BY kind`, textSet(known))
}

// DropJob deletes a job that is obsolete, whoever holds it.
func (tx *Tx) DropJob(id int64) error {
	_, err := tx.endJobs(`DELETE FROM jobs WHERE id = $1`, id)
	return err
}
