package mastodon

import (
	"slices"

	"kinglet/store"
)

// Reaction is an emoji that accounts reacted to a status with, in the form of
// Mastodon's announcements, which Pleroma uses for statuses as well.
type Reaction struct {
	Name      string  `json:"name"`
	Count     int64   `json:"count"`
	Me        bool    `json:"me"`
	URL       *string `json:"url"` // of a custom emoji
	StaticURL *string `json:"static_url"`
}

// ReactionAccounts is a Reaction with the accounts, as Pleroma lists them.
type ReactionAccounts struct {
	Reaction
	Accounts []*Account `json:"accounts"`
}

func (s Serializer) reactions(st *store.Status) []Reaction {
	return each(st.Reactions, func(r store.Reaction) Reaction {
		return Reaction{Name: r.Name, Count: r.Count, Me: slices.Contains(st.Reacted, r.Name), URL: textPtr(r.Image), StaticURL: textPtr(r.Image)}
	})
}
