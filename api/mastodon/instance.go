package mastodon

import (
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"
)

func (c *call) instanceV1() (any, error) { return show(c, c.serializer().InstanceV1, readInstance) }

func (c *call) instanceV2() (any, error) { return show(c, c.serializer().InstanceV2, readInstance) }

func readInstance(tx *store.Tx) (i instance, err error) {
	admin, err := tx.FirstAdmin()
	switch {
	case err == nil:
		i.admin = admin
	case !fault.Is(err, fault.NotFound):
		return i, err
	}
	i.stats, err = tx.Stats()
	return i, err
}

func (c *call) peers() (any, error) {
	return read(c, func(tx *store.Tx) ([]string, error) {
		list, err := tx.Domains()
		return append([]string{}, list...), err
	})
}

func (c *call) extendedDescription() (any, error) {
	return map[string]any{"updated_at": nil, "content": markup.Render(c.api.Config.Description, markup.Options{})}, nil
}

// health reports whether the server can read and write its database.
func (c *call) health() (any, error) {
	if _, err := read(c, func(*store.Tx) (struct{}, error) { return struct{}{}, nil }); err != nil {
		return nil, err
	}
	if err := c.api.Store.Health(c.r.Context(), c.api.Config.MinFreeBytes); err != nil {
		return nil, err
	}
	return map[string]string{"status": "OK"}, nil
}

// emptyList answers for lists of features that do not exist here yet.
func (c *call) emptyList() (any, error) { return []struct{}{}, nil }

// pushSubscription answers not found: there is no Web Push yet.
func (c *call) pushSubscription() (any, error) { return nil, respond.NotFound }

// conversations are not built yet: an empty list would hide direct messages.
func (c *call) conversations() (any, error) { return nil, respond.NotImplemented }
