package store

import (
	"time"

	"kinglet/store/engine"
)

// Event says that something has changed: its kind, and the ids of what.
type Event = engine.Event

// EventListener reads the events that any process on the database commits.
type EventListener = engine.Listener

// ErrMissed is returned to a listener that was away for too long.
var ErrMissed = engine.ErrMissed

// The kinds of events, with the ids that each has. The methods that write the
// rows emit them, so that no caller can forget it; see Emit.
const (
	// EventStatus: a status was written, or put into home feeds. Its id.
	EventStatus = "status"
	// EventStatusEdit: a status was edited. Its id.
	EventStatusEdit = "status_edit"
	// EventStatusDelete: a status was deleted. Its id, for all who could see it;
	// or its id and the account that it was addressed to, for that account.
	EventStatusDelete = "status_delete"
	// EventThread: a thread that somebody opened is being completed. The status
	// that it begins with here, and the one that came.
	EventThread = "thread"
	// EventHome: a home feed changed by more than one status (a follow, the end
	// of one). Its account.
	EventHome = "home"
	// EventNotification: an account was notified. The account, the notification.
	EventNotification = "notification"
	// EventNotificationsDelete: notifications were dismissed or retracted.
	// The account.
	EventNotificationsDelete = "notifications_delete"
	// EventMarker: an account has read further. The account.
	EventMarker = "marker"
)

// Emit sends an event to every listener, in any process, when this transaction
// (of an Update) is durable. It is written to the outbox in the transaction: a
// rollback removes it.
func (tx *Tx) Emit(kind string, ids ...int64) { tx.engine.Emit(kind, ids...) }

// DeleteEvents deletes the events from before a time from the outbox, most at
// once. Listeners got them long ago.
func (tx *Tx) DeleteEvents(before time.Time, most int) (int64, error) {
	return tx.engine.DeleteEvents(millis(before), most)
}

// Only is the page of one row: whether a timeline shows it.
func Only(id int64) Page { return Page{MaxID: id + 1, MinID: id - 1, Limit: 1} }

// DirectStatus reports whether a status is a direct one that viewer sees.
func (tx *Tx) DirectStatus(viewer AccountID, id ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `
		SELECT o.id
		FROM objects o
		WHERE o.id = $2 AND o.visibility = 3 AND o.reblog_of_id = 0
		  AND `+visible("o", "$1")+`
		  AND `+notMuted("o.account_id", "$1", "$3"), viewer, id, millis(tx.Now()))
	return ok, err
}

// DeletedStatuses returns, of the deleted statuses among ids, those that viewer
// could see as far as their author decides, with their remaining columns. Their
// addressees are no longer known.
func (tx *Tx) DeletedStatuses(viewer AccountID, list []ObjectID) (map[ObjectID]*Object, error) {
	out := map[ObjectID]*Object{}
	if len(list) == 0 {
		return out, nil
	}
	err := tx.query(func(row scanner) error {
		o := new(Object)
		err := row.Scan(o.dest()...)
		out[o.ID] = o
		return err
	}, `
		SELECT `+objectColumns+`
		FROM objects o
		WHERE `+tx.in("o.id", "$1")+` AND o.is_status AND o.deleted_at <> 0
		  AND (o.visibility <= 1
		    OR o.account_id = $2
		    OR (o.visibility = 2 AND EXISTS (
		      SELECT 1 FROM follows f
		      WHERE f.account_id = $2 AND f.target_id = o.account_id AND f.accepted)))
		  AND `+notBlocked("o.account_id", "$2"), setOf(list), viewer)
	return out, err
}

// emitDeleted emits that statuses were deleted, before the addressees of those
// that were not public are deleted.
func (tx *Tx) emitDeleted(ended []*Object) error {
	var addressed []ObjectID
	for _, o := range ended {
		tx.Emit(EventStatusDelete, int64(o.ID))
		if o.Visibility > Unlisted {
			addressed = append(addressed, o.ID)
		}
	}
	if len(addressed) == 0 {
		return nil
	}
	return tx.query(func(row scanner) error {
		var status, account int64
		err := row.Scan(&status, &account)
		tx.Emit(EventStatusDelete, status, account)
		return err
	}, `SELECT m.status_id, m.account_id FROM mentions m JOIN users u ON u.account_id = m.account_id
		WHERE `+tx.in("m.status_id", "$1")+` ORDER BY m.status_id, m.account_id`, setOf(addressed))
}
