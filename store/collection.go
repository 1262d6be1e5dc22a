package store

// ContextStatuses lists the public statuses of a conversation, oldest first,
// without those of accounts that its first local author blocks, or is blocked
// by.
func (tx *Tx) ContextStatuses(context string, limit int) ([]*Object, error) {
	var out []*Object
	err := tx.query(func(row scanner) error {
		o := new(Object)
		out = append(out, o)
		return row.Scan(o.dest()...)
	}, `
		SELECT `+objectColumns+`
		FROM objects o
		WHERE o.context = $1 AND o.context <> '' AND o.visibility <= 1 AND `+visible("o", "$2")+`
		  AND NOT EXISTS (
		    SELECT 1 FROM objects r
		    WHERE r.context = $1 AND r.context <> '' AND r.local AND r.in_reply_to_uri = '' AND r.is_status
		      AND NOT `+notBlocked("r.account_id", "o.account_id")+`)
		ORDER BY o.id
		LIMIT $3`, context, AccountID(0), limit)
	return out, err
}

// ofContext is the condition for the statuses of a conversation that its
// collection lists, $1 being the conversation and $2 nobody.
func ofContext() string {
	return `o.context = $1 AND o.context <> '' AND o.visibility <= 1 AND o.reblog_of_id = 0 AND ` + visible("o", "$2") + `
		  AND NOT EXISTS (
		    SELECT 1 FROM objects r
		    WHERE r.context = $1 AND r.context <> '' AND r.local AND r.in_reply_to_uri = '' AND r.is_status
		      AND NOT ` + notBlocked("r.account_id", "o.account_id") + `)`
}

// ContextPage lists the URIs of the public statuses of a conversation after one,
// oldest first, as ContextStatuses does, and who owns it: the author here that
// began it, or the first one here. "" when nobody here takes part.
func (tx *Tx) ContextPage(context string, after ObjectID, limit int) (list []Paged[string], owner string, err error) {
	owner, ok, err := one[string](tx, `
		SELECT a.uri
		FROM objects o
		JOIN accounts a ON a.id = o.account_id
		WHERE o.context = $1 AND o.context <> '' AND o.local AND o.visibility <= 1 AND `+visible("o", "$2")+`
		ORDER BY o.id LIMIT 1`, context, AccountID(0))
	if err != nil || !ok {
		return nil, "", err
	}
	list, err = tx.pagedURIs(`
		SELECT o.id, o.uri FROM objects o
		WHERE `+ofContext()+` AND o.id > $3
		ORDER BY o.id LIMIT $4`, context, AccountID(0), after, limit)
	return list, owner, err
}

// mostCounted is how far a collection is counted.
const mostCounted = 10_000

// CountContext counts what ContextPage lists, as far as mostCounted.
func (tx *Tx) CountContext(context string) (int64, error) {
	n, _, err := one[int64](tx, `SELECT COUNT(*) FROM (SELECT o.id FROM objects o WHERE `+ofContext()+` LIMIT $3) AS c`, context, AccountID(0), mostCounted)
	return n, err
}

// PublicReplies lists the URIs of the replies to a status that everyone may see,
// after one, oldest first, without those of accounts that its author blocks, or is
// blocked by.
func (tx *Tx) PublicReplies(status *Object, after ObjectID, limit int) ([]Paged[string], error) {
	return tx.pagedURIs(`
		SELECT o.id, o.uri FROM objects o
		WHERE o.in_reply_to_id = $1 AND o.in_reply_to_id <> 0 AND o.id > $3 AND o.visibility <= 1
		  AND `+visible("o", "$2")+` AND `+notBlocked("o.account_id", "$5")+`
		ORDER BY o.id LIMIT $4`, status.ID, AccountID(0), after, limit, status.AccountID)
}

func (tx *Tx) pagedURIs(query string, args ...any) (list []Paged[string], err error) {
	err = tx.query(func(row scanner) error {
		var p Paged[string]
		err := row.Scan(&p.PageID, &p.Item)
		list = append(list, p)
		return err
	}, query, args...)
	return list, err
}
