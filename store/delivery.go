package store

import "time"

// Delivery is what a delivery needs to know of an activity of ours and of its
// sender, beside the document.
type Delivery struct {
	Type      string // of the activity
	DeletedAt time.Time
	// Visibility is that of the activity, FollowersVersion that of the sender: see
	// Tx.FollowersVersion.
	Visibility       Visibility
	FollowersVersion int64

	Username, KeyID  string // of the sender
	SenderDeletedAt  time.Time
	SenderPrivateKey string // PEM; "" once deleted
}

// Delivery reads an activity and its sender, in one statement; NotFound when
// either is gone.
func (tx *Tx) Delivery(activity ObjectID, sender AccountID) (*Delivery, error) {
	d := new(Delivery)
	err := tx.get("activity "+activity.String(), []any{
		&d.Type, toTime(&d.DeletedAt), &d.Username, &d.KeyID, toTime(&d.SenderDeletedAt), &d.SenderPrivateKey, &d.Visibility, &d.FollowersVersion,
	}, `
		SELECT o.type, o.deleted_at, a.username, a.key_id, a.deleted_at, u.private_key, o.visibility, a.followers_version
		FROM objects o
		JOIN accounts a ON a.id = $2
		JOIN users u ON u.account_id = a.id
		WHERE o.id = $1`, activity, sender)
	return d, err
}
