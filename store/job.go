package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NewJob is work that runs after the transaction that enqueues it.
type NewJob struct {
	Kind      string
	Lane      string // a remote host, or a kind of local work
	Args      json.RawMessage
	UniqueKey string    // "" for none; a waiting job of the same key makes this one void
	RunAt     time.Time // zero for at once

	// Order keeps jobs in sequence, 0 for none: this job does not run
	// before the earlier ones of the same order have ended. Such a job has
	// no UniqueKey.
	Order int64
	// First reports that there can be no earlier job of its order, so that
	// none is looked for.
	First bool
	// Replaces deletes the waiting jobs of its order.
	Replaces bool
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

	// LaneFailing reports, for a claimed job, that the host of its lane did
	// not answer its last request.
	LaneFailing bool

	order     int64
	claimedBy string
}

const jobColumns = `j.id, j.kind, j.lane, j.args, j.run_at, j.attempts, j.error, j.created_at, j.dead_at, j.order_key, j.claimed_by`

func (j *Job) dest() []any {
	return []any{&j.ID, &j.Kind, &j.Lane, raw(&j.Args), toTime(&j.RunAt), &j.Attempts, &j.Error, toTime(&j.CreatedAt), toTime(&j.DeadAt), &j.order, &j.claimedBy}
}

// jobChunk is how many rows one INSERT has: a post to a thousand hosts is a
// few statements.
const jobChunk = 50

// Enqueue writes jobs and wakes the workers at the commit. The queue of a job for
// a lane that is set aside is not due until that is tried again; a job of an
// order waits for the earlier ones.
func (tx *Tx) Enqueue(list ...NewJob) error {
	if len(list) == 0 {
		return nil
	}
	tx.engine.JobsDue()
	before, err := tx.joinOrders(list)
	if err != nil {
		return err
	}
	// Queues are taken in one order: two who enqueue for the same lanes would wait
	// for each other.
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b NewJob) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Kind, b.Kind))
	})
	for len(list) >= jobChunk {
		if err := tx.insertJobs(list[:jobChunk], before); err != nil {
			return err
		}
		list = list[jobChunk:]
	}
	for i := range list {
		if err := tx.insertJobs(list[i:i+1], before); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) insertJobs(list []NewJob, before map[int64]int64) error {
	now := tx.Now()
	return tx.insertNew(now, func(id int64) error { return tx.insertJobRows(now, id, list, before) })
}

// insertJobRows inserts jobs, the first with the given id, each behind the one
// that it waits for. A job whose key a waiting job has is skipped; an id that
// is in use is an error, so that no job is lost.
func (tx *Tx) insertJobRows(now time.Time, id int64, list []NewJob, before map[int64]int64) error {
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
		  CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT))`,
			n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8, n+9))
		args = append(args, id, j.Kind, j.Lane, string(j.Args), unique, millis(j.RunAt), millis(now), j.Order, before[j.Order])
	}
	_, err := tx.exec(`INSERT INTO jobs (id, kind, lane, args, unique_key, run_at, created_at, order_key, after_job) VALUES `+
		strings.Join(rows, ", ")+` ON CONFLICT (unique_key) DO NOTHING`, args...)
	return err
}

// DeadJobs lists the dead jobs, newest first.
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

// textSet encodes a list of strings as the JSON parameter of tx.inText, without
// those that no row can have.
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

// JobsInLane lists the jobs of a kind in a lane, including dead ones.
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
