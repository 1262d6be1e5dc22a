package store

import (
	"slices"
	"time"
)

// PutMute hides target's posts from account, and, if notifications, its
// notifications; until expires, or permanently when that is zero.
func (tx *Tx) PutMute(account, target AccountID, notifications bool, expires time.Time) error {
	now := tx.Now()
	return tx.insertNew(now, func(id int64) error {
		_, err := tx.exec(`
			INSERT INTO mutes (id, account_id, target_id, notifications, expires_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account_id, target_id) DO UPDATE
			SET notifications = excluded.notifications, expires_at = excluded.expires_at`,
			id, account, target, notifications, millis(expires), millis(now))
		return err
	})
}

// DeleteMute ends a mute, if there is one.
func (tx *Tx) DeleteMute(account, target AccountID) error {
	_, err := tx.exec(`DELETE FROM mutes WHERE account_id = $1 AND target_id = $2`, account, target)
	return err
}

// Muted is an account with the end of its mute, zero for none.
type Muted struct {
	*Account
	ExpiresAt time.Time
}

// Mutes lists the accounts that an account mutes now.
func (tx *Tx) Mutes(account AccountID, p Page) ([]Paged[Muted], error) {
	below, above := p.bounds()
	var out []Paged[Muted]
	err := tx.query(func(row scanner) error {
		item := Paged[Muted]{Item: Muted{Account: new(Account)}}
		dest := append([]any{&item.PageID, nil}, item.Item.Account.dest()...)
		var expires time.Time
		dest[1] = toTime(&expires)
		err := row.Scan(dest...)
		item.Item.ExpiresAt = expires
		out = append(out, item)
		return err
	}, `
		SELECT m.id, m.expires_at, `+accountColumns+`
		FROM mutes m
		JOIN accounts a ON a.id = m.target_id
		WHERE m.account_id = $4 AND m.id < $1 AND m.id > $2 AND (m.expires_at = 0 OR m.expires_at > $5)
		ORDER BY m.id `+p.order()+`
		LIMIT $3`, below, above, p.Limit, account, millis(tx.Now()))
	if err != nil {
		return nil, err
	}
	shown := make([]*Account, len(out))
	for i, item := range out {
		shown[i] = item.Item.Account
	}
	if err := tx.FillMoved(shown...); err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(m Paged[Muted]) bool { return !m.Item.DeletedAt.IsZero() }) // whose mutes end with their purge
	return newestFirst(p, out), err
}
