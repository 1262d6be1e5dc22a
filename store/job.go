package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NewJob is work to be done after the transaction that causes it.
type NewJob struct {
	Kind      string
	Lane      string // a remote host, or a kind of local work
	Args      json.RawMessage
	UniqueKey string    // "" for none; a waiting job of the same key makes this one void
	RunAt     time.Time // zero for at once
}

// Job is a row of jobs: waiting, claimed, or dead.
type Job struct {
	ID        int64
	Kind      string
	Lane      string
	Args      json.RawMessage
	RunAt     time.Time
	Attempts  int // counts this one once it is claimed
	Error     string
	CreatedAt time.Time
	DeadAt    time.Time
}

const jobColumns = `j.id, j.kind, j.lane, j.args, j.run_at, j.attempts, j.error, j.created_at, j.dead_at`

func (j *Job) dest() []any {
	return []any{&j.ID, &j.Kind, &j.Lane, raw(&j.Args), toTime(&j.RunAt), &j.Attempts, &j.Error, toTime(&j.CreatedAt), toTime(&j.DeadAt)}
}

// jobChunk is how many rows one INSERT has: a post to a thousand hosts is a
// few statements.
const jobChunk = 50

// Enqueue writes jobs and has the workers woken at the commit. A job for a
// lane that is set aside waits until that is tried again.
func (tx *Tx) Enqueue(list ...NewJob) error {
	if len(list) == 0 {
		return nil
	}
	tx.engine.JobsDue()
	for len(list) >= jobChunk {
		if err := tx.insertJobs(list[:jobChunk]); err != nil {
			return err
		}
		list = list[jobChunk:]
	}
	for i := range list {
		if err := tx.insertJobs(list[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) insertJobs(list []NewJob) error {
	now := tx.Now()
	return tx.insertNew(now, func(id int64) error { return tx.insertJobRows(now, id, list) })
}

// insertJobRows writes jobs, the first with the id given. A key that a waiting
// job has makes one void; an id that a job has is an error, and no reason to
// lose one.
func (tx *Tx) insertJobRows(now time.Time, id int64, list []NewJob) error {
	var rows []string
	var args []any
	for i, j := range list {
		if i > 0 {
			id = tx.NewID(now)
		}
		if j.RunAt.IsZero() {
			j.RunAt = now
		}
		var unique any
		if j.UniqueKey != "" {
			unique = j.UniqueKey
		}
		n := len(args)
		rows = append(rows, fmt.Sprintf(`(CAST($%d AS BIGINT), CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS TEXT),
		  COALESCE((SELECT l.not_before FROM lanes l WHERE l.lane = $%d AND l.not_before > $%d), CAST($%d AS BIGINT)), CAST($%d AS BIGINT))`,
			n+1, n+2, n+3, n+4, n+5, n+3, n+6, n+6, n+7))
		args = append(args, id, j.Kind, j.Lane, string(j.Args), unique, millis(j.RunAt), millis(now))
	}
	_, err := tx.exec(`INSERT INTO jobs (id, kind, lane, args, unique_key, run_at, created_at) VALUES `+
		strings.Join(rows, ", ")+` ON CONFLICT (unique_key) DO NOTHING`, args...)
	return err
}

// ClaimJobs takes up to n due jobs for a node, oldest first, none of the
// lanes that are full and, of each other lane, as many as room says. What is
// claimed comes back when the lease ends, should the node not live so long.
// skipped are the lanes whose due jobs were passed over for want of room.
func (tx *Tx) ClaimJobs(node string, full []string, room func(lane string) int, n int, lease time.Duration) (claimed []Job, skipped []string, err error) {
	var claim []int64
	taken := map[string]int{}
	err = tx.query(func(row scanner) error {
		var j Job
		if err := row.Scan(j.dest()...); err != nil {
			return err
		}
		if taken[j.Lane] >= room(j.Lane) {
			skipped = append(skipped, j.Lane)
			return nil
		}
		taken[j.Lane]++
		j.Attempts++
		claimed, claim = append(claimed, j), append(claim, j.ID)
		return nil
	}, `
		SELECT `+jobColumns+`
		FROM jobs j
		WHERE j.dead_at = 0 AND j.run_at <= $1 AND NOT (`+tx.inText("j.lane", "$2")+`)
		ORDER BY j.run_at, j.id
		LIMIT $3 `+tx.engine.SkipLocked(), millis(tx.Now()), textSet(full), n)
	if err != nil || len(claim) == 0 {
		return nil, skipped, err
	}
	_, err = tx.exec(`UPDATE jobs SET run_at = $2, claimed_by = $3, attempts = attempts + 1 WHERE `+tx.in("id", "$1"),
		setOf(claim), millis(tx.Now().Add(lease)), node)
	return claimed, skipped, err
}

// FinishJob drops a job that is done.
func (tx *Tx) FinishJob(id int64) error {
	_, err := tx.exec(`DELETE FROM jobs WHERE id = $1`, id)
	return err
}

// RetryJob puts a job back to be done again later.
func (tx *Tx) RetryJob(id int64, runAt time.Time, why string) error {
	tx.engine.JobsDue()
	_, err := tx.exec(`UPDATE jobs SET run_at = $2, claimed_by = '', error = $3 WHERE id = $1`, id, millis(runAt), why)
	return err
}

// KillJob gives a job up: it stays, dead, for a person to see.
func (tx *Tx) KillJob(id int64, why string) error {
	_, err := tx.exec(`UPDATE jobs SET dead_at = $2, claimed_by = '', unique_key = NULL, error = $3 WHERE id = $1`, id, millis(tx.Now()), why)
	return err
}

// DeadJobs lists what was given up, newest first.
func (tx *Tx) DeadJobs(limit int) ([]Job, error) {
	var out []Job
	err := tx.query(func(row scanner) error {
		var j Job
		err := row.Scan(j.dest()...)
		out = append(out, j)
		return err
	}, `SELECT `+jobColumns+` FROM jobs j WHERE j.dead_at <> 0 ORDER BY j.dead_at DESC LIMIT $1`, limit)
	return out, err
}

// NextRun is when the next job is due outside of the lanes that are full,
// claimed ones by the end of their lease; ok is false when there is none.
func (tx *Tx) NextRun(full []string) (at time.Time, ok bool, err error) {
	ms, ok, err := one[int64](tx, `
		SELECT run_at FROM jobs
		WHERE dead_at = 0 AND NOT (`+tx.inText("lane", "$1")+`)
		ORDER BY run_at, id LIMIT 1`, textSet(full))
	if err != nil || !ok {
		return time.Time{}, false, err
	}
	return time.UnixMilli(ms).UTC(), true, nil
}

// textSet is a list of strings as the JSON parameter that tx.inText wants,
// without those that no row can have.
func textSet(list []string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !ValidText(s) })
	if s := jsonText(list); s != "" {
		return s
	}
	return "[]"
}

// CountJobs counts the live jobs of a kind.
func (tx *Tx) CountJobs(kind string) (int64, error) {
	n, _, err := one[int64](tx, `SELECT COUNT(*) FROM jobs WHERE dead_at = 0 AND kind = $1`, kind)
	return n, err
}

// JobsInLane lists the jobs of a kind and a lane, those that were given up as well.
func (tx *Tx) JobsInLane(kind, lane string) ([]Job, error) {
	var out []Job
	err := tx.query(func(row scanner) error {
		var j Job
		err := row.Scan(j.dest()...)
		out = append(out, j)
		return err
	}, `SELECT `+jobColumns+` FROM jobs j WHERE j.kind = $1 AND j.lane = $2 AND j.dead_at = 0
		UNION ALL
		SELECT `+jobColumns+` FROM jobs j WHERE j.kind = $1 AND j.lane = $2 AND j.dead_at <> 0`, kind, lane)
	return out, err
}

// CountWaiting counts the jobs of a kind that wait in a lane, up to most.
func (tx *Tx) CountWaiting(kind, lane string, most int) (int, error) {
	n, _, err := one[int64](tx, `
		SELECT COUNT(*)
		FROM (SELECT 1 FROM jobs j WHERE j.lane = $1 AND j.dead_at = 0 AND j.kind = $2 LIMIT $3) AS waiting`, lane, kind, most)
	return int(n), err
}
