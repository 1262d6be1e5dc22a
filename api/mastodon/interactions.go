package mastodon

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// updateStatus runs a command on the status of the path, for a boost on the
// boosted status, and answers with it: so the token must be able to read it.
func (c *call) updateStatus(command func(id store.ObjectID) error) (any, error) {
	id, err := read(c, func(tx *store.Tx) (store.ObjectID, error) {
		st, err := tx.Status(c.reader(), c.statusID())
		if err == nil && st.Reblog != nil {
			return st.Reblog.ID, nil
		}
		return c.statusID(), err
	})
	if err != nil {
		return nil, err
	}
	if err := command(id); err != nil {
		return nil, err
	}
	return c.showStatus(id)
}

func (c *call) favourite() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.Favourite(c.ctx, c.viewer, id) })
}

func (c *call) bookmark() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.Bookmark(c.ctx, c.viewer, id, true) })
}

func (c *call) unbookmark() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.Bookmark(c.ctx, c.viewer, id, false) })
}

func (c *call) pin() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.Pin(c.ctx, c.viewer, id, true) })
}

func (c *call) unpin() (any, error) {
	return c.updateStatus(func(id store.ObjectID) error { return c.api.Service.Pin(c.ctx, c.viewer, id, false) })
}

// reblog answers with the boost, which embeds the boosted status.
func (c *call) reblog() (any, error) {
	v, err := visibility(c.params, "visibility")
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = new(store.Visibility)
		*v = store.Public
	}
	if *v == store.Direct {
		return nil, fault.Errorf(fault.Invalid, "Validation failed: %q is not a valid visibility of a boost", v.String())
	}
	if c.reader() != c.viewer {
		// The answer shows it.
		if _, err := read(c, func(tx *store.Tx) (*store.Status, error) { return tx.Status(c.reader(), c.statusID()) }); err != nil {
			return nil, err
		}
	}
	boost, err := c.api.Service.Boost(c.ctx, c.viewer, c.statusID(), *v)
	if err != nil {
		return nil, err
	}
	return c.showStatus(boost)
}

func (c *call) favourites() (any, error) { return c.showStatuses((*store.Tx).Favourites) }

func (c *call) bookmarks() (any, error) { return c.showStatuses((*store.Tx).Bookmarks) }

// showStatuses answers with a list of the viewer's statuses, paged by an id of
// its own.
func (c *call) showStatuses(fn func(*store.Tx, store.AccountID, store.Page) ([]store.Paged[*store.Status], error)) (any, error) {
	return showPage(c, pageOfStatuses, c.serializer().statuses, func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Status], error) {
		return fn(tx, c.viewer, p)
	})
}
