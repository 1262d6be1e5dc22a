package store

import (
	"time"

	"kinglet/store/engine"
)

// TakeIdempotencyKey stores a key for a status that will be written, or returns
// the status that the key has since a time: a second transaction waits for the
// first one's result. So it is called first in a transaction, before anything
// that the key is meant to do once.
func (tx *Tx) TakeIdempotencyKey(account AccountID, key string, status ObjectID, since time.Time) (first ObjectID, taken bool, err error) {
	n, err := tx.exec(`
		INSERT INTO idempotency_keys (account_id, key, status_id, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, key) DO UPDATE
		SET status_id = excluded.status_id, created_at = excluded.created_at
		WHERE idempotency_keys.created_at < $5`, account, key, status, millis(tx.Now()), millis(since))
	if err != nil || n == 1 {
		return status, n == 1, err
	}
	first, found, err := one[ObjectID](tx, `SELECT status_id FROM idempotency_keys WHERE account_id = $1 AND key = $2`, account, key)
	if err == nil && !found {
		err = engine.ErrAgain // it was cleaned up just now
	}
	return first, false, err
}
