package store

import (
	"kinglet/internal/fault"
)

// PutPin pins a status to the top of its author's profile. Invalid when most
// are pinned already.
func (tx *Tx) PutPin(account AccountID, status ObjectID, most int) (created bool, err error) {
	if err := tx.lockAccounts(account); err != nil { // whose pins are counted
		return false, err
	}
	created, err = tx.insertOnce("pins (id, account_id, status_id, created_at)", account, status)
	if err != nil || !created {
		return false, err
	}
	count, _, err := one[int](tx, `SELECT COUNT(*) FROM pins WHERE account_id = $1`, account)
	if err == nil && count > most {
		err = fault.Errorf(fault.Invalid, "Validation failed: You have already pinned the maximum number of posts")
	}
	return err == nil, err
}

// DeletePin unpins a status; false when it was not pinned.
func (tx *Tx) DeletePin(account AccountID, status ObjectID) (bool, error) {
	n, err := tx.exec(`DELETE FROM pins WHERE account_id = $1 AND status_id = $2`, account, status)
	return n == 1, err
}

// SetPins makes these the pinned statuses of an account: those of them that are
// its own.
func (tx *Tx) SetPins(account AccountID, statuses []ObjectID) error {
	if err := tx.lockAccounts(account); err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM pins WHERE account_id = $1 AND NOT (`+tx.in("status_id", "$2")+`)`, account, setOf(statuses)); err != nil {
		return err
	}
	own, err := ids[ObjectID](tx, `
		SELECT o.id FROM objects o
		WHERE `+tx.in("o.id", "$2")+` AND o.account_id = $1 AND o.is_status AND o.reblog_of_id = 0 AND o.visibility <= 1 AND o.deleted_at = 0
		ORDER BY o.id`, account, setOf(statuses))
	if err != nil {
		return err
	}
	for _, id := range own {
		if _, err := tx.insertOnce("pins (id, account_id, status_id, created_at)", account, id); err != nil {
			return err
		}
	}
	return nil
}
