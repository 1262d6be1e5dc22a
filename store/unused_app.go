package store

import "time"

const (
	// unusedApp is how long a client without any sign-in stays registered,
	// and how long an unused client token stays.
	unusedApp = 7 * 24 * time.Hour
	// maxApps is how many clients are registered before new ones replace
	// the oldest unused ones: registering is open to strangers.
	maxApps = 2000
)

// appUnused is true for a client that nobody has signed in to or written with.
// A client's own token does not count: it is issued without asking anyone.
const appUnused = `
	p.id NOT IN (SELECT t.app_id FROM oauth_tokens t WHERE t.account_id <> 0)
	AND p.id NOT IN (SELECT c.app_id FROM oauth_codes c)
	AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.application_id = p.id AND o.application_id <> 0)`

// deleteUnusedApps deletes unused clients that were registered before a time,
// and unused client tokens.
func (tx *Tx) deleteUnusedApps(before time.Time) error {
	if _, err := tx.exec(`DELETE FROM oauth_tokens WHERE account_id = 0 AND created_at < $1 AND last_used_at < $1`, millis(before)); err != nil {
		return err
	}
	_, err := tx.exec(`
		DELETE FROM oauth_apps WHERE id IN (
		  SELECT p.id FROM oauth_apps p
		  WHERE p.created_at < $1 AND p.id NOT IN (SELECT t.app_id FROM oauth_tokens t) AND `+appUnused+`)`, millis(before))
	return err
}

// makeRoomForApp deletes the oldest unused clients, with their own tokens, when
// the maximum is reached.
func (tx *Tx) makeRoomForApp() error {
	n, _, err := one[int64](tx, `SELECT COUNT(*) FROM oauth_apps`)
	if err != nil || n < maxApps {
		return err
	}
	oldest, err := ids[int64](tx, `
		SELECT p.id FROM oauth_apps p
		WHERE `+appUnused+`
		ORDER BY p.created_at, p.id
		LIMIT $1`, n-maxApps+1)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM oauth_tokens WHERE account_id = 0 AND `+tx.in("app_id", "$1"), setOf(oldest)); err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM oauth_apps WHERE `+tx.in("id", "$1"), setOf(oldest))
	return err
}
