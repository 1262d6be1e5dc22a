package mastodon

import (
	"net/url"

	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// timeline answers with a page of statuses whose ids are read first.
func (c *call) timeline(read func(tx *store.Tx, p store.Page) ([]store.ObjectID, error)) error {
	page := c.page(20, 40)
	var list []*store.Status
	var ids []store.ObjectID
	if err := c.view(func(tx *store.Tx) (err error) {
		if ids, err = read(tx, page); err != nil {
			return err
		}
		list, err = tx.Statuses(c.viewer, ids)
		return err
	}); err != nil {
		return err
	}
	if n := len(ids); n > 0 {
		c.links(int64(ids[0]), int64(ids[n-1]))
	}
	return c.json(c.api.spell().Statuses(list, c.viewer))
}

func (c *call) home() error {
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		return tx.HomeTimeline(c.viewer, p)
	})
}

func (c *call) publicQuery() store.PublicQuery {
	return store.PublicQuery{Local: c.params.True("local"), Remote: c.params.True("remote"), OnlyMedia: c.params.True("only_media")}
}

func (c *call) public() error {
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		return tx.PublicTimeline(c.viewer, c.publicQuery(), p)
	})
}

func (c *call) tag() error {
	name, err := url.PathUnescape(chi.URLParam(c.r, "tag"))
	if err != nil {
		name = chi.URLParam(c.r, "tag")
	}
	q := store.TagQuery{
		Any: append(c.params.Strings("any"), name), All: c.params.Strings("all"), None: c.params.Strings("none"), PublicQuery: c.publicQuery(),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		return tx.TagTimeline(c.viewer, q, p)
	})
}

type tagEntity struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	URL       string     `json:"url"`
	History   []struct{} `json:"history"`
	Following *bool      `json:"following,omitempty"`
}

func (c *call) tagEntity() error {
	name, err := url.PathUnescape(chi.URLParam(c.r, "tag"))
	if err != nil {
		name = chi.URLParam(c.r, "tag")
	}
	return c.json(c.newTag(name))
}

func (c *call) newTag(name string) tagEntity {
	e := tagEntity{ID: store.FoldTag(name), Name: store.FoldTag(name), URL: c.api.Config.TagURL(name), History: []struct{}{}}
	if c.viewer != 0 {
		e.Following = new(bool)
	}
	return e
}

func (c *call) accountStatuses() error {
	id, err := c.accountID()
	if err != nil {
		return err
	}
	p := c.params
	q := store.AccountQuery{
		ExcludeReplies: p.True("exclude_replies"), ExcludeReblogs: p.True("exclude_reblogs"),
		OnlyMedia: p.True("only_media"), Pinned: p.True("pinned"), Tagged: p.String("tagged"),
	}
	return c.timeline(func(tx *store.Tx, p store.Page) ([]store.ObjectID, error) {
		if _, err := c.seen(tx, id); err != nil {
			return nil, err
		}
		return tx.AccountTimeline(c.viewer, id, q, p)
	})
}
