package mastodon

import (
	"kinglet/store"
)

// timeline answers with a page of statuses. end is not 0 when reading stopped
// there before the page was full: the link goes on from there.
func (c *call) timeline(read func(tx *store.Tx, p store.Page) (list []*store.Status, end store.ObjectID, err error)) (any, error) {
	return show(c, c.serializer().statuses, func(tx *store.Tx) ([]*store.Status, error) {
		p := c.page(pageOfStatuses)
		list, end, err := read(tx, p)
		if err != nil {
			return nil, err
		}
		var first, last int64
		if n := len(list); n > 0 {
			first, last = int64(list[0].ID), int64(list[n-1].ID)
		}
		c.links(p.Around(first, last, int64(end)))
		return list, nil
	})
}

func (c *call) home() (any, error) {
	return c.timeline(func(tx *store.Tx, p store.Page) (list []*store.Status, end store.ObjectID, err error) {
		list, err = tx.Home(c.viewer, p)
		return list, 0, err
	})
}

func (c *call) publicQuery() store.PublicQuery {
	return store.PublicQuery{Local: c.params.True("local"), Remote: c.params.True("remote"), OnlyMedia: c.params.True("only_media")}
}

func (c *call) public() (any, error) {
	return c.timeline(func(tx *store.Tx, p store.Page) ([]*store.Status, store.ObjectID, error) {
		return tx.Public(c.viewer, c.publicQuery(), p)
	})
}

func (c *call) tagTimeline() (any, error) {
	q := store.TagQuery{
		Any: append([]string{c.tagName()}, c.params.Strings("any")...), All: c.params.Strings("all"), None: c.params.Strings("none"), PublicQuery: c.publicQuery(),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]*store.Status, store.ObjectID, error) {
		return tx.Tagged(c.viewer, q, p)
	})
}

func (c *call) accountStatuses() (any, error) {
	p := c.params
	q := store.AccountQuery{
		ExcludeReplies: p.True("exclude_replies"), ExcludeReblogs: p.True("exclude_reblogs"),
		OnlyMedia: p.True("only_media"), Pinned: p.True("pinned"), Tagged: p.String("tagged"),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]*store.Status, store.ObjectID, error) {
		if _, err := visibleAccount(tx, c.accountID()); err != nil {
			return nil, 0, err
		}
		return tx.AccountStatuses(c.viewer, c.accountID(), q, p)
	})
}
