package mastodon

import "kinglet/store"

// Tag is Mastodon's Tag entity.
type Tag struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	URL       string     `json:"url"`
	History   []struct{} `json:"history"`
	Following *bool      `json:"following,omitempty"` // absent for a stranger
}

// Tag serializes a hashtag.
func (s Serializer) Tag(name string) Tag {
	e := Tag{ID: store.FoldTag(name), Name: store.FoldTag(name), URL: s.Config.TagURL(name), History: []struct{}{}}
	if s.Viewer != 0 {
		e.Following = new(bool)
	}
	return e
}

// StatusTag is a hashtag of a status.
type StatusTag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// StatusTag serializes a hashtag of a status.
func (s Serializer) StatusTag(name string) StatusTag {
	return StatusTag{Name: store.FoldTag(name), URL: s.Config.TagURL(name)}
}
