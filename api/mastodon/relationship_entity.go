package mastodon

import "kinglet/store"

// Relationship is Mastodon's Relationship entity.
type Relationship struct {
	ID                  string   `json:"id"`
	Following           bool     `json:"following"`
	ShowingReblogs      bool     `json:"showing_reblogs"`
	Notifying           bool     `json:"notifying"`
	Languages           []string `json:"languages"`
	FollowedBy          bool     `json:"followed_by"`
	Blocking            bool     `json:"blocking"`
	BlockedBy           bool     `json:"blocked_by"`
	Muting              bool     `json:"muting"`
	MutingNotifications bool     `json:"muting_notifications"`
	MutingExpiresAt     *string  `json:"muting_expires_at"`
	Requested           bool     `json:"requested"`
	RequestedBy         bool     `json:"requested_by"`
	DomainBlocking      bool     `json:"domain_blocking"`
	Endorsed            bool     `json:"endorsed"`
	Note                string   `json:"note"`
}

// Relationship serializes how the viewer relates to another account.
func (Serializer) Relationship(r *store.Relationship) *Relationship {
	return &Relationship{
		ID: r.ID.String(), Following: r.Following, ShowingReblogs: r.ShowingReblogs, Notifying: r.Notifying, Languages: r.Languages,
		FollowedBy: r.FollowedBy, Blocking: r.Blocking, BlockedBy: r.BlockedBy, Muting: r.Muting,
		MutingNotifications: r.MutingNotifications, MutingExpiresAt: timePtr(r.MutingExpiresAt),
		Requested: r.Requested, RequestedBy: r.RequestedBy,
	}
}

// relationships serializes a list of relationships.
func (s Serializer) relationships(list []*store.Relationship) []*Relationship {
	return each(list, s.Relationship)
}
