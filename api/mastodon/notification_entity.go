package mastodon

import (
	"strconv"

	"kinglet/store"
)

// Notification is Mastodon's Notification entity.
type Notification struct {
	ID        string   `json:"id"`
	Type      string   `json:"type"`
	CreatedAt string   `json:"created_at"`
	GroupKey  string   `json:"group_key"`
	Account   *Account `json:"account"`
	Status    *Status  `json:"status,omitempty"`
}

// Notification serializes a notification of the viewer.
func (s Serializer) Notification(n *store.Notification) *Notification {
	id := strconv.FormatInt(n.ID, 10)
	e := &Notification{ID: id, Type: n.Type, CreatedAt: formatTime(n.CreatedAt), GroupKey: "ungrouped-" + id, Account: s.Account(n.FromAccount)}
	if n.Status != nil {
		e.Status = s.Status(n.Status)
	}
	return e
}
