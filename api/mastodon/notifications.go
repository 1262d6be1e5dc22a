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

// Notification spells one.
func (s Spell) Notification(n *store.Notification) *Notification {
	e := &Notification{
		ID: strconv.FormatInt(n.ID, 10), Type: n.Type, CreatedAt: Date(n.CreatedAt),
		GroupKey: "ungrouped-" + strconv.FormatInt(n.ID, 10), Account: s.Account(n.FromAccount),
	}
	if n.Status != nil {
		e.Status = s.Status(n.Status, n.AccountID)
	}
	return e
}

func (c *call) notifications() error {
	page := c.page(40, 80)
	q := store.NotificationQuery{Types: c.params.Strings("types"), ExcludeTypes: c.params.Strings("exclude_types")}
	if id, ok := store.ParseID(c.params.String("account_id")); ok {
		q.From = store.AccountID(id)
	}
	var list []*store.Notification
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Notifications(c.viewer, q, page)
		return err
	}); err != nil {
		return err
	}
	out := []*Notification{}
	for _, n := range list {
		if n.FromAccount != nil {
			out = append(out, c.api.spell().Notification(n))
		}
	}
	if n := len(list); n > 0 {
		c.links(list[0].ID, list[n-1].ID)
	}
	return c.json(out)
}

func (c *call) notification() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	var n *store.Notification
	if err := c.view(func(tx *store.Tx) (err error) {
		n, err = tx.Notification(c.viewer, id)
		return err
	}); err != nil {
		return err
	}
	return c.json(c.api.spell().Notification(n))
}

func (c *call) unreadCount() error {
	most := min(max(int(c.params.Int("limit", 100)), 1), 1000)
	var n int64
	if err := c.view(func(tx *store.Tx) (err error) {
		n, err = tx.CountUnread(c.viewer, most)
		return err
	}); err != nil {
		return err
	}
	return c.json(map[string]int64{"count": n})
}

func (c *call) clearNotifications() error {
	if err := c.api.Store.Update(c.ctx, func(tx *store.Tx) error { return tx.ClearNotifications(c.viewer) }); err != nil {
		return err
	}
	return c.empty()
}

func (c *call) dismissNotification() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.api.Store.Update(c.ctx, func(tx *store.Tx) error { return tx.DismissNotification(c.viewer, id) }); err != nil {
		return err
	}
	return c.empty()
}
