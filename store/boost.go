package store

// LocalBoosters lists the local accounts that boosted a status.
func (tx *Tx) LocalBoosters(status ObjectID) ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT o.account_id FROM objects o JOIN users u ON u.account_id = o.account_id
		WHERE o.reblog_of_id = $1 AND o.reblog_of_id <> 0 AND o.deleted_at = 0`, status)
}

// RebloggedBy lists who boosted a status that viewer may see, by the boosts' ids.
func (tx *Tx) RebloggedBy(viewer AccountID, status ObjectID, p Page) ([]Paged[*Account], error) {
	return tx.pagedAccounts(p, `
		SELECT o.id, `+accountColumns+`
		FROM objects o
		JOIN accounts a ON a.id = o.account_id
		WHERE o.reblog_of_id = $4 AND o.reblog_of_id <> 0 AND o.id < $1 AND o.id > $2
		  AND `+visible("o", "$5")+`
		ORDER BY o.id `+p.order()+`
		LIMIT $3`, status, viewer)
}

// HasBoost reports whether an account boosted a status, even if it can't see
// the status any more.
func (tx *Tx) HasBoost(account AccountID, status ObjectID) (bool, error) {
	_, ok, err := one[int64](tx, `
		SELECT id FROM objects WHERE reblog_of_id = $2 AND reblog_of_id <> 0 AND account_id = $1 AND deleted_at = 0`, account, status)
	return ok, err
}
