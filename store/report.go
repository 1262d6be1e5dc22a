package store

import (
	"time"

	"kinglet/internal/fault"
)

// Report is a complaint about an account and some of its posts: made here, or
// a Flag of another server.
type Report struct {
	ID        int64
	URI       string // of the Flag
	AccountID AccountID
	TargetID  AccountID
	Host      string // of who reports; "" for an account here
	Category  string // spam, legal, violation or other
	Comment   string // plain text
	StatusIDs []ObjectID
	Forwarded bool

	CreatedAt, ResolvedAt time.Time
}

const reportColumns = `r.id, r.uri, r.account_id, r.target_id, r.host, r.category, r.comment, r.status_ids, r.forwarded, r.created_at, r.resolved_at`

func (r *Report) dest() []any {
	return []any{
		&r.ID, &r.URI, &r.AccountID, &r.TargetID, &r.Host, &r.Category, &r.Comment, fromJSON(&r.StatusIDs), &r.Forwarded,
		toTime(&r.CreatedAt), toTime(&r.ResolvedAt),
	}
}

// InsertReport writes a report; false when the same one is here already.
func (tx *Tx) InsertReport(r *Report) (created bool, err error) {
	restore(tx, r)
	r.CreatedAt = tx.Now()
	err = tx.insertNew(r.CreatedAt, func(id int64) error {
		r.ID = id
		n, err := tx.exec(`
			INSERT INTO reports (id, uri, account_id, target_id, host, category, comment, status_ids, forwarded, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (account_id, target_id, uri) DO NOTHING`,
			r.ID, r.URI, r.AccountID, r.TargetID, r.Host, r.Category, r.Comment, jsonText(r.StatusIDs), r.Forwarded, millis(r.CreatedAt))
		created = n == 1
		return err
	})
	return created, err
}

// HasRoomForReports reports whether fewer reports than most wait to be resolved
// of a host, and fewer than total of all.
func (tx *Tx) HasRoomForReports(host string, most, total int) (bool, error) {
	room, _, err := one[bool](tx, `
		SELECT (SELECT COUNT(*) FROM (SELECT r.id FROM reports r WHERE r.host = $1 AND r.resolved_at = 0 LIMIT $2) AS of_host) < $2
		  AND (SELECT COUNT(*) FROM (SELECT r.id FROM reports r WHERE r.resolved_at = 0 LIMIT $3) AS of_all) < $3`, host, most, total)
	return room, err
}

// Reports lists the newest reports: those that are not resolved, or all.
func (tx *Tx) Reports(all bool, most int) ([]*Report, error) {
	where := `WHERE r.resolved_at = 0`
	if all {
		where = ``
	}
	return tx.reports(`SELECT `+reportColumns+` FROM reports r `+where+` ORDER BY r.id DESC LIMIT $1`, most)
}

// Report reads a report; NotFound.
func (tx *Tx) Report(id int64) (*Report, error) {
	r := new(Report)
	return r, tx.get("report", r.dest(), `SELECT `+reportColumns+` FROM reports r WHERE r.id = $1`, id)
}

// ReportsBy reads the newest report of each of some accounts, for an admin; none
// for others.
func (tx *Tx) ReportsBy(admin AccountID, accounts []AccountID) (map[AccountID]*Report, error) {
	out := map[AccountID]*Report{}
	if len(accounts) == 0 {
		return out, nil
	}
	list, err := tx.reports(`
		SELECT `+reportColumns+`
		FROM reports r
		WHERE r.id IN (SELECT MAX(n.id) FROM reports n WHERE `+tx.in("n.account_id", "$1")+` GROUP BY n.account_id)
		  AND EXISTS (SELECT 1 FROM users u WHERE u.account_id = $2 AND u.admin)`, setOf(accounts), admin)
	for _, r := range list {
		out[r.AccountID] = r
	}
	return out, err
}

func (tx *Tx) reports(query string, args ...any) (list []*Report, err error) {
	err = tx.query(func(row scanner) error {
		r := new(Report)
		list = append(list, r)
		return row.Scan(r.dest()...)
	}, query, args...)
	return list, err
}

// ResolveReport marks a report as resolved, once.
func (tx *Tx) ResolveReport(id int64) error {
	n, err := tx.exec(`UPDATE reports SET resolved_at = $2 WHERE id = $1 AND resolved_at = 0`, id, millis(tx.Now()))
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "there is no open report %d", id)
	}
	return err
}

// Admins lists the accounts here that are admins.
func (tx *Tx) Admins() ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT u.account_id FROM users u JOIN accounts a ON a.id = u.account_id
		WHERE u.admin AND a.deleted_at = 0 AND a.suspended_at = 0`)
}

// LocalStatuses finds the statuses of accounts here among URIs, the first most
// of them, by their authors.
func (tx *Tx) LocalStatuses(uris []string, most int) (map[AccountID][]ObjectID, error) {
	out := map[AccountID][]ObjectID{}
	if len(uris) == 0 {
		return out, nil
	}
	err := tx.query(func(row scanner) error {
		var id ObjectID
		var author AccountID
		err := row.Scan(&id, &author)
		out[author] = append(out[author], id)
		return err
	}, `
		SELECT o.id, o.account_id
		FROM objects o
		WHERE `+tx.inText("o.uri", "$1")+` AND o.local AND o.is_status AND o.reblog_of_id = 0 AND o.deleted_at = 0
		ORDER BY o.id
		LIMIT $2`, textSet(uris), most)
	return out, err
}

// URIs are those of objects that are not deleted, in the order of their ids.
func (tx *Tx) URIs(list []ObjectID) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return tx.texts(`SELECT o.uri FROM objects o WHERE `+tx.in("o.id", "$1")+` AND o.deleted_at = 0 ORDER BY o.id`, setOf(list))
}
