package store

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Retraction says that an actor deleted or undid something before it came
// here. Only hashes are kept: the ids are texts of strangers, of any length.
type Retraction struct {
	Account AccountID // of the actor
	Actor   string    // its URI
	ID      string    // of the object or activity
	// Slot is where it is kept; what was kept there before is forgotten.
	Slot  int64
	Until time.Time
}

// RetractionKey is the key of what an actor, by its URI, deleted or undid.
func RetractionKey(actor, id string) string {
	sum := sha256.Sum256([]byte(actor + "\n" + id))
	return hex.EncodeToString(sum[:])
}

// PutRetraction keeps a retraction.
func (tx *Tx) PutRetraction(r Retraction) error {
	key := RetractionKey(r.Actor, r.ID)
	if _, err := tx.exec(`DELETE FROM retracted WHERE slot = $1 OR key = $2`, r.Slot, key); err != nil {
		return err
	}
	_, err := tx.exec(`
		INSERT INTO retracted (key, slot, account_id, expires_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, key, r.Slot, r.Account, millis(r.Until))
	return err
}

// IsRetracted reports whether an actor has deleted or undone something before
// it came here.
func (tx *Tx) IsRetracted(actor, id string) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT slot FROM retracted WHERE key = $1 AND expires_at > $2`, RetractionKey(actor, id), millis(tx.Now()))
	return ok, err
}

// LockRetractions locks what an actor does for this transaction, so that of an
// activity and its Undo that arrive at the same time one sees the other.
func (tx *Tx) LockRetractions(actor string, ids ...string) error {
	var keys []string
	for _, id := range ids {
		keys = append(keys, RetractionKey(actor, id))
	}
	return tx.engine.LockTexts(textSet(keys))
}
