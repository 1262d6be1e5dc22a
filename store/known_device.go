package store

import "time"

// maxKnownDevices is how many browsers and addresses of an account are stored,
// the newest.
const maxKnownDevices = 64

// knownDevice is how long they are stored after their last use.
const knownDevice = 365 * 24 * time.Hour

// PutKnownDevice records that an account signed in from a browser or an
// address, given as a hash.
func (tx *Tx) PutKnownDevice(account AccountID, hash string) error {
	if _, err := tx.exec(`
		INSERT INTO known_devices (account_id, hash, seen_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (account_id, hash) DO UPDATE SET seen_at = excluded.seen_at`, account, hash, millis(tx.Now())); err != nil {
		return err
	}
	_, err := tx.exec(`
		DELETE FROM known_devices
		WHERE account_id = $1 AND hash NOT IN (
		  SELECT d.hash FROM known_devices d WHERE d.account_id = $1 ORDER BY d.seen_at DESC, d.hash LIMIT $2)`, account, maxKnownDevices)
	return err
}

// IsKnownDevice reports whether an account signed in from there in the last
// year.
func (tx *Tx) IsKnownDevice(account AccountID, hash string) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT d.seen_at FROM known_devices d WHERE d.account_id = $1 AND d.hash = $2 AND d.seen_at > $3`,
		account, hash, millis(tx.Now().Add(-knownDevice)))
	return ok, err
}
