package mastodon

import (
	"strings"

	"kinglet/store"
)

// Emoji is Mastodon's CustomEmoji entity.
type Emoji struct {
	Shortcode       string `json:"shortcode"`
	URL             string `json:"url"`
	StaticURL       string `json:"static_url"`
	VisibleInPicker bool   `json:"visible_in_picker"`
}

// Emoji serializes a custom emoji.
func (Serializer) Emoji(e store.Emoji) Emoji {
	return Emoji{Shortcode: strings.Trim(e.Shortcode, ":"), URL: e.URL, StaticURL: e.URL}
}
