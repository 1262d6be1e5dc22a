package mastodon

import (
	"math"
	"time"

	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"
)

// seconds is a duration within what a Duration holds.
func seconds(n int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(min(max(n, -most), most)) * time.Second
}

func (c *call) post() error {
	p := c.params
	if p.Has("scheduled_at") && p.String("scheduled_at") != "" {
		return fault.Errorf(fault.NotImplemented, "Posts can't be scheduled yet")
	}
	if _, ok := p.Sub("poll"); ok || len(p.Strings("media_ids")) > 0 {
		return fault.Errorf(fault.NotImplemented, "Polls and media can't be posted yet")
	}
	req := ap.PostRequest{
		Text: p.String("status"), SpoilerText: p.String("spoiler_text"), Language: p.String("language"),
		ApplicationID: c.token.AppID, IdempotencyKey: c.r.Header.Get("Idempotency-Key"),
	}
	if s := p.String("in_reply_to_id"); s != "" {
		id, ok := store.ParseID(s)
		if !ok {
			return respond.NotFound
		}
		req.InReplyTo = store.ObjectID(id)
	}
	if err := c.preferred(&req); err != nil {
		return err
	}
	id, err := c.api.Service.Post(c.ctx, c.viewer, req)
	if err != nil {
		return err
	}
	return c.showStatus(id, nil)
}

// preferred fills visibility and sensitivity, from the account's preferences
// where the request leaves them open.
func (c *call) preferred(req *ap.PostRequest) error {
	name, given := c.params.Text("visibility")
	if given && name != "" {
		v, ok := store.ParseVisibility(name)
		if !ok {
			return fault.Errorf(fault.Invalid, "Validation failed: %q is no visibility", name)
		}
		req.Visibility = v
	}
	sensitive, told := c.params.Bool("sensitive")
	req.Sensitive = sensitive
	if given && name != "" && told {
		return nil
	}
	return c.view(func(tx *store.Tx) error {
		u, err := tx.User(c.viewer)
		if err != nil {
			return err
		}
		if !given || name == "" {
			req.Visibility = u.DefaultVisibility
		}
		if !told {
			req.Sensitive = u.DefaultSensitive
		}
		return nil
	})
}

// showStatus answers with a status as the viewer sees it.
func (c *call) showStatus(id store.ObjectID, with func(*Status)) error {
	var st *store.Status
	if err := c.view(func(tx *store.Tx) (err error) {
		st, err = tx.Status(c.viewer, id)
		return err
	}); err != nil {
		return err
	}
	e := c.api.spell().Status(st, c.viewer)
	if with != nil {
		with(e)
	}
	return c.json(e)
}

func (c *call) status() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	return c.showStatus(id, nil)
}

// statuses reads several by id, those the viewer may see, in the order asked.
func (c *call) statuses() error {
	var ids []store.ObjectID
	for _, id := range accountIDs(c.params.Strings("id")) {
		ids = append(ids, store.ObjectID(id))
	}
	var list []*store.Status
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Statuses(c.viewer, ids)
		return err
	}); err != nil {
		return err
	}
	return c.json(c.api.spell().Statuses(list, c.viewer))
}

func (c *call) edit() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	if err := c.api.Service.EditPost(c.ctx, c.viewer, id, ap.EditRequest{
		Text: c.params.String("status"), SpoilerText: c.params.String("spoiler_text"),
		Sensitive: c.params.True("sensitive"), Language: c.params.String("language"),
	}); err != nil {
		return err
	}
	return c.showStatus(id, nil)
}

// delete answers with the status that was, and its text, so that a client can
// offer to write it anew. Its media is kept for that for a day, unless
// delete_media is true.
func (c *call) delete() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	var st *store.Status
	if err := c.view(func(tx *store.Tx) (err error) {
		if st, err = tx.Status(c.viewer, id); err == nil && st.AccountID != c.viewer {
			err = fault.Errorf(fault.NotFound, "status %s is not the account's", id)
		}
		return err
	}); fault.Is(err, fault.NotFound) {
		return c.deleteHiddenBoost(id)
	} else if err != nil {
		return err
	}
	e := c.api.spell().Status(st, c.viewer)
	if st.ReblogOfID == 0 {
		text, _, err := c.api.Service.PostSource(c.ctx, c.viewer, id)
		if err != nil {
			return err
		}
		e.Text = &text
	}
	if err := c.api.Service.DeletePost(c.ctx, c.viewer, id, !c.params.True("delete_media")); err != nil {
		return err
	}
	return c.json(e)
}

func (c *call) source() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	text, spoiler, err := c.api.Service.PostSource(c.ctx, c.viewer, id)
	if err != nil {
		return err
	}
	return c.json(struct {
		ID          string `json:"id"`
		Text        string `json:"text"`
		SpoilerText string `json:"spoiler_text"`
	}{id.String(), text, spoiler})
}

func (c *call) context() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	var above, below []*store.Status
	if err := c.view(func(tx *store.Tx) (err error) {
		above, below, err = tx.Thread(c.viewer, id)
		return err
	}); err != nil {
		return err
	}
	return c.json(struct {
		Ancestors   []*Status `json:"ancestors"`
		Descendants []*Status `json:"descendants"`
	}{c.api.spell().Statuses(above, c.viewer), c.api.spell().Statuses(below, c.viewer)})
}

func (c *call) favouritedBy() error { return c.whoDid((*store.Tx).FavouritedBy) }

func (c *call) rebloggedBy() error { return c.whoDid((*store.Tx).RebloggedBy) }

// whoDid lists the accounts that did something to the status of the path.
func (c *call) whoDid(read func(*store.Tx, store.AccountID, store.ObjectID, store.Page) ([]store.Paged[*store.Account], error)) error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	return c.accountPage(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		if _, err := tx.Status(c.viewer, id); err != nil {
			return nil, err
		}
		return read(tx, c.viewer, id, p)
	})
}

// mark does something to the status of the path, of a boost to the boosted,
// and answers with it: so it must be one that the token may read.
func (c *call) mark(do func(id store.ObjectID) error) error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	if err := c.view(func(tx *store.Tx) error {
		st, err := tx.Status(c.reader(), id)
		if err == nil && st.Reblog != nil {
			id = st.Reblog.ID
		}
		return err
	}); err != nil {
		return err
	}
	if err := do(id); err != nil {
		return err
	}
	return c.showStatus(id, nil)
}

func (c *call) favourite() error {
	return c.mark(func(id store.ObjectID) error { return c.api.Service.Favourite(c.ctx, c.viewer, id) })
}

func (c *call) bookmark() error {
	return c.mark(func(id store.ObjectID) error { return c.api.Service.Bookmark(c.ctx, c.viewer, id, true) })
}

func (c *call) unbookmark() error {
	return c.mark(func(id store.ObjectID) error { return c.api.Service.Bookmark(c.ctx, c.viewer, id, false) })
}

func (c *call) pin() error {
	return c.mark(func(id store.ObjectID) error { return c.api.Service.Pin(c.ctx, c.viewer, id, true) })
}

func (c *call) unpin() error {
	return c.mark(func(id store.ObjectID) error { return c.api.Service.Pin(c.ctx, c.viewer, id, false) })
}

// reblog answers with the boost, which has the boosted inside.
func (c *call) reblog() error {
	id, err := c.statusID()
	if err != nil {
		return err
	}
	v := store.Public
	if name := c.params.String("visibility"); name != "" {
		var ok bool
		if v, ok = store.ParseVisibility(name); !ok || v == store.Direct {
			return fault.Errorf(fault.Invalid, "Validation failed: %q is no visibility of a boost", name)
		}
	}
	if c.reader() != c.viewer {
		if err := c.view(func(tx *store.Tx) error {
			_, err := tx.Status(c.reader(), id) // the answer shows it
			return err
		}); err != nil {
			return err
		}
	}
	boost, err := c.api.Service.Boost(c.ctx, c.viewer, id, v)
	if err != nil {
		return err
	}
	return c.showStatus(boost, nil)
}

func (c *call) favourites() error { return c.markedPage((*store.Tx).Favourites) }

func (c *call) bookmarks() error { return c.markedPage((*store.Tx).Bookmarks) }

func (c *call) markedPage(read func(*store.Tx, store.AccountID, store.Page) ([]store.Paged[*store.Status], error)) error {
	page := c.page(20, 40)
	var list []store.Paged[*store.Status]
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = read(tx, c.viewer, page)
		return err
	}); err != nil {
		return err
	}
	out := make([]*Status, len(list))
	for i, item := range list {
		out[i] = c.api.spell().Status(item.Item, c.viewer)
	}
	if n := len(list); n > 0 {
		c.links(list[0].PageID, list[n-1].PageID)
	}
	return c.json(out)
}
