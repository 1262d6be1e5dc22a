package store

// PutCommunity records the community that a status is posted in, by the URI of
// its actor.
func (tx *Tx) PutCommunity(status ObjectID, uri string) error {
	_, err := tx.exec(`INSERT INTO communities (status_id, uri) VALUES ($1, $2) ON CONFLICT (status_id) DO NOTHING`, status, uri)
	return err
}

// Community is the URI of the community that a status is posted in; "" for
// none.
func (tx *Tx) Community(status ObjectID) (string, error) {
	uri, _, err := one[string](tx, `SELECT uri FROM communities WHERE status_id = $1`, status)
	return uri, err
}
