package mastodon

import (
	"strconv"

	"kinglet/store"
)

// Marker is Mastodon's Marker entity.
type Marker struct {
	LastReadID string `json:"last_read_id"`
	Version    int64  `json:"version"`
	UpdatedAt  string `json:"updated_at"`
}

// Marker serializes how far a timeline was read.
func (Serializer) Marker(m store.Marker) Marker {
	return Marker{strconv.FormatInt(m.LastReadID, 10), m.Version, formatTime(m.UpdatedAt)}
}
