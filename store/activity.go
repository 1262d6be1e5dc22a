package store

// RetractActivity deletes one local activity that was undone.
func (tx *Tx) RetractActivity(uri string) error {
	_, err := tx.exec(`UPDATE objects SET deleted_at = $2, `+nothingSaid+` WHERE uri = $1 AND local AND NOT is_status AND deleted_at = 0`, uri, millis(tx.Now()))
	return err
}

// DropActivity deletes an activity of ours and the deliveries with a unique
// key: another activity replaces it.
func (tx *Tx) DropActivity(id ObjectID, deliveryKey string) error {
	if err := tx.DropDelivery(deliveryKey); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM objects WHERE id = $1 AND NOT is_status`, id)
	return err
}

// DropDelivery drops the deliveries under a unique key that are not made yet.
func (tx *Tx) DropDelivery(key string) error {
	return tx.endJobs(`DELETE FROM jobs WHERE unique_key = $1`, key)
}
