package store

// Mention is an account that a status mentions or is addressed to.
type Mention struct {
	AccountID AccountID
	Silent    bool // addressed only
}

// PutMentions replaces the accounts a status is for.
func (tx *Tx) PutMentions(status ObjectID, mentions []Mention) error {
	if _, err := tx.exec(`DELETE FROM mentions WHERE status_id = $1`, status); err != nil {
		return err
	}
	for _, m := range mentions {
		if _, err := tx.exec(`
			INSERT INTO mentions (status_id, account_id, silent)
			VALUES ($1, $2, $3)
			ON CONFLICT (status_id, account_id) DO UPDATE SET silent = mentions.silent AND excluded.silent`,
			status, m.AccountID, m.Silent); err != nil {
			return err
		}
	}
	return nil
}

// AddMention has a status mention one account more.
func (tx *Tx) AddMention(status ObjectID, account AccountID) error {
	_, err := tx.exec(`
		INSERT INTO mentions (status_id, account_id, silent)
		SELECT o.id, CAST($2 AS BIGINT), FALSE FROM objects o WHERE o.id = $1 AND o.deleted_at = 0
		ON CONFLICT (status_id, account_id) DO NOTHING`, status, account)
	return err
}

// MentionedLocally is the set of accounts here that a status mentions.
func (tx *Tx) MentionedLocally(status ObjectID) (map[AccountID]bool, error) {
	list, err := ids[AccountID](tx, `
		SELECT m.account_id FROM mentions m JOIN users u ON u.account_id = m.account_id
		WHERE m.status_id = $1 AND NOT m.silent`, status)
	out := map[AccountID]bool{}
	for _, id := range list {
		out[id] = true
	}
	return out, err
}
