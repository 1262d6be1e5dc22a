package ap

import (
	"context"
	"slices"
	"time"

	"kinglet/ap/object"
	"kinglet/store"
)

// addressCommunity addresses a post to the community that it replies in, or
// that it mentions, in the form of FEP-1b12: in to or cc, and as its audience.
// Lemmy and its like announce what is addressed to them, to all who follow the
// community. What is not public goes to no community.
func (s *Service) addressCommunity(ctx context.Context, d *post, v store.Visibility) {
	if v > store.Unlisted {
		return
	}
	uri := ""
	if d.community != "" {
		lookup, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if group, err := s.actor(lookup, d.community); err == nil && group.Type == "Group" && group.Active() {
			uri = group.URI
		}
	} else if i := slices.IndexFunc(d.mentioned, func(a *store.Account) bool { return a.Type == "Group" }); i >= 0 && d.note.InReplyTo.ID == "" {
		uri = d.mentioned[i].URI
	}
	if uri == "" {
		return
	}
	d.note.Audience = object.Audience(uri)
	if !slices.Contains(d.note.To, uri) && !slices.Contains(d.note.Cc, uri) {
		d.note.Cc = append(d.note.Cc, uri)
	}
}
