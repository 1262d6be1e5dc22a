package store

import (
	"encoding/json"
	"time"
)

// Delivery is what a delivery sends: an activity of ours as it is now, and
// whose.
type Delivery struct {
	Type      string // of the activity
	DeletedAt time.Time
	Document  json.RawMessage // see ObjectDocument
	Object    json.RawMessage // the document of the object that it names by its id, if it was asked for and is one of objects

	Username, KeyID  string // of the sender
	SenderDeletedAt  time.Time
	SenderPrivateKey string // PEM; "" once deleted
}

// Delivery reads an activity and its sender, in one statement; NotFound when
// either is gone. byID are the types whose rows name their object by its id.
func (tx *Tx) Delivery(activity ObjectID, sender AccountID, byID []string) (*Delivery, error) {
	d := new(Delivery)
	err := tx.get("activity "+activity.String(), []any{
		&d.Type, toTime(&d.DeletedAt), raw(&d.Document), raw(&d.Object), &d.Username, &d.KeyID, toTime(&d.SenderDeletedAt), &d.SenderPrivateKey,
	}, `
		SELECT o.type, o.deleted_at, o.json, t.json, a.username, a.key_id, a.deleted_at, u.private_key
		FROM objects o
		JOIN accounts a ON a.id = $2
		JOIN users u ON u.account_id = a.id
		LEFT JOIN objects t ON t.uri = o.object_uri AND `+tx.inText("o.type", "$3")+`
		WHERE o.id = $1`, activity, sender, textSet(byID))
	return d, err
}
