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
	// WHERE TRUE, or SQLite would read ON CONFLICT as a join's.
	_, err := tx.exec(`
		INSERT INTO status_tags (name, status_id)
		SELECT tags.value, CAST($2 AS BIGINT) FROM `+tx.engine.TextSet("$1")+` AS tags WHERE TRUE
		ON CONFLICT (name, status_id) DO NOTHING`, textSet(folded), status)
	return err
}

// SearchTags lists hashtags that begin with a prefix.
func (tx *Tx) SearchTags(prefix string, limit int) ([]string, error) {
	lo := FoldTag(prefix)
	return tx.texts(`SELECT DISTINCT name FROM status_tags WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3`, lo, lo+"\U0010ffff", limit)
}
