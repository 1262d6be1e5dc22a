package store

import "time"

// Delivery is what a delivery needs to know of an activity of ours and of its
// sender, beside the document.
type Delivery struct {
	Type       string // of the activity
	Visibility Visibility
	CreatedAt  time.Time // of its row
	DeletedAt  time.Time
	// FollowersVersion is that of the sender: see Tx.FollowersVersion.
	FollowersVersion int64

	Username, KeyID  string // of the sender
	SenderDeletedAt  time.Time
	SenderPrivateKey string // PEM; "" once deleted
	SenderEd25519Key string // the same; "" before it is made, too
}

// Delivery reads an activity and its sender, in one statement; NotFound when
// either is gone.
func (tx *Tx) Delivery(activity ObjectID, sender AccountID) (*Delivery, error) {
	d := new(Delivery)
	err := tx.get("activity "+activity.String(), []any{
		&d.Type, &d.Visibility, toTime(&d.CreatedAt), toTime(&d.DeletedAt),
		&d.Username, &d.KeyID, toTime(&d.SenderDeletedAt), &d.SenderPrivateKey, &d.SenderEd25519Key, &d.FollowersVersion,
	}, `
		SELECT o.type, o.visibility, o.created_at, o.deleted_at, a.username, a.key_id, a.deleted_at, u.private_key, u.ed25519_key, a.followers_version
		FROM objects o
		JOIN accounts a ON a.id = $2
		JOIN users u ON u.account_id = a.id
		WHERE o.id = $1`, activity, sender)
	return d, err
}
