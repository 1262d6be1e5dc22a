package mastodon

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

// One who was blocked by a status's author does not see it any more, and may
// still take back what he did to it.

func (c *call) unfavourite() error {
	return c.unmark(func(id store.ObjectID) error { return c.api.Service.Unfavourite(c.ctx, c.viewer, id) })
}

func (c *call) unreblog() error {
	return c.unmark(func(id store.ObjectID) error { return c.api.Service.Unboost(c.ctx, c.viewer, id) })
}

// deleteHiddenBoost deletes a boost of the viewer's that shows what the viewer
// does not see any more; anything else is not found.
func (c *call) deleteHiddenBoost(id store.ObjectID) error {
	if err := c.view(func(tx *store.Tx) error {
		o, err := tx.Object(id)
		if err == nil && (o.ReblogOfID == 0 || o.AccountID != c.viewer) {
			err = fault.Errorf(fault.NotFound, "status %s is not the account's", id)
		}
		return err
	}); err != nil {
		return err
	}
	return c.unreblog()
}

// unmark takes something back. Of a status that the viewer does not see any
// more the answer says nothing but which it was; undo does not find one that
// the viewer did nothing to.
func (c *call) unmark(undo func(id store.ObjectID) error) error {
	err := c.mark(undo)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	id, err := c.statusID()
	if err != nil {
		return err
	}
	var st *store.Status
	if err := c.view(func(tx *store.Tx) error {
		o, err := tx.Object(id)
		if err == nil && o.ReblogOfID != 0 {
			o, err = tx.Object(o.ReblogOfID)
		}
		if err != nil {
			return err
		}
		// What the viewer sees, only this token does not, is not shown either.
		sees, err := tx.MaySee(c.viewer, o.ID)
		if err != nil {
			return err
		}
		if sees {
			return fault.Errorf(fault.NotFound, "status %s not found", id)
		}
		st, err = withheld(tx, o)
		return err
	}); err != nil {
		return err
	}
	if err := undo(st.ID); err != nil {
		return err
	}
	return c.json(c.api.spell().Status(st, c.viewer))
}

// withheld is a status without anything that it says.
func withheld(tx *store.Tx, o *store.Object) (*store.Status, error) {
	author, err := tx.Account(o.AccountID)
	return &store.Status{
		Object:  store.Object{ID: o.ID, URI: o.URI, URL: o.URL, AccountID: o.AccountID, Visibility: o.Visibility, PublishedAt: o.PublishedAt},
		Account: author,
	}, err
}
