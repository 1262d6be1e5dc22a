package store

// Followers synchronisation (FEP-8fcf) compares, between two servers, who of the
// one follows an account of the other.

// FollowersVersion is a number that changes with the set of an account's
// followers.
func (tx *Tx) FollowersVersion(account AccountID) (int64, error) {
	v, _, err := one[int64](tx, `SELECT followers_version FROM accounts WHERE id = $1`, account)
	return v, err
}

// FollowerURIs calls each for the URI of every remote follower of an account.
func (tx *Tx) FollowerURIs(account AccountID, each func(uri string)) error {
	return tx.query(func(row scanner) error {
		var uri string
		err := row.Scan(&uri)
		each(uri)
		return err
	}, `
		SELECT a.uri
		FROM follows f`+tx.engine.IndexedBy("follows_target")+`
		CROSS JOIN accounts a
		WHERE f.target_id = $1 AND f.accepted = TRUE AND a.id = f.account_id AND a.domain <> ''`, account)
}

// LocalFollowerURIs lists the URIs of the local followers of an account.
func (tx *Tx) LocalFollowerURIs(account AccountID) ([]string, error) {
	return tx.texts(`
		SELECT a.uri
		FROM users u
		JOIN follows f ON f.account_id = u.account_id AND f.target_id = $1
		JOIN accounts a ON a.id = u.account_id
		WHERE f.accepted`, account)
}
