package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What came to the inboxes and what came of it, and which host took what of ours:
// two tables for a person who asks why (`kinglet why`). They have ids, hosts and
// reasons, and nothing of what anybody wrote. What waits or was given up is in
// jobs.

// The outcomes of what came.
const (
	Accepted = "accepted"
	Waiting  = "waiting" // for something to be fetched
	Ignored  = "ignored" // it was acknowledged, and nobody here wants it
	Refused  = "refused"
)

// Arrival is one activity that came to an inbox, and what came of it.
type Arrival struct {
	ID       int64 // of its row
	At       time.Time
	Host     string // of the key that signed it, or is said to have
	Followed bool   // somebody here follows who signed it
	Verified bool   // the signature was good: otherwise all of it may be a lie
	Outcome  string

	// As the sender says, cut by LogText.
	KeyID, Actor, Activity, Type, Object string

	Reason string
	More   int // how many like it came that have no row
}

// Sent is an activity of ours that a host has taken.
type Sent struct {
	At       time.Time
	Activity ObjectID
	Host     string
}

const (
	// maxLogText is the longest text of a row, in bytes. Of a longer one the
	// beginning is kept, and found.
	maxLogText = 256
	// logChunk is how many rows one INSERT has.
	logChunk = 16
	// maxOfHost is the part of inbox_log that one host may have, and the same of
	// what only claims to be from it. Half of the table is for accounts that
	// somebody here follows, and half for others; half of that at most for what
	// nobody has proven to have sent, whichever hosts it names.
	maxOfHost = 1.0 / 10
)

// LogText cuts a stranger's text to what a row of the log may have.
func LogText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, s[:min(len(s), maxLogText+utf8.UTFMax)])
	for len(s) > maxLogText {
		_, last := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-last]
	}
	return s
}

// logged is a column with a URI, as LogText cuts it.
func logged(column string) string { return fmt.Sprintf("SUBSTR(%s, 1, %d)", column, maxLogText) }

// logTable has the statements that insert one row, and logChunk rows.
type logTable struct{ one, many string }

func newLogTable(into string, types ...string) logTable {
	insert := func(rows int) string {
		values := make([]string, rows)
		for i := range values {
			params := make([]string, len(types))
			for k, typ := range types {
				params[k] = fmt.Sprintf("CAST($%d AS %s)", i*len(types)+k+1, typ)
			}
			values[i] = "(" + strings.Join(params, ", ") + ")"
		}
		return `INSERT INTO ` + into + ` VALUES ` + strings.Join(values, ", ") + ` ON CONFLICT (id) DO NOTHING`
	}
	return logTable{insert(1), insert(logChunk)}
}

var (
	inboxLog = newLogTable("inbox_log (id, at, host, followed, verified, outcome, key_id, actor, activity, type, object, reason, more)",
		"BIGINT", "BIGINT", "TEXT", "BOOLEAN", "BOOLEAN", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "BIGINT")
	deliveryLog = newLogTable("delivery_log (id, at, activity_id, host)", "BIGINT", "BIGINT", "BIGINT", "TEXT")
)

// WriteFederationLog writes rows of both tables. A row whose id another node has
// taken is left out: it is a log. What was gathered before a post was deleted, here
// or by another node, does not stay.
func (tx *Tx) WriteFederationLog(came []Arrival, sent []Sent) error {
	rows := make([][]any, 0, max(len(came), len(sent)))
	for _, a := range came {
		rows = append(rows, []any{tx.NewID(a.At), millis(a.At), LogText(a.Host), a.Followed, a.Verified, a.Outcome,
			LogText(a.KeyID), LogText(a.Actor), LogText(a.Activity), LogText(a.Type), LogText(a.Object), LogText(a.Reason), a.More})
	}
	if err := tx.insertLog(inboxLog, rows); err != nil {
		return err
	}
	if len(rows) > 0 {
		if _, err := tx.exec(`
			DELETE FROM inbox_log
			WHERE `+tx.in("id", "$1")+` AND type <> 'Delete' AND EXISTS (
			  SELECT 1 FROM objects o WHERE o.uri = inbox_log.object AND o.deleted_at >= inbox_log.at)`, idsOf(rows)); err != nil {
			return err
		}
	}
	rows = rows[:0]
	for _, d := range sent {
		rows = append(rows, []any{tx.NewID(d.At), millis(d.At), d.Activity, LogText(d.Host)})
	}
	if err := tx.insertLog(deliveryLog, rows); err != nil || len(rows) == 0 {
		return err
	}
	_, err := tx.exec(`
		DELETE FROM delivery_log
		WHERE `+tx.in("id", "$1")+` AND EXISTS (
		  SELECT 1 FROM objects a JOIN objects o ON o.uri = a.object_uri
		  WHERE a.id = delivery_log.activity_id AND a.type <> 'Delete' AND o.deleted_at >= delivery_log.at)`, idsOf(rows))
	return err
}

// idsOf are the ids of rows of the log, as a set.
func idsOf(rows [][]any) string {
	list := make([]ObjectID, len(rows))
	for i, row := range rows {
		list[i] = ObjectID(row[0].(int64))
	}
	return setOf(list)
}

func (tx *Tx) insertLog(into logTable, rows [][]any) error {
	for len(rows) > 0 {
		n, insert := 1, into.one
		if len(rows) >= logChunk {
			n, insert = logChunk, into.many
		}
		if _, err := tx.exec(insert, slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// TrimFederationLog deletes what is too old, and of each table what is more than
// so many rows, with a share for each kind and host. What is to be deleted is read
// first: that holds up nobody.
func (s *Store) TrimFederationLog(ctx context.Context, before time.Time, rows int) error {
	of := map[string][]ObjectID{}
	if err := s.View(ctx, func(tx *Tx) (err error) {
		if of["inbox_log"], err = ids[ObjectID](tx, `
			SELECT l.id
			FROM (
			  SELECT k.id, k.kept, ROW_NUMBER() OVER (PARTITION BY k.followed, k.kept ORDER BY k.id DESC) AS of_kind
			  FROM (
			    SELECT h.id, h.followed,
			      h.at >= $1 AND h.of_host <= $3 AND (h.verified OR h.of_proof <= $4) AS kept
			    FROM (
			      SELECT i.id, i.at, i.followed, i.verified,
			        ROW_NUMBER() OVER (PARTITION BY i.host, i.verified ORDER BY i.id DESC) AS of_host,
			        ROW_NUMBER() OVER (PARTITION BY i.verified ORDER BY i.id DESC) AS of_proof
			      FROM inbox_log i) AS h) AS k) AS l
			WHERE NOT l.kept OR l.of_kind > $2
			ORDER BY l.id`, millis(before), max(rows/2, 1), max(int(float64(rows)*maxOfHost), 1), max(rows/4, 1)); err != nil {
			return err
		}
		of["delivery_log"], err = ids[ObjectID](tx, `
			SELECT l.id
			FROM (SELECT d.id, d.at, ROW_NUMBER() OVER (ORDER BY d.id DESC) AS place FROM delivery_log d) AS l
			WHERE l.at < $1 OR l.place > $2
			ORDER BY l.id`, millis(before), rows)
		return err
	}); err != nil {
		return err
	}
	for table, list := range of {
		if err := s.inBatches(ctx, list, func(tx *Tx, set string) error {
			_, err := tx.exec(`DELETE FROM `+table+` WHERE `+tx.in("id", "$1"), set)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

const arrivalColumns = `l.id, l.at, l.host, l.followed, l.verified, l.outcome, l.key_id, l.actor, l.activity, l.type, l.object, l.reason, l.more`

func (tx *Tx) arrivals(where string, args ...any) (list []Arrival, err error) {
	err = tx.query(func(row scanner) error {
		var a Arrival
		err := row.Scan(&a.ID, toTime(&a.At), &a.Host, &a.Followed, &a.Verified, &a.Outcome, &a.KeyID, &a.Actor, &a.Activity, &a.Type, &a.Object, &a.Reason, &a.More)
		list = append(list, a)
		return err
	}, `SELECT `+arrivalColumns+` FROM inbox_log l WHERE `+where, args...)
	return list, err
}

// ArrivalsAbout lists what came of an activity or about an object, oldest first:
// the newest ones.
func (tx *Tx) ArrivalsAbout(uri string, most int) ([]Arrival, error) {
	return tx.arrivals(`l.id IN (
		SELECT i.id FROM inbox_log i WHERE i.object = $1 OR i.activity = $1 ORDER BY i.id DESC LIMIT $2) ORDER BY l.id`, LogText(uri), most)
}

// ArrivalsOf lists what came of an actor, newest first.
func (tx *Tx) ArrivalsOf(actor string, most int) ([]Arrival, error) {
	return tx.arrivals(`l.actor = $1 ORDER BY l.id DESC LIMIT $2`, LogText(actor), most)
}

// ArrivalsFrom lists what came from a host, or is said to have, with one of some
// outcomes, newest first.
func (tx *Tx) ArrivalsFrom(host string, outcomes []string, most int) ([]Arrival, error) {
	return tx.arrivals(`l.host = $1 AND `+tx.inText("l.outcome", "$2")+` ORDER BY l.id DESC LIMIT $3`, LogText(host), textSet(outcomes), most)
}

// SentTo is when a host took something of ours last; zero for not lately.
func (tx *Tx) SentTo(host string) (time.Time, error) {
	at, _, err := one[int64](tx, `SELECT d.at FROM delivery_log d WHERE d.host = $1 ORDER BY d.id DESC LIMIT 1`, LogText(host))
	if at == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(at).UTC(), err
}

// SentOf lists who took an activity of ours, in their order.
func (tx *Tx) SentOf(activity ObjectID, most int) (list []Sent, err error) {
	err = tx.query(func(row scanner) error {
		s := Sent{Activity: activity}
		err := row.Scan(toTime(&s.At), &s.Host)
		list = append(list, s)
		return err
	}, `SELECT at, host FROM delivery_log WHERE activity_id = $1 ORDER BY id LIMIT $2`, activity, most)
	return list, err
}

// DeliveriesOf lists the jobs that deliver an activity of ours, or enqueue its
// deliveries: those that wait and those that were given up.
func (tx *Tx) DeliveriesOf(activity ObjectID, most int) ([]Job, error) {
	return tx.jobs(`j.kind IN ('deliver', 'fan_out') AND j.args LIKE $1 ORDER BY j.lane, j.id LIMIT $2`, `{"activity":`+activity.String()+`,%`, most)
}

// DeliveriesTo lists the deliveries to a host that wait, and those that were given
// up, newest first.
func (tx *Tx) DeliveriesTo(host string, most int) (waiting, givenUp []Job, err error) {
	if waiting, err = tx.jobs(`j.lane = $1 AND j.kind = 'deliver' AND j.dead_at = 0 ORDER BY j.id DESC LIMIT $2`, host, most); err == nil {
		givenUp, err = tx.jobs(`j.lane = $1 AND j.kind = 'deliver' AND j.dead_at <> 0 ORDER BY j.id DESC LIMIT $2`, host, most)
	}
	return waiting, givenUp, err
}

// FetchesFor lists the jobs that fetch what was put off about an object, or fetch
// it itself.
func (tx *Tx) FetchesFor(uri string, most int) ([]Job, error) {
	return tx.jobs(`j.kind IN ('ingest', 'thread', 'quote', 'forwarded', 'relayed') AND REPLACE(j.args, CAST($1 AS TEXT), '') <> j.args ORDER BY j.id LIMIT $2`, encodeJSON(uri), most)
}

func (tx *Tx) jobs(where string, args ...any) (list []Job, err error) {
	err = tx.query(func(row scanner) error {
		var j Job
		err := row.Scan(j.dest()...)
		list = append(list, j)
		return err
	}, `SELECT `+jobColumns+` FROM jobs j WHERE `+where, args...)
	return list, err
}
