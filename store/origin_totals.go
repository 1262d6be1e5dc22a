package store

// What the origin of a status or an account says of it in numbers: most of who
// likes, boosts and follows there is not known here. A counter is what is larger,
// the origin's total or what is known here, and moves with what comes after.

// OriginTotal is a total that an origin gave; Known is false when it gave none.
type OriginTotal struct {
	N     int64
	Known bool
}

func (t OriginTotal) param() int64 {
	if !t.Known {
		return -1
	}
	return t.N
}

// PutStatusTotals sets how often a status of another server was favourited and
// boosted.
func (tx *Tx) PutStatusTotals(id ObjectID, favourites, boosts OriginTotal) error {
	if !favourites.Known && !boosts.Known {
		return nil
	}
	if err := tx.lockObjects(id); err != nil {
		return err
	}
	_, err := tx.exec(`
		UPDATE objects
		SET favourites_count = CASE WHEN CAST($2 AS BIGINT) < 0 THEN favourites_count ELSE `+tx.engine.Greatest("CAST($2 AS BIGINT)", `(
		    SELECT COUNT(*) FROM favourites f WHERE f.status_id = $1)`)+` END,
		  reblogs_count = CASE WHEN CAST($3 AS BIGINT) < 0 THEN reblogs_count ELSE `+tx.engine.Greatest("CAST($3 AS BIGINT)", `(
		    SELECT COUNT(*) FROM objects b WHERE b.reblog_of_id = $1 AND b.reblog_of_id <> 0 AND b.deleted_at = 0)`)+` END
		WHERE id = $1 AND NOT local AND deleted_at = 0`, id, favourites.param(), boosts.param())
	return err
}

// AccountTotals are the sizes of an account's collections.
type AccountTotals struct{ Followers, Following, Statuses OriginTotal }

// PutAccountTotals sets the counters of an account of another server. From then
// on older statuses that are fetched do not add to how many it has.
func (tx *Tx) PutAccountTotals(id AccountID, t AccountTotals) error {
	if err := tx.lockAccounts(id); err != nil {
		return err
	}
	_, err := tx.exec(`
		UPDATE accounts
		SET followers_count = CASE WHEN CAST($2 AS BIGINT) < 0 THEN followers_count ELSE `+tx.engine.Greatest("CAST($2 AS BIGINT)", `(
		    SELECT COUNT(*) FROM follows f WHERE f.target_id = $1 AND f.accepted)`)+` END,
		  following_count = CASE WHEN CAST($3 AS BIGINT) < 0 THEN following_count ELSE `+tx.engine.Greatest("CAST($3 AS BIGINT)", `(
		    SELECT COUNT(*) FROM follows f WHERE f.account_id = $1 AND f.accepted)`)+` END,
		  statuses_count = CASE WHEN CAST($4 AS BIGINT) < 0 THEN statuses_count ELSE CAST($4 AS BIGINT) END,
		  counted_at = CASE WHEN CAST($4 AS BIGINT) < 0 THEN counted_at ELSE CAST($5 AS BIGINT) END
		WHERE id = $1 AND domain <> '' AND deleted_at = 0`,
		id, t.Followers.param(), t.Following.param(), t.Statuses.param(), millis(tx.Now()))
	return err
}
