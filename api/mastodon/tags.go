package mastodon

import (
	"net/url"

	"github.com/go-chi/chi/v5"
)

// tagName is the {tag} of the path.
func (c *call) tagName() string {
	raw := chi.URLParam(c.r, "tag")
	if name, err := url.PathUnescape(raw); err == nil {
		return name
	}
	return raw
}

func (c *call) tag() (any, error) { return c.serializer().Tag(c.tagName()), nil }
