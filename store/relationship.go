package store

import "time"

// Relationship is how a viewer and another account are related, as far as the
// viewer may know.
type Relationship struct {
	ID                          AccountID
	Following, Requested        bool
	ShowingReblogs, Notifying   bool
	Languages                   []string
	FollowedBy, RequestedBy     bool
	Blocking, BlockedBy         bool
	Muting, MutingNotifications bool
	MutingExpiresAt             time.Time
}

// Relationships reads the relationships of viewer and others in one statement,
// in the order of others; unknown ids are left out.
func (tx *Tx) Relationships(viewer AccountID, others []AccountID) ([]*Relationship, error) {
	known := map[AccountID]*Relationship{}
	err := tx.query(func(row scanner) error {
		r := new(Relationship)
		var accepted, askedBy, followedBy bool
		var followID int64
		err := row.Scan(&r.ID, &followID, &accepted, &r.ShowingReblogs, &r.Notifying, fromJSON(&r.Languages),
			&followedBy, &askedBy, &r.Blocking, &r.BlockedBy, &r.Muting, &r.MutingNotifications, toTime(&r.MutingExpiresAt))
		r.Following, r.Requested = followID != 0 && accepted, followID != 0 && !accepted
		r.ShowingReblogs = r.ShowingReblogs && r.Following
		r.FollowedBy, r.RequestedBy = followedBy, askedBy
		known[r.ID] = r
		return err
	}, `
		SELECT a.id,
		  COALESCE(f.id, 0), COALESCE(f.accepted, FALSE), COALESCE(f.show_reblogs, FALSE), COALESCE(f.notify, FALSE), COALESCE(f.languages, ''),
		  (g.id IS NOT NULL AND g.accepted), (g.id IS NOT NULL AND NOT g.accepted),
		  b.id IS NOT NULL, c.id IS NOT NULL,
		  m.id IS NOT NULL, COALESCE(m.notifications, FALSE), COALESCE(m.expires_at, 0)
		FROM accounts a
		LEFT JOIN follows f ON f.account_id = $1 AND f.target_id = a.id
		LEFT JOIN follows g ON g.account_id = a.id AND g.target_id = $1
		LEFT JOIN blocks b ON b.account_id = $1 AND b.target_id = a.id
		LEFT JOIN blocks c ON c.account_id = a.id AND c.target_id = $1
		LEFT JOIN mutes m ON m.account_id = $1 AND m.target_id = a.id AND (m.expires_at = 0 OR m.expires_at > $3)
		WHERE `+tx.in("a.id", "$2"), viewer, setOf(others), millis(tx.Now()))
	if err != nil {
		return nil, err
	}
	out := make([]*Relationship, 0, len(others))
	for _, id := range others {
		if r := known[id]; r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}
