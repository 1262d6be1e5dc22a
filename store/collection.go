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
