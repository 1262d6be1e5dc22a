package mastodon

import (
	"strings"
	"time"

	"kinglet/internal/config"
	"kinglet/store"
)

// Account is Mastodon's Account entity.
type Account struct {
	ID              string     `json:"id"`
	Username        string     `json:"username"`
	Acct            string     `json:"acct"`
	DisplayName     string     `json:"display_name"`
	Locked          bool       `json:"locked"`
	Bot             bool       `json:"bot"`
	Discoverable    bool       `json:"discoverable"`
	Indexable       bool       `json:"indexable"`
	Group           bool       `json:"group"`
	CreatedAt       string     `json:"created_at"`
	Note            string     `json:"note"`
	URL             string     `json:"url"`
	URI             string     `json:"uri"`
	Avatar          string     `json:"avatar"`
	AvatarStatic    string     `json:"avatar_static"`
	Header          string     `json:"header"`
	HeaderStatic    string     `json:"header_static"`
	FollowersCount  int64      `json:"followers_count"`
	FollowingCount  int64      `json:"following_count"`
	StatusesCount   int64      `json:"statuses_count"`
	LastStatusAt    *string    `json:"last_status_at"`
	HideCollections bool       `json:"hide_collections"`
	Noindex         bool       `json:"noindex"`
	Suspended       bool       `json:"suspended,omitempty"`
	Emojis          []Emoji    `json:"emojis"`
	Roles           []struct{} `json:"roles"`
	Fields          []Field    `json:"fields"`

	// Of one's own account only.
	Source *Source `json:"source,omitempty"`
	Role   *Role   `json:"role,omitempty"`
	// Of muted accounts only.
	MuteExpiresAt *string `json:"mute_expires_at,omitempty"`
}

// Field is a row of a profile.
type Field struct {
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	VerifiedAt *string `json:"verified_at"`
}

// Emoji is Mastodon's CustomEmoji entity.
type Emoji struct {
	Shortcode       string `json:"shortcode"`
	URL             string `json:"url"`
	StaticURL       string `json:"static_url"`
	VisibleInPicker bool   `json:"visible_in_picker"`
}

// Source is what one's own profile was written as, and the preferences.
type Source struct {
	Privacy             string  `json:"privacy"`
	Sensitive           bool    `json:"sensitive"`
	Language            *string `json:"language"`
	Note                string  `json:"note"`
	Fields              []Field `json:"fields"`
	FollowRequestsCount int64   `json:"follow_requests_count"`
	Discoverable        bool    `json:"discoverable"`
	Indexable           bool    `json:"indexable"`
	HideCollections     bool    `json:"hide_collections"`
}

// Role is Mastodon's Role entity.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Permissions string `json:"permissions"`
	Color       string `json:"color"`
	Highlighted bool   `json:"highlighted"`
}

// Spell makes entities: it knows the server's addresses.
type Spell struct{ Config *config.Config }

func (a *API) spell() Spell { return Spell{a.Config} }

// Date is how Mastodon writes a time.
func Date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func datePtr(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := Date(t)
	return &s
}

func textPtr(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Account spells an account.
func (s Spell) Account(a *store.Account) *Account {
	e := &Account{
		ID: a.ID.String(), Username: a.Username, Acct: a.Acct(), DisplayName: a.DisplayName,
		Locked: a.Locked, Bot: a.Bot, Discoverable: a.Discoverable, Indexable: a.Indexable, Group: a.Type == "Group",
		CreatedAt: Date(a.CreatedAt.Truncate(24 * time.Hour)), Note: a.Note, URL: a.URL, URI: a.URI,
		Avatar: a.Avatar, Header: a.Header,
		FollowersCount: a.FollowersCount, FollowingCount: a.FollowingCount, StatusesCount: max(a.Statuses, 0),
		Noindex: !a.Indexable, Emojis: emojis(a.Emojis), Roles: []struct{}{}, Fields: fields(a.Fields),
		Suspended: !a.SuspendedAt.IsZero(),
	}
	if e.Avatar == "" {
		e.Avatar = s.Config.URL + "/static/avatar.png"
	}
	if e.Header == "" {
		e.Header = s.Config.URL + "/static/header.png"
	}
	e.AvatarStatic, e.HeaderStatic = e.Avatar, e.Header
	if !a.LastStatusAt.IsZero() {
		day := a.LastStatusAt.Format(time.DateOnly)
		e.LastStatusAt = &day
	}
	return e
}

// Own spells one's own account, with its source and role.
func (s Spell) Own(a *store.Account, u *store.User, requests int64) *Account {
	e := s.Account(a)
	e.Source = &Source{
		Privacy: u.DefaultVisibility.String(), Sensitive: u.DefaultSensitive, Language: textPtr(u.DefaultLanguage),
		Note: u.NoteSource, Fields: fields(u.FieldsSource), FollowRequestsCount: requests,
		Discoverable: a.Discoverable, Indexable: a.Indexable,
	}
	e.Role = &Role{ID: "-99", Permissions: "0"}
	if u.Admin {
		e.Role = &Role{ID: "3", Name: "Owner", Permissions: "1", Highlighted: true}
	}
	return e
}

func emojis(list []store.Emoji) []Emoji {
	out := make([]Emoji, len(list))
	for i, e := range list {
		out[i] = Emoji{Shortcode: strings.Trim(e.Shortcode, ":"), URL: e.URL, StaticURL: e.URL}
	}
	return out
}

func fields(list []store.Field) []Field {
	out := make([]Field, len(list))
	for i, f := range list {
		out[i] = Field{Name: f.Name, Value: f.Value, VerifiedAt: datePtr(f.VerifiedAt)}
	}
	return out
}

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

// Relationship spells what stands between two accounts.
func (Spell) Relationship(r *store.Relationship) *Relationship {
	return &Relationship{
		ID: r.ID.String(), Following: r.Following, ShowingReblogs: r.ShowingReblogs, Notifying: r.Notifying, Languages: r.Languages,
		FollowedBy: r.FollowedBy, Blocking: r.Blocking, BlockedBy: r.BlockedBy, Muting: r.Muting,
		MutingNotifications: r.MutingNotifications, MutingExpiresAt: datePtr(r.MutingExpiresAt),
		Requested: r.Requested, RequestedBy: r.RequestedBy,
	}
}
