package mastodon

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// When a status's author has blocked the viewer, the viewer can't see the
// status any more, and may still undo what they did to it.

func (c *call) unfavourite() (any, error) {
	return c.undo(func(id store.ObjectID) error { return c.api.Service.Unfavourite(c.ctx, c.viewer, id) })
}

func (c *call) unreblog() (any, error) {
	return c.undo(func(id store.ObjectID) error { return c.api.Service.Unboost(c.ctx, c.viewer, id) })
}

// deleteHiddenBoost deletes a boost of the viewer's whose status the viewer
// can't see any more; anything else is NotFound.
func (c *call) deleteHiddenBoost(id store.ObjectID) (any, error) {
	if _, err := read(c, func(tx *store.Tx) (*store.Object, error) {
		o, err := tx.Object(id)
		if err == nil && (o.ReblogOfID == 0 || o.AccountID != c.viewer) {
			err = fault.Errorf(fault.NotFound, "status %s does not belong to the account", id)
		}
		return o, err
	}); err != nil {
		return nil, err
	}
	return c.unreblog()
}

// undo runs a command that reverts an interaction. If the viewer can't see the
// status any more, the answer has only its URL and author; the command does not
// find a status that the viewer did nothing to.
func (c *call) undo(command func(id store.ObjectID) error) (any, error) {
	answer, err := c.updateStatus(command)
	if !fault.Is(err, fault.NotFound) {
		return answer, err
	}
	st, err := read(c, c.hiddenStatus)
	if err != nil {
		return nil, err
	}
	return c.serializer().Status(st), command(st.ID)
}

// hiddenStatus reads the status of the path, of a boost what it boosts,
// without its content. One that the viewer can see is not found: if this
// token can't read it, it is not shown either.
func (c *call) hiddenStatus(tx *store.Tx) (*store.Status, error) {
	o, err := tx.Object(c.statusID())
	if err == nil && o.ReblogOfID != 0 {
		o, err = tx.Object(o.ReblogOfID)
	}
	if err != nil {
		return nil, err
	}
	visible, err := tx.MaySee(c.viewer, o.ID)
	if err != nil {
		return nil, err
	}
	if visible {
		return nil, fault.Errorf(fault.NotFound, "status %d not found", c.id)
	}
	author, err := tx.Account(o.AccountID)
	return &store.Status{
		Object:  store.Object{ID: o.ID, URI: o.URI, URL: o.URL, AccountID: o.AccountID, Visibility: o.Visibility, PublishedAt: o.PublishedAt},
		Account: author,
	}, err
}
