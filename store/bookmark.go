package store

// Bookmarks lists what an account bookmarked.
func (tx *Tx) Bookmarks(account AccountID, p Page) ([]Paged[*Status], error) {
	return tx.interactionPage("bookmarks", account, p)
}

// PutBookmark adds a bookmark.
func (tx *Tx) PutBookmark(account AccountID, status ObjectID) error {
	_, err := tx.insertOnce("bookmarks (id, account_id, status_id, created_at)", account, status)
	return err
}

// DeleteBookmark removes a bookmark, if there is one.
func (tx *Tx) DeleteBookmark(account AccountID, status ObjectID) error {
	_, err := tx.exec(`DELETE FROM bookmarks WHERE account_id = $1 AND status_id = $2`, account, status)
	return err
}
