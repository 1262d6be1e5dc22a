package store

import "time"

// Standing tells whether an account that was read may have changed since: a
// few columns in place of all.
type Standing struct {
	Active    bool // neither suspended nor deleted
	Followed  bool // by a local account
	Retracted bool // of the first account: it has deleted or undone what arrives

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
	return tx.StandingsFor("", "", ids...)
}

// StandingsFor is Standings, and looks for two keys of retractions (see
// RetractionKey), "" for none.
func (tx *Tx) StandingsFor(key, other string, ids ...AccountID) (map[AccountID]Standing, error) {
	out := make(map[AccountID]Standing, len(ids))
	if len(ids) == 2 && (ids[1] == 0 || ids[1] == ids[0]) {
		ids = ids[:1] // a set of one takes a fifth of the time
	}
	oneOf, set := among(tx, "a.id", "$1", ids)
	err := tx.query(func(row scanner) error {
		var id AccountID
		var s Standing
		err := row.Scan(&id, toTime(&s.updatedAt), toTime(&s.suspendedAt), toTime(&s.deletedAt), &s.suspendedByUs, &s.Followed, &s.Retracted)
		s.Active = s.suspendedAt.IsZero() && s.deletedAt.IsZero()
		out[id] = s
		return err
	}, `
		SELECT a.id, a.updated_at, a.suspended_at, a.deleted_at, a.suspended_by_us, `+followedHere("a.id")+`,
		  EXISTS (SELECT 1 FROM retracted r WHERE r.key IN ($2, $3) AND r.expires_at > $4)
		FROM accounts a
		WHERE `+oneOf, set, key, other, millis(tx.Now()))
	return out, err
}
