package store

// CountWaiting counts the jobs of a kind that wait in a lane, up to most.
func (tx *Tx) CountWaiting(kind, lane string, most int) (int, error) {
	n, _, err := one[int64](tx, `
		SELECT COUNT(*)
		FROM (SELECT 1 FROM jobs j WHERE j.lane = $1 AND j.dead_at = 0 AND j.kind = $2 LIMIT $3) AS waiting`, lane, kind, most)
	return int(n), err
}

// DropActivity takes an activity of ours away with the deliveries under a
// unique key: another one stands in its place.
func (tx *Tx) DropActivity(id ObjectID, deliveryKey string) error {
	if err := tx.endJobs(`DELETE FROM jobs WHERE unique_key = $1`, deliveryKey); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM objects WHERE id = $1 AND NOT is_status`, id)
	return err
}
