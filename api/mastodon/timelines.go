package mastodon

import (
	"kinglet/store"
)

// timeline answers with a page of the statuses that ids lists.
func (c *call) timeline(ids func(tx *store.Tx, p store.Page) ([]store.ObjectID, error)) (any, error) {
	return show(c, c.serializer().statuses, func(tx *store.Tx) ([]*store.Status, error) {
		list, err := ids(tx, c.page(pageOfStatuses))
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 {
			c.links(int64(list[0]), int64(list[n-1]))
		}
		return tx.Statuses(c.viewer, list)
	})
}

func (c *call) home() (any, error) {
	return show(c, c.serializer().statuses, func(tx *store.Tx) ([]*store.Status, error) {
		list, err := tx.Home(c.viewer, c.page(pageOfStatuses))
		if n := len(list); n > 0 {
			c.links(int64(list[0].ID), int64(list[n-1].ID))
		}
		return list, err
	})
}

func (c *call) publicQuery() store.PublicQuery {
	return store.PublicQuery{Local: c.params.True("local"), Remote: c.params.True("remote"), OnlyMedia: c.params.True("only_media")}
}

func (c *call) public() (any, error) {
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		return tx.PublicTimeline(c.viewer, c.publicQuery(), p)
	})
}

func (c *call) tagTimeline() (any, error) {
	q := store.TagQuery{
		Any: append(c.params.Strings("any"), c.tagName()), All: c.params.Strings("all"), None: c.params.Strings("none"), PublicQuery: c.publicQuery(),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		return tx.TagTimeline(c.viewer, q, p)
	})
}

func (c *call) accountStatuses() (any, error) {
	p := c.params
	q := store.AccountQuery{
		ExcludeReplies: p.True("exclude_replies"), ExcludeReblogs: p.True("exclude_reblogs"),
		OnlyMedia: p.True("only_media"), Pinned: p.True("pinned"), Tagged: p.String("tagged"),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		if _, err := visibleAccount(tx, c.accountID()); err != nil {
			return nil, err
		}
		return tx.AccountTimeline(c.viewer, c.accountID(), q, p)
	})
}
