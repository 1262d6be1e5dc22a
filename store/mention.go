package store

import "strings"

// FoldTag is the key of a hashtag: without its #, lower-case.
func FoldTag(tag string) string { return strings.ToLower(strings.TrimPrefix(tag, "#")) }

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

// PutTags replaces the hashtags by which a status is found.
func (tx *Tx) PutTags(status ObjectID, tags []string) error {
	if _, err := tx.exec(`DELETE FROM status_tags WHERE status_id = $1`, status); err != nil {
		return err
	}
	for _, tag := range tags {
		if _, err := tx.exec(`INSERT INTO status_tags (name, status_id) VALUES ($1, $2) ON CONFLICT (name, status_id) DO NOTHING`,
			FoldTag(tag), status); err != nil {
			return err
		}
	}
	return nil
}

// SearchTags lists hashtags that begin with a prefix.
func (tx *Tx) SearchTags(prefix string, limit int) ([]string, error) {
	lo := FoldTag(prefix)
	return tx.texts(`SELECT DISTINCT name FROM status_tags WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3`, lo, lo+"\U0010ffff", limit)
}
