package store

import (
	"time"
)

// Moved is the last move of an account that is remembered.
type Moved struct {
	Target AccountID
	At     time.Time
}

// PutMove writes that an account has moved to another. Its followers follow it
// later: see LocalFollows.
func (tx *Tx) PutMove(account AccountID, target *Account) error {
	if _, err := tx.exec(`
		INSERT INTO moves (account_id, target_id, moved_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET target_id = excluded.target_id, moved_at = excluded.moved_at`,
		account, target.ID, millis(tx.Now())); err != nil {
		return err
	}
	return tx.SetMovedTo(account, target.URI)
}

// SetMovedTo writes where an account says that it is now; "" for here.
func (tx *Tx) SetMovedTo(account AccountID, uri string) error {
	_, err := tx.exec(`UPDATE accounts SET moved_to_uri = $2, updated_at = $3 WHERE id = $1 AND deleted_at = 0`, account, uri, millis(tx.Now()))
	return err
}

// LastMove is the last move of an account, the zero value for none.
func (tx *Tx) LastMove(account AccountID) (m Moved, err error) {
	err = tx.query(func(row scanner) error { return row.Scan(&m.Target, toTime(&m.At)) },
		`SELECT target_id, moved_at FROM moves WHERE account_id = $1`, account)
	return m, err
}

// KnownHere reports whether a local account follows, blocks or mutes another:
// it wants to know where that moves.
func (tx *Tx) KnownHere(account AccountID) (bool, error) {
	known, _, err := one[bool](tx, `
		SELECT `+followedHere("$1")+`
		  OR EXISTS (SELECT 1 FROM users u JOIN blocks b ON b.account_id = u.account_id AND b.target_id = $1)
		  OR EXISTS (SELECT 1 FROM users u JOIN mutes m ON m.account_id = u.account_id AND m.target_id = $1)`, account)
	return known, err
}

// LocalFollows lists the follows of an account by local ones, without requests:
// the next ones after an id.
func (tx *Tx) LocalFollows(target AccountID, after int64, limit int) (list []Follow, err error) {
	err = tx.query(func(row scanner) error {
		var f Follow
		err := row.Scan(f.dest()...)
		list = append(list, f)
		return err
	}, `
		SELECT `+followColumns+`
		FROM follows f`+tx.engine.IndexedBy("follows_target")+`
		CROSS JOIN users u
		WHERE f.target_id = $1 AND f.accepted = TRUE AND f.id > $2 AND u.account_id = f.account_id
		ORDER BY f.id
		LIMIT $3`, target, after, limit)
	return list, err
}

// LocalMute is what a local account mutes.
type LocalMute struct {
	AccountID     AccountID
	Notifications bool
	ExpiresAt     time.Time
}

// LocalBlocks lists the local accounts that block another, in the order of their
// ids, after one.
func (tx *Tx) LocalBlocks(target, after AccountID, limit int) ([]AccountID, error) {
	return ids[AccountID](tx, `
		SELECT u.account_id FROM users u JOIN blocks b ON b.account_id = u.account_id AND b.target_id = $1
		WHERE u.account_id > $2
		ORDER BY u.account_id LIMIT $3`, target, after, limit)
}

// LocalMutes lists the mutes of an account by local ones, in the order of their
// ids, after one.
func (tx *Tx) LocalMutes(target, after AccountID, limit int) (list []LocalMute, err error) {
	err = tx.query(func(row scanner) error {
		var m LocalMute
		err := row.Scan(&m.AccountID, &m.Notifications, toTime(&m.ExpiresAt))
		list = append(list, m)
		return err
	}, `
		SELECT u.account_id, m.notifications, m.expires_at
		FROM users u JOIN mutes m ON m.account_id = u.account_id AND m.target_id = $1
		WHERE u.account_id > $2 AND (m.expires_at = 0 OR m.expires_at > $4)
		ORDER BY u.account_id LIMIT $3`, target, after, limit, millis(tx.Now()))
	return list, err
}

// FillMoved reads, in one statement, and only if any has moved, the accounts
// that accounts say they moved to and that are known here.
func (tx *Tx) FillMoved(list ...*Account) error {
	var uris []string
	for _, a := range list {
		if a.MovedToURI != "" {
			uris = append(uris, a.MovedToURI)
		}
	}
	if len(uris) == 0 {
		return nil
	}
	found := map[string]*Account{}
	err := tx.query(func(row scanner) error {
		a := new(Account)
		err := row.Scan(a.displayedDest()...)
		found[a.URI] = a
		return err
	}, `
		SELECT `+displayedColumns+` FROM accounts a
		WHERE `+tx.inText("a.uri", "$1")+` AND a.suspended_at = 0 AND a.deleted_at = 0`, textSet(uris))
	for _, a := range list {
		if to := found[a.MovedToURI]; to != nil && to.ID != a.ID {
			a.Moved = to
		}
	}
	return err
}
