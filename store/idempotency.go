package store

import (
	"time"

	"kinglet/store/engine"
)

// TakeIdempotencyKey takes a key for a status that is about to be written, or
// gives the status that the key gave since a time: who comes while another
// transaction holds it waits for what becomes of that. So it stands first in
// the transaction, before anything that the key is to make happen once.
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
