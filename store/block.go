package store

import "slices"

// PutBlock makes account block target: follows in both directions end and each
// is removed from the other's home feed and notifications. false when the block
// exists already.
func (tx *Tx) PutBlock(account, target AccountID, uri string) (created bool, err error) {
	now := tx.Now()
	err = tx.insertNew(now, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO blocks (id, account_id, target_id, uri, created_at)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account_id, target_id) DO NOTHING`, id, account, target, uri, millis(now))
		created = n == 1
		return err
	})
	if err != nil || !created {
		return false, err
	}
	for _, pair := range [][2]AccountID{{account, target}, {target, account}} {
		if _, err := tx.DeleteFollow(pair[0], pair[1]); err != nil {
			return true, err
		}
		if err := tx.RemoveAuthorFromHome(pair[0], pair[1]); err != nil {
			return true, err
		}
		if _, err := tx.exec(`
			DELETE FROM notifications`+tx.engine.IndexedBy("notifications_from")+`
			WHERE account_id = $1 AND from_account_id = $2`, pair[0], pair[1]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// DeleteBlock deletes a block and returns the URI of its activity; ok is false
// when there was none.
func (tx *Tx) DeleteBlock(account, target AccountID) (uri string, ok bool, err error) {
	return one[string](tx, `DELETE FROM blocks WHERE account_id = $1 AND target_id = $2 RETURNING uri`, account, target)
}

// BlockByURI finds the target of account's block by the id of its activity; ok
// is false when it is not known.
func (tx *Tx) BlockByURI(account AccountID, uri string) (target AccountID, ok bool, err error) {
	return one[AccountID](tx, `SELECT target_id FROM blocks WHERE account_id = $1 AND uri = $2`, account, uri)
}

// Blocked reports whether either of two accounts blocks the other.
func (tx *Tx) Blocked(a, b AccountID) (bool, error) {
	_, ok, err := one[int64](tx, `
		SELECT id FROM blocks
		WHERE (account_id = $1 AND target_id = $2) OR (account_id = $2 AND target_id = $1)
		LIMIT 1`, a, b)
	return ok, err
}

// AnyUnblocked reports whether one of the local accounts with these names is
// active and has no block, in either direction, with another account.
func (tx *Tx) AnyUnblocked(names []string, other AccountID) (bool, error) {
	if len(names) == 0 {
		return false, nil
	}
	handles := make([]string, len(names))
	for i, name := range names {
		handles[i] = Handle(name, "")
	}
	_, ok, err := one[int64](tx, `
		SELECT a.id
		FROM accounts a
		WHERE `+tx.inText("a.handle", "$1")+`
		  AND a.suspended_at = 0 AND a.deleted_at = 0
		  AND `+notBlocked("a.id", "$2")+`
		LIMIT 1`, textSet(handles), other)
	return ok, err
}

// Blocks lists the accounts that an account blocks, without those that are deleted:
// their blocks end with their purge.
func (tx *Tx) Blocks(account AccountID, p Page) ([]Paged[*Account], error) {
	list, err := tx.pagedAccounts(p, `
		SELECT b.id, `+accountColumns+`
		FROM blocks b
		JOIN accounts a ON a.id = b.target_id
		WHERE b.account_id = $4 AND b.id < $1 AND b.id > $2
		ORDER BY b.id `+p.order()+`
		LIMIT $3`, account)
	return slices.DeleteFunc(list, func(b Paged[*Account]) bool { return !b.Item.DeletedAt.IsZero() }), err
}

// blockedFrom is the set of accounts that are not shown to strangers beside a
// status: they and its author have blocked one another. For signed-in viewers
// their own blocks apply (visibility.go).
func (tx *Tx) blockedFrom(viewer AccountID, status ObjectID) (map[AccountID]bool, error) {
	if viewer != 0 {
		return nil, nil
	}
	list, err := ids[AccountID](tx, `
		SELECT b.target_id FROM objects o JOIN blocks b ON b.account_id = o.account_id WHERE o.id = $1
		UNION
		SELECT b.account_id FROM objects o JOIN blocks b ON b.target_id = o.account_id WHERE o.id = $1`, status)
	blocked := map[AccountID]bool{}
	for _, id := range list {
		blocked[id] = true
	}
	return blocked, err
}
