package store

import (
	"slices"
	"time"

	"kinglet/internal/fault"
)

// Notification notifies a local account of what somebody did.
type Notification struct {
	ID        int64
	AccountID AccountID // the notified account
	Type      string    // Mastodon's: mention, favourite, reblog, follow, follow_request, status, update, poll, quote, admin.report; and Pleroma's of reactions
	From      AccountID
	StatusID  ObjectID // 0 for none
	CreatedAt time.Time

	// Filled by Notifications.
	FromAccount  *Account // as displayed: see displayedColumns
	Status       *Status
	Reaction     Reaction // the newest, of a ReactionNotification
	Report       *Report  // of an admin.report: the newest of FromAccount
	ReportTarget *Account
}

// Notify writes a notification for a local account, unless it exists already,
// is about the account's own action (but for the end of its own poll), or the
// account blocks or mutes the sender. Remote accounts are ignored.
func (tx *Tx) Notify(n *Notification) (created bool, err error) {
	restore(tx, n)
	n.CreatedAt = tx.Now()
	err = tx.insertNew(n.CreatedAt, func(id int64) error {
		n.ID = id
		created, err = tx.insertNotification(n)
		return err
	})
	if err == nil && created {
		tx.Emit(EventNotification, int64(n.AccountID), n.ID)
	}
	return created, err
}

func (tx *Tx) insertNotification(n *Notification) (created bool, err error) {
	rows, err := tx.exec(`
		INSERT INTO notifications (id, account_id, type, from_account_id, status_id, created_at)
		SELECT CAST($1 AS BIGINT), u.account_id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT)
		FROM users u
		WHERE u.account_id = $2 AND (u.account_id <> $4 OR $3 = 'poll')
		  AND `+notBlocked("CAST($4 AS BIGINT)", "$2")+`
		  AND NOT EXISTS (
		    SELECT 1 FROM mutes m
		    WHERE m.account_id = $2 AND m.target_id = $4 AND m.notifications
		      AND (m.expires_at = 0 OR m.expires_at > $6))
		ON CONFLICT (account_id, type, from_account_id, status_id) DO NOTHING`,
		n.ID, n.AccountID, n.Type, n.From, n.StatusID, millis(n.CreatedAt))
	return rows == 1, err
}

// RetractNotification deletes a notification when its cause is undone.
func (tx *Tx) RetractNotification(account AccountID, typ string, from AccountID, status ObjectID) error {
	return tx.deleteNotifications(account, `type = $2 AND from_account_id = $3 AND status_id = $4`, typ, from, status)
}

// deleteNotifications deletes those of an account ($1) that match a condition.
func (tx *Tx) deleteNotifications(account AccountID, where string, args ...any) error {
	n, err := tx.exec(`DELETE FROM notifications WHERE account_id = $1 AND `+where, append([]any{account}, args...)...)
	if err == nil && n > 0 {
		tx.Emit(EventNotificationsDelete, int64(account))
	}
	return err
}

// NotificationQuery filters notifications: only Types if there are any, never
// ExcludeTypes, and only From if it is not 0.
type NotificationQuery struct {
	Types, ExcludeTypes []string
	From                AccountID
}

const notificationColumns = `n.id, n.account_id, n.type, n.from_account_id, n.status_id, n.created_at`

func (n *Notification) dest() []any {
	return []any{&n.ID, &n.AccountID, &n.Type, &n.From, &n.StatusID, toTime(&n.CreatedAt)}
}

// Notifications reads a page of an account's notifications, with the accounts
// and statuses, leaving out what it may no longer see. end is as in timeline.
func (tx *Tx) Notifications(viewer AccountID, q NotificationQuery, p Page) (list []*Notification, end int64, err error) {
	filtered := len(q.Types) > 0 || len(q.ExcludeTypes) > 0
	var types []string
	if filtered {
		if types, err = tx.notificationTypes(viewer, q); err != nil || len(types) == 0 {
			return nil, 0, err
		}
	}
	l := tx.newListing(p, func(l *listing) (sources []source) {
		if q.From != 0 {
			return []source{{"n.id", "notifications n", "notifications_from", `n.from_account_id = ` + l.add(q.From)}}
		}
		own := `n.account_id = ` + l.add(viewer)
		for _, typ := range types {
			sources = append(sources, source{"n.id", "notifications n", "notifications_type", own + ` AND n.type = ` + l.add(typ)})
		}
		if !filtered {
			sources = []source{{"n.id", "notifications n", "notifications_account", own}}
		}
		return sources
	})
	where, v := ``, l.add(viewer)
	if filtered && q.From != 0 {
		where = ` AND ` + tx.inText("n.type", l.add(textSet(types)))
	}
	now, limit := l.add(millis(tx.Now())), l.add(p.Limit)
	err = tx.query(func(row scanner) error {
		n := new(Notification)
		list = append(list, n)
		return row.Scan(n.dest()...)
	}, `
		SELECT `+notificationColumns+`
		FROM (`+l.limited()+`) c
		CROSS JOIN notifications n
		CROSS JOIN accounts fa
		LEFT JOIN objects o ON o.id = n.status_id
		WHERE n.id = c.id AND n.account_id = `+v+where+`
		  AND fa.id = n.from_account_id AND fa.suspended_at = 0 AND fa.deleted_at = 0
		  AND (n.status_id = 0 OR `+visible("o", v)+`)
		  AND `+notBlocked("n.from_account_id", v)+`
		  AND NOT EXISTS (
		    SELECT 1 FROM mutes m
		    WHERE m.account_id = `+v+` AND m.target_id = n.from_account_id AND m.notifications
		      AND (m.expires_at = 0 OR m.expires_at > `+now+`))
		ORDER BY c.id `+p.order()+`
		LIMIT `+limit, l.params...)
	if err != nil {
		return nil, 0, err
	}
	if end, err = tx.endOfListing(l, len(list)); err != nil {
		return nil, 0, err
	}
	return newestFirst(p, list), end, tx.fillNotifications(viewer, list)
}

// notificationTypes lists the types of an account's notifications that fit a
// query. Each is found from the one before it, without visiting what is between.
func (tx *Tx) notificationTypes(account AccountID, q NotificationQuery) ([]string, error) {
	types, err := tx.texts(`
		WITH RECURSIVE found (type) AS (
		  SELECT MIN(type) FROM notifications WHERE account_id = $1
		  UNION ALL
		  SELECT (SELECT MIN(n.type) FROM notifications n WHERE n.account_id = $1 AND n.type > found.type)
		  FROM found
		  WHERE found.type IS NOT NULL)
		SELECT type FROM found WHERE type IS NOT NULL`, account)
	return slices.DeleteFunc(types, func(typ string) bool {
		if len(q.Types) > 0 {
			return !slices.Contains(q.Types, typ)
		}
		return slices.Contains(q.ExcludeTypes, typ)
	}), err
}

// Notification reads one; NotFound.
func (tx *Tx) Notification(viewer AccountID, id int64) (*Notification, error) {
	n := new(Notification)
	err := tx.get("notification", n.dest(), `SELECT `+notificationColumns+` FROM notifications n WHERE n.id = $1 AND n.account_id = $2`, id, viewer)
	if err != nil {
		return nil, err
	}
	statuses, err := tx.Statuses(viewer, []ObjectID{n.StatusID})
	if err != nil {
		return nil, err
	}
	if len(statuses) > 0 {
		n.Status = statuses[0]
	}
	from, err := tx.displayedAccounts([]AccountID{n.From})
	if err != nil {
		return nil, err
	}
	n.FromAccount = from[n.From]
	return n, tx.fillMore(viewer, []*Notification{n})
}

// fillNotifications adds the accounts and the statuses, which viewer may see.
func (tx *Tx) fillNotifications(viewer AccountID, list []*Notification) error {
	var statuses []ObjectID
	var from []AccountID
	for _, n := range list {
		if n.StatusID != 0 {
			statuses = append(statuses, n.StatusID)
		}
		from = append(from, n.From)
	}
	byID, accounts, err := tx.decidedStatuses(viewer, statuses, from)
	if err != nil {
		return err
	}
	for _, n := range list {
		n.Status, n.FromAccount = byID[n.StatusID], accounts[n.From]
	}
	return tx.fillMore(viewer, list)
}

// fillMore adds what some types of notifications are about besides a status.
func (tx *Tx) fillMore(viewer AccountID, list []*Notification) error {
	if err := tx.fillReports(viewer, list); err != nil {
		return err
	}
	return tx.fillReactions(list)
}

// ReportNotification is the type that notifies admins of reports.
const ReportNotification = "admin.report"

// fillReports adds the reports to the notifications of them, if there are any and
// the viewer is an admin still.
func (tx *Tx) fillReports(viewer AccountID, list []*Notification) error {
	var from []AccountID
	for _, n := range list {
		if n.Type == ReportNotification {
			from = append(from, n.From)
		}
	}
	reports, err := tx.ReportsBy(viewer, from)
	if err != nil || len(reports) == 0 {
		return err
	}
	var targets []AccountID
	for _, r := range reports {
		targets = append(targets, r.TargetID)
	}
	accounts, err := tx.displayedAccounts(targets)
	for _, n := range list {
		if r := reports[n.From]; n.Type == ReportNotification && r != nil && accounts[r.TargetID] != nil {
			n.Report, n.ReportTarget = r, accounts[r.TargetID]
		}
	}
	return err
}

// DismissNotification deletes one notification.
func (tx *Tx) DismissNotification(account AccountID, id int64) error {
	n, err := tx.exec(`DELETE FROM notifications WHERE account_id = $1 AND id = $2`, account, id)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "notification not found")
	}
	if err == nil {
		tx.Emit(EventNotificationsDelete, int64(account))
	}
	return err
}

// ClearNotifications deletes all notifications of an account.
func (tx *Tx) ClearNotifications(account AccountID) error {
	return tx.deleteNotifications(account, `TRUE`)
}

// CountUnread counts notifications above the account's marker, up to most.
func (tx *Tx) CountUnread(account AccountID, most int) (int64, error) {
	n, _, err := one[int64](tx, `
		SELECT COUNT(*) FROM (
		  SELECT n.id FROM notifications n
		  WHERE n.account_id = $1 AND n.id > COALESCE((
		    SELECT last_read_id FROM markers WHERE account_id = $1 AND timeline = 'notifications'), 0)
		  LIMIT $2) AS unread`, account, most)
	return n, err
}
