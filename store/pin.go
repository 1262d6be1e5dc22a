package store

import (
	"slices"

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

// SetPins makes the pins of an account these of its statuses, the first most of
// them, and unpins all others. What is not its own, direct or deleted is left
// out: the list is a stranger's. What is for followers stays pinned: the list that
// we are shown is the one for everybody.
func (tx *Tx) SetPins(account AccountID, statuses []ObjectID, most int) error {
	own, err := ids[ObjectID](tx, `
		SELECT o.id FROM objects o
		WHERE `+tx.in("o.id", "$1")+` AND o.account_id = $2 AND `+pinnable("o"), setOf(statuses), account)
	if err != nil {
		return err
	}
	may, kept := map[ObjectID]bool{}, []ObjectID{}
	for _, id := range own {
		may[id] = true
	}
	for _, id := range statuses {
		if may[id] && len(kept) < most {
			may[id] = false // once
			kept = append(kept, id)
		}
	}
	if err := tx.lockAccounts(account); err != nil {
		return err
	}
	private, err := ids[ObjectID](tx, `
		SELECT p.status_id FROM pins p CROSS JOIN objects o
		WHERE p.account_id = $1 AND o.id = p.status_id AND o.visibility = 2
		ORDER BY p.id DESC`, account)
	if err != nil {
		return err
	}
	for _, id := range private {
		if len(kept) < most && !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	pinned, err := ids[ObjectID](tx, `SELECT status_id FROM pins WHERE account_id = $1 ORDER BY id DESC`, account)
	if err != nil || slices.Equal(pinned, kept) {
		return err
	}
	if _, err := tx.exec(`DELETE FROM pins WHERE account_id = $1`, account); err != nil {
		return err
	}
	for _, id := range slices.Backward(kept) { // the first of the list is the newest pin
		if _, err := tx.insertOnce("pins (id, account_id, status_id, created_at)", account, id); err != nil {
			return err
		}
	}
	return nil
}

// CountPins counts the pins of an account.
func (tx *Tx) CountPins(account AccountID) (int, error) {
	n, _, err := one[int](tx, `SELECT COUNT(*) FROM pins WHERE account_id = $1`, account)
	return n, err
}

// pinnable is true for statuses that may be pinned to their author's profile.
func pinnable(o string) string {
	return o + `.is_status AND ` + o + `.deleted_at = 0 AND ` + o + `.reblog_of_id = 0 AND ` + o + `.visibility < 3`
}
