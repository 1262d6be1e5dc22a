package store

import "strings"

// FoldTag is the key of a hashtag: without its #, lower-case.
func FoldTag(tag string) string { return strings.ToLower(strings.TrimPrefix(tag, "#")) }

// PutTags replaces the hashtags of a status.
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
