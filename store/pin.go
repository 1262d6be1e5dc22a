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
