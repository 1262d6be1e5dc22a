package mastodon

import (
	"kinglet/internal/fault"
	"kinglet/store"
)

func (c *call) markers() (any, error) {
	return show(c, c.markersByTimeline, func(tx *store.Tx) ([]store.Marker, error) {
		return tx.Markers(c.viewer, c.params.Strings("timeline"))
	})
}

func (c *call) putMarkers() (any, error) {
	list, err := update(c, func(tx *store.Tx) (list []store.Marker, err error) {
		for _, timeline := range []string{"home", "notifications"} {
			p, ok := c.params.Sub(timeline)
			if !ok {
				continue
			}
			id, ok := store.ParseID(p.String("last_read_id"))
			if !ok {
				return nil, fault.Errorf(fault.Invalid, "Validation failed: last_read_id is not a valid id")
			}
			m, err := tx.PutMarker(c.viewer, timeline, id)
			if err != nil {
				return nil, err
			}
			list = append(list, m)
		}
		return list, nil
	})
	if err != nil {
		return nil, err
	}
	return c.markersByTimeline(list), nil
}

func (c *call) markersByTimeline(list []store.Marker) map[string]Marker {
	out := map[string]Marker{}
	for _, m := range list {
		out[m.Timeline] = c.serializer().Marker(m)
	}
	return out
}
