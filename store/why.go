package store

// What `kinglet why` and `kinglet federation check` read beside the log: a person
// waits, and no hot path comes here.

// ActivitiesAbout lists the activities of accounts here about an object, and their
// boosts of it, those that were retracted too, oldest first.
func (tx *Tx) ActivitiesAbout(uri string, most int) (list []*Object, err error) {
	err = tx.query(func(row scanner) error {
		o := new(Object)
		err := row.Scan(o.dest()...)
		list = append(list, o)
		return err
	}, `SELECT `+objectColumns+` FROM objects o WHERE o.object_uri = $1 AND o.object_uri <> '' AND o.local ORDER BY o.created_at, o.id LIMIT $2`, uri, most)
	return list, err
}

// Reader is a local account that a status of somebody may concern.
type Reader struct {
	Username     string
	Follows      bool
	HidesBoosts  bool // of the author
	InHome       bool
	Mutes        bool // the author
	Blocked      bool // in either direction
	Mentioned    bool
	FollowsOther bool // who is answered; true when nobody is
	AnsweredHere bool // it is the account that is answered
}

// Readers lists the local accounts that follow a status's author, are mentioned or
// have it in their home feed.
func (tx *Tx) Readers(o *Object) (list []Reader, err error) {
	err = tx.query(func(row scanner) error {
		var r Reader
		err := row.Scan(&r.Username, &r.Follows, &r.HidesBoosts, &r.InHome, &r.Mutes, &r.Blocked, &r.Mentioned, &r.FollowsOther, &r.AnsweredHere)
		if err == nil && (r.Follows || r.InHome || r.Mentioned) {
			list = append(list, r)
		}
		return err
	}, `
		SELECT a.username, f.id IS NOT NULL, f.id IS NOT NULL AND NOT f.show_reblogs,
		  EXISTS (SELECT 1 FROM home_feed h WHERE h.account_id = a.id AND h.status_id = $1),
		  EXISTS (SELECT 1 FROM mutes m WHERE m.account_id = a.id AND m.target_id = $2),
		  EXISTS (SELECT 1 FROM blocks b WHERE (b.account_id = a.id AND b.target_id = $2) OR (b.account_id = $2 AND b.target_id = a.id)),
		  EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = $1 AND m.account_id = a.id),
		  CAST($3 AS BIGINT) = 0 OR CAST($3 AS BIGINT) = $2 OR EXISTS (SELECT 1 FROM follows o WHERE o.account_id = a.id AND o.target_id = $3 AND o.accepted),
		  CAST($3 AS BIGINT) = a.id
		FROM users u
		JOIN accounts a ON a.id = u.account_id
		LEFT JOIN follows f ON f.account_id = a.id AND f.target_id = $2 AND f.accepted
		WHERE a.deleted_at = 0 AND a.suspended_at = 0
		ORDER BY a.username`, o.ID, o.AccountID, o.InReplyToAccountID)
	return list, err
}

// FollowersHere lists the local accounts that follow an account.
func (tx *Tx) FollowersHere(account AccountID) ([]string, error) {
	return tx.texts(`
		SELECT a.username FROM users u
		JOIN accounts a ON a.id = u.account_id
		JOIN follows f ON f.account_id = a.id AND f.target_id = $1 AND f.accepted
		WHERE a.deleted_at = 0 ORDER BY a.username`, account)
}

// IsQuiet reports whether a status was fetched, and not sent by its author.
func (tx *Tx) IsQuiet(id ObjectID) (bool, error) {
	quiet, _, err := one[bool](tx, `SELECT quiet FROM objects WHERE id = $1`, id)
	return quiet, err
}

// IsGoneInbox reports whether an inbox answered 410.
func (tx *Tx) IsGoneInbox(inbox string) (bool, error) {
	_, gone, err := one[int64](tx, `SELECT 1 FROM gone_inboxes WHERE inbox = $1`, inbox)
	return gone, err
}

// Lane reads what is known of a failing lane; NotFound when it is not.
func (tx *Tx) Lane(name string) (l Lane, dead bool, err error) {
	err = tx.get("lane", []any{&l.Name, &l.Failures, toTime(&l.FailingSince), toTime(&l.NotBefore), &l.Error, &dead},
		`SELECT lane, failures, failing_since, not_before, error, dead FROM lanes WHERE lane = $1`, name)
	return l, dead, err
}

// BlocksHere lists the local accounts that block an account, and those that it
// blocks.
func (tx *Tx) BlocksHere(account AccountID) (blocking, blocked []string, err error) {
	if blocking, err = tx.texts(`
		SELECT a.username FROM blocks b JOIN accounts a ON a.id = b.account_id JOIN users u ON u.account_id = a.id
		WHERE b.target_id = $1 ORDER BY a.username`, account); err != nil {
		return nil, nil, err
	}
	blocked, err = tx.texts(`
		SELECT a.username FROM blocks b JOIN accounts a ON a.id = b.target_id JOIN users u ON u.account_id = a.id
		WHERE b.account_id = $1 ORDER BY a.username`, account)
	return blocking, blocked, err
}

// StatusByPage finds a status of a host's accounts by its page.
func (tx *Tx) StatusByPage(host, page string) (*Object, error) {
	return tx.object("status of the page "+page, `WHERE o.id = (
		SELECT s.id
		FROM accounts a CROSS JOIN objects s`+tx.engine.IndexedBy("objects_account")+`
		WHERE a.domain = $1 AND s.account_id = a.id AND s.is_status AND s.deleted_at = 0 AND s.url = $2
		ORDER BY s.id LIMIT 1)`, host, page)
}

// DeadFollowers lists the hosts of an account's followers that have not answered for
// days.
func (tx *Tx) DeadFollowers(account AccountID, most int) ([]string, error) {
	return tx.texts(`
		SELECT l.lane FROM lanes l
		WHERE l.dead AND EXISTS (
		  SELECT 1 FROM follows f JOIN accounts a ON a.id = f.account_id
		  WHERE f.target_id = $1 AND f.accepted AND a.inbox LIKE 'https://' || l.lane || '/%')
		ORDER BY l.lane LIMIT $2`, account, most)
}

// FollowedOn lists the accounts of a host that somebody here follows, by their
// handles.
func (tx *Tx) FollowedOn(host string, most int) ([]string, error) {
	return tx.texts(`
		SELECT DISTINCT '@' || a.username || '@' || a.domain
		FROM users u
		JOIN follows f ON f.account_id = u.account_id AND f.accepted
		JOIN accounts a ON a.id = f.target_id
		WHERE a.domain = $1 OR a.uri LIKE 'https://' || $1 || '/%'
		ORDER BY 1 LIMIT $2`, host, most)
}
