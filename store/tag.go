package store

import (
	"maps"
	"slices"
	"strings"
)

// FoldTag is the key of a hashtag: without its #, lower-case.
func FoldTag(tag string) string { return strings.ToLower(strings.TrimPrefix(tag, "#")) }

// PutTags replaces the hashtags of a status. What stays is not written again:
// most edits change none.
func (tx *Tx) PutTags(status ObjectID, tags []string) error {
	before, err := tx.texts(`SELECT name FROM status_tags WHERE status_id = $1`, status)
	if err != nil {
		return err
	}
	var gone []string
	after := map[string]bool{}
	for _, tag := range tags {
		after[FoldTag(tag)] = true
	}
	for _, name := range before {
		if !after[name] {
			gone = append(gone, name)
		}
		delete(after, name)
	}
	if len(gone) > 0 {
		names := textSet(gone)
		if len(gone) == len(before) {
			_, err = tx.exec(`DELETE FROM status_tags WHERE status_id = $1`, status)
		} else {
			_, err = tx.exec(`DELETE FROM status_tags WHERE `+tx.inText("name", "$2")+` AND status_id = $1`, status, names)
		}
		if err != nil {
			return err
		}
		if _, err := tx.exec(`
			DELETE FROM account_tags
			WHERE account_id = (SELECT o.account_id FROM objects o WHERE o.id = $1) AND `+tx.inText("name", "$2")+` AND status_id = $1`, status, names); err != nil {
			return err
		}
	}
	return tx.InsertTags(status, slices.Sorted(maps.Keys(after)))
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
	names := textSet(folded)
	if _, err := tx.exec(`
		INSERT INTO status_tags (name, status_id)
		SELECT tags.value, CAST($2 AS BIGINT) FROM `+tx.engine.TextSet("$1")+` AS tags WHERE TRUE
		ON CONFLICT (name, status_id) DO NOTHING`, names, status); err != nil {
		return err
	}
	_, err := tx.exec(`
		INSERT INTO account_tags (account_id, name, status_id)
		SELECT o.account_id, tags.value, o.id FROM objects o CROSS JOIN `+tx.engine.TextSet("$1")+` AS tags WHERE o.id = $2
		ON CONFLICT (account_id, name, status_id) DO NOTHING`, names, status)
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
