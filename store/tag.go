package store

import "strings"

// FoldTag is the key of a hashtag: without its #, lower-case.
func FoldTag(tag string) string { return strings.ToLower(strings.TrimPrefix(tag, "#")) }

// PutTags replaces the hashtags of a status.
func (tx *Tx) PutTags(status ObjectID, tags []string) error {
	if _, err := tx.exec(`DELETE FROM status_tags WHERE status_id = $1`, status); err != nil {
		return err
	}
	return tx.InsertTags(status, tags)
}

// InsertTags writes the hashtags of a new status.
func (tx *Tx) InsertTags(status ObjectID, tags []string) error {
	if len(tags) == 0 {
		return nil
	}
	folded := make([]string, len(tags))
	for i, tag := range tags {
		folded[i] = FoldTag(tag)
	}
	_, err := tx.exec(`
		INSERT INTO status_tags (name, status_id, account_id)
		SELECT tags.value, o.id, o.account_id FROM objects o, `+tx.engine.TextSet("$1")+` AS tags WHERE o.id = $2
		ON CONFLICT (name, status_id) DO NOTHING`, textSet(folded), status)
	return err
}

// SearchTags lists hashtags that begin with a prefix. Each is found from the
// one before it: the statuses that have them are not visited.
func (tx *Tx) SearchTags(prefix string, limit int) ([]string, error) {
	lo := FoldTag(prefix)
	return tx.texts(`
		WITH RECURSIVE found (name) AS (
		  SELECT MIN(name) FROM status_tags WHERE name >= $1 AND name < $2
		  UNION ALL
		  SELECT (SELECT MIN(t.name) FROM status_tags t WHERE t.name > found.name AND t.name < $2)
		  FROM found
		  WHERE found.name IS NOT NULL)
		SELECT name FROM found WHERE name IS NOT NULL LIMIT $3`, lo, afterPrefix(lo), limit)
}
