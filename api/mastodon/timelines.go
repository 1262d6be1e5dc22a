package mastodon

import (
	"kinglet/store"
)

// timeline answers with a page of the statuses that ids lists. end is not 0 when
// it stopped there before the page was full: the link goes on from there.
func (c *call) timeline(ids func(tx *store.Tx, p store.Page) (list []store.ObjectID, end store.ObjectID, err error)) (any, error) {
	return show(c, c.serializer().statuses, func(tx *store.Tx) ([]*store.Status, error) {
		p := c.page(pageOfStatuses)
		list, end, err := ids(tx, p)
		if err != nil {
			return nil, err
		}
		var first, last int64
		if n := len(list); n > 0 {
			first, last = int64(list[0]), int64(list[n-1])
		}
		c.links(p.Around(first, last, int64(end)))
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
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, store.ObjectID, error) {
		return tx.PublicTimeline(c.viewer, c.publicQuery(), p)
	})
}

func (c *call) tagTimeline() (any, error) {
	q := store.TagQuery{
		Any: append([]string{c.tagName()}, c.params.Strings("any")...), All: c.params.Strings("all"), None: c.params.Strings("none"), PublicQuery: c.publicQuery(),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, store.ObjectID, error) {
		return tx.TagTimeline(c.viewer, q, p)
	})
}

func (c *call) accountStatuses() (any, error) {
	p := c.params
	q := store.AccountQuery{
		ExcludeReplies: p.True("exclude_replies"), ExcludeReblogs: p.True("exclude_reblogs"),
		OnlyMedia: p.True("only_media"), Pinned: p.True("pinned"), Tagged: p.String("tagged"),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, store.ObjectID, error) {
		if _, err := visibleAccount(tx, c.accountID()); err != nil {
			return nil, 0, err
		}
		return tx.AccountTimeline(c.viewer, c.accountID(), q, p)
	})
}
