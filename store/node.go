package store

// ReleaseClaims makes due at once what dead nodes had claimed: on SQLite
// everything that is claimed when the one node starts; on PostgreSQL what is
// claimed under names that nobody holds.
func (tx *Tx) ReleaseClaims() error {
	nodes, err := tx.texts(`SELECT DISTINCT claimed_by FROM jobs WHERE claimed_by <> '' AND dead_at = 0`)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		lives, err := tx.engine.NodeLives(node)
		if err != nil {
			return err
		}
		if lives {
			continue
		}
		if _, err := tx.exec(`UPDATE jobs SET run_at = $1, claimed_by = '' WHERE dead_at = 0 AND claimed_by = $2`, millis(tx.Now()), node); err != nil {
			return err
		}
	}
	return nil
}
