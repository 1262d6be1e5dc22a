package mastodon

import (
	"math"
	"strconv"

	"kinglet/store"
)

// Attachment is Mastodon's MediaAttachment entity.
type Attachment struct {
	ID          string  `json:"id"`
	Type        string  `json:"type"`
	URL         *string `json:"url"`
	PreviewURL  *string `json:"preview_url"`
	RemoteURL   *string `json:"remote_url"`
	Meta        meta    `json:"meta"`
	Description *string `json:"description"`
	Blurhash    *string `json:"blurhash"`
}

type meta struct {
	Original *size  `json:"original,omitempty"`
	Focus    *focus `json:"focus,omitempty"`
}

type size struct {
	Width  int64   `json:"width"`
	Height int64   `json:"height"`
	Size   string  `json:"size"`
	Aspect float64 `json:"aspect"`
}

type focus struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Attachment serializes a file of a status.
func (Serializer) Attachment(m store.Attachment) Attachment {
	e := Attachment{
		ID: strconv.FormatInt(m.ID, 10), Type: m.Kind, URL: textPtr(m.URL), PreviewURL: textPtr(m.PreviewURL),
		RemoteURL: textPtr(m.RemoteURL), Description: textPtr(m.Description), Blurhash: textPtr(m.Blurhash),
	}
	if m.Width > 0 && m.Height > 0 {
		e.Meta.Original = &size{
			Width: m.Width, Height: m.Height, Size: strconv.FormatInt(m.Width, 10) + "x" + strconv.FormatInt(m.Height, 10),
			Aspect: float64(m.Width) / float64(m.Height),
		}
	}
	// An older version stored what no JSON can say: the page would be none.
	if (m.FocusX != 0 || m.FocusY != 0) && !math.IsInf(m.FocusX, 0) && !math.IsInf(m.FocusY, 0) {
		e.Meta.Focus = &focus{m.FocusX, m.FocusY}
	}
	return e
}
