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

// recentBoosts is among how many of an account's newest statuses BoostOfPage looks.
const recentBoosts = 100

// BoostOfPage reads an account's boost of a status by the address of that one's
// page, among its newest statuses; NotFound.
func (tx *Tx) BoostOfPage(booster AccountID, page string) (*Object, error) {
	return tx.object("boost of "+page, `
		WHERE o.id = (
		  SELECT n.id
		  FROM (
		    SELECT b.id, b.reblog_of_id FROM objects b
		    WHERE b.account_id = $1 AND b.is_status AND b.deleted_at = 0
		    ORDER BY b.id DESC LIMIT $3) AS n
		  CROSS JOIN objects r
		  WHERE n.reblog_of_id <> 0 AND r.id = n.reblog_of_id AND r.url = $2
		  ORDER BY n.id DESC LIMIT 1)`, booster, page, recentBoosts)
}
