package mastodon

import "kinglet/store"

func (c *call) notifications() (any, error) {
	q := store.NotificationQuery{Types: c.params.Strings("types"), ExcludeTypes: c.params.Strings("exclude_types")}
	if id, ok := store.ParseID(c.params.String("account_id")); ok {
		q.From = store.AccountID(id)
	}
	p := c.page(pageOfAccounts)
	var end int64
	list, err := read(c, func(tx *store.Tx) (list []*store.Notification, err error) {
		list, end, err = tx.Notifications(c.viewer, q, p)
		return list, err
	})
	if err != nil {
		return nil, err
	}
	var first, last int64
	if n := len(list); n > 0 {
		first, last = list[0].ID, list[n-1].ID
	}
	c.links(p.Around(first, last, end))
	return c.serializer().notifications(list), nil
}

func (c *call) notification() (any, error) {
	return show(c, c.serializer().Notification, func(tx *store.Tx) (*store.Notification, error) {
		return tx.Notification(c.viewer, c.id)
	})
}

// The maximum that unreadCount counts, and the default.
const maxUnread, usualUnread = 1000, 100

func (c *call) unreadCount() (any, error) {
	most := min(max(int(c.params.Int("limit", usualUnread)), 1), maxUnread)
	n, err := read(c, func(tx *store.Tx) (int64, error) { return tx.CountUnread(c.viewer, most) })
	return map[string]int64{"count": n}, err
}

func (c *call) clearNotifications() (any, error) {
	return update(c, func(tx *store.Tx) (struct{}, error) { return struct{}{}, tx.ClearNotifications(c.viewer) })
}

func (c *call) dismissNotification() (any, error) {
	return update(c, func(tx *store.Tx) (struct{}, error) { return struct{}{}, tx.DismissNotification(c.viewer, c.id) })
}
