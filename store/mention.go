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
	return tx.InsertMentions(status, mentions)
}

// InsertMentions writes the accounts that a new status is for.
func (tx *Tx) InsertMentions(status ObjectID, mentions []Mention) error {
	byKind := map[bool][]AccountID{}
	for _, m := range mentions {
		byKind[m.Silent] = append(byKind[m.Silent], m.AccountID)
	}
	for _, silent := range []bool{false, true} { // who is mentioned and addressed is mentioned
		if len(byKind[silent]) == 0 {
			continue
		}
		if _, err := tx.exec(`
			INSERT INTO mentions (status_id, account_id, silent)
			SELECT CAST($1 AS BIGINT), a.id, CAST($2 AS BOOLEAN) FROM accounts a WHERE `+tx.in("a.id", "$3")+`
			ON CONFLICT (status_id, account_id) DO NOTHING`, status, silent, setOf(byKind[silent])); err != nil {
			return err
		}
	}
	return nil
}

// SilentMentions are the accounts that a status is for without mentioning them.
func (tx *Tx) SilentMentions(status ObjectID) ([]AccountID, error) {
	return ids[AccountID](tx, `SELECT account_id FROM mentions WHERE status_id = $1 AND silent`, status)
}

// AddMention adds a mention to a status.
func (tx *Tx) AddMention(status ObjectID, account AccountID) error {
	_, err := tx.exec(`
		INSERT INTO mentions (status_id, account_id, silent)
		SELECT o.id, CAST($2 AS BIGINT), FALSE FROM objects o WHERE o.id = $1 AND o.deleted_at = 0
		ON CONFLICT (status_id, account_id) DO NOTHING`, status, account)
	return err
}

// MentionedLocally is the set of local accounts that a status mentions; a direct
// one is for all whom it is addressed to.
func (tx *Tx) MentionedLocally(status ObjectID) (map[AccountID]bool, error) {
	list, err := ids[AccountID](tx, `
		SELECT m.account_id FROM mentions m JOIN users u ON u.account_id = m.account_id
		WHERE m.status_id = $1 AND (NOT m.silent OR EXISTS (
		  SELECT 1 FROM objects o WHERE o.id = m.status_id AND o.visibility = 3))`, status)
	out := map[AccountID]bool{}
	for _, id := range list {
		out[id] = true
	}
	return out, err
}
