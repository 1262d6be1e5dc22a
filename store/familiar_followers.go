package store

// FamiliarFollowers lists the followers of account that viewer follows.
func (tx *Tx) FamiliarFollowers(viewer, account AccountID, limit int) ([]*Account, error) {
	return tx.accounts(`
		SELECT `+accountColumns+`
		FROM follows f
		JOIN follows mine ON mine.target_id = f.account_id AND mine.account_id = $1 AND mine.accepted
		JOIN accounts a ON a.id = f.account_id
		WHERE f.target_id = $2 AND f.accepted AND a.suspended_at = 0 AND a.deleted_at = 0 AND `+notBlocked("a.id", "$1")+`
		ORDER BY f.id DESC
		LIMIT $3`, viewer, account, limit)
}
