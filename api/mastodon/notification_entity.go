package mastodon

import (
	"strconv"

	"kinglet/store"
)

// Notification is Mastodon's Notification entity.
type Notification struct {
	ID        string   `json:"id"`
	Type      string   `json:"type"`
	CreatedAt string   `json:"created_at"`
	GroupKey  string   `json:"group_key"`
	Account   *Account `json:"account"`
	Status    *Status  `json:"status,omitempty"`
	Report    *Report  `json:"report,omitempty"`

	*NotifiedReaction
}

// NotifiedReaction is what Pleroma's notification of a reaction has besides, and
// what clients that don't know the type may show (Mastodon 4.6).
type NotifiedReaction struct {
	Emoji    string  `json:"emoji"`
	EmojiURL *string `json:"emoji_url"`
	Fallback struct {
		Title string `json:"title"`
	} `json:"fallback"`
}

// notifications serializes a list of notifications, without those of accounts
// that are not known any more.
func (s Serializer) notifications(list []*store.Notification) Notifications {
	s.authors = map[*store.Account]*Account{}
	out := Notifications{}
	for _, n := range list {
		if n.FromAccount != nil {
			out = append(out, s.Notification(n))
		}
	}
	return out
}

// Notification serializes a notification of the viewer.
func (s Serializer) Notification(n *store.Notification) *Notification {
	id := strconv.FormatInt(n.ID, 10)
	e := &Notification{ID: id, Type: n.Type, CreatedAt: formatTime(n.CreatedAt), GroupKey: "ungrouped-" + id, Account: s.author(n.FromAccount)}
	if n.Status != nil {
		e.Status = s.Status(n.Status)
	}
	if n.Report != nil {
		e.Report = s.Report(n.Report, n.ReportTarget)
	}
	if r := n.Reaction; r.Name != "" {
		e.NotifiedReaction = &NotifiedReaction{Emoji: r.Name, EmojiURL: textPtr(r.Image)}
		if r.Image != "" {
			e.Emoji = ":" + r.Name + ":"
		}
		e.Fallback.Title = "@" + e.Account.Acct + " reacted with " + e.Emoji
	}
	return e
}
