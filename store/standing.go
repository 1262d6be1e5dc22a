package store

import "time"

// Standing tells whether an account that was read may have changed since: a
// few columns in place of all.
type Standing struct {
	Active bool // neither suspended nor deleted

	suspendedByUs                     bool
	updatedAt, suspendedAt, deletedAt time.Time
}

// IsOf reports whether an account was read as it is now.
func (s Standing) IsOf(a *Account) bool {
	return s.updatedAt.Equal(a.UpdatedAt) && s.suspendedAt.Equal(a.SuspendedAt) && s.deletedAt.Equal(a.DeletedAt) && s.suspendedByUs == a.SuspendedByUs
}

// Standings reads those of accounts, in one statement; those of unknown ones
// are left out.
func (tx *Tx) Standings(ids ...AccountID) (map[AccountID]Standing, error) {
	out := make(map[AccountID]Standing, len(ids))
	err := tx.query(func(row scanner) error {
		var id AccountID
		var s Standing
		err := row.Scan(&id, toTime(&s.updatedAt), toTime(&s.suspendedAt), toTime(&s.deletedAt), &s.suspendedByUs)
		s.Active = s.suspendedAt.IsZero() && s.deletedAt.IsZero()
		out[id] = s
		return err
	}, `SELECT a.id, a.updated_at, a.suspended_at, a.deleted_at, a.suspended_by_us FROM accounts a WHERE `+tx.in("a.id", "$1"), setOf(ids))
	return out, err
}
