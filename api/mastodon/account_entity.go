package mastodon

import (
	"time"

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
	Moved           *Account   `json:"moved,omitempty"` // where it has moved to

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

// Source is the text of one's own profile as typed, and the preferences.
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

// Account serializes an account as everyone sees it.
func (s Serializer) Account(a *store.Account) *Account {
	e := &Account{
		ID: a.ID.String(), Username: a.Username, Acct: a.Acct(), DisplayName: a.DisplayName,
		Locked: a.Locked, Bot: a.Bot, Discoverable: a.Discoverable, Indexable: a.Indexable, Group: a.Type == "Group",
		CreatedAt: formatTime(a.CreatedAt.Truncate(24 * time.Hour)), Note: a.Note, URL: a.URL, URI: a.URI,
		Avatar: a.Avatar, Header: a.Header,
		FollowersCount: a.FollowersCount, FollowingCount: a.FollowingCount, StatusesCount: max(a.Statuses, 0),
		Noindex: !a.Indexable, Emojis: each(a.Emojis, s.Emoji), Roles: []struct{}{}, Fields: each(a.Fields, s.Field),
		Suspended: !a.SuspendedAt.IsZero(),
	}
	if e.Avatar == "" {
		e.Avatar = s.Config.StaticURL("avatar.png")
	}
	if e.Header == "" {
		e.Header = s.Config.StaticURL("header.png")
	}
	e.AvatarStatic, e.HeaderStatic = e.Avatar, e.Header
	if !a.LastStatusAt.IsZero() {
		day := formatDay(a.LastStatusAt)
		e.LastStatusAt = &day
	}
	if a.Moved != nil {
		e.Moved = s.Account(a.Moved)
	}
	return e
}

// OwnAccount serializes the viewer's own account, with its source and role.
func (s Serializer) OwnAccount(a *store.Account, u *store.User, requests int64) *Account {
	e := s.Account(a)
	e.Source = &Source{
		Privacy: u.DefaultVisibility.String(), Sensitive: u.DefaultSensitive, Language: textPtr(u.DefaultLanguage),
		Note: u.NoteSource, Fields: each(u.FieldsSource, s.Field), FollowRequestsCount: requests,
		Discoverable: a.Discoverable, Indexable: a.Indexable,
	}
	e.Role = &Role{ID: "-99", Permissions: "0"}
	if u.Admin {
		e.Role = &Role{ID: "3", Name: "Owner", Permissions: "1", Highlighted: true}
	}
	return e
}

// Field serializes a row of a profile.
func (Serializer) Field(f store.Field) Field {
	return Field{Name: f.Name, Value: f.Value, VerifiedAt: timePtr(f.VerifiedAt)}
}

// MutedAccount serializes an account that the viewer mutes.
func (s Serializer) MutedAccount(m store.Muted) *Account {
	e := s.Account(m.Account)
	e.MuteExpiresAt = timePtr(m.ExpiresAt)
	return e
}

// accounts serializes a list of accounts.
func (s Serializer) accounts(list []*store.Account) Accounts { return each(list, s.Account) }

func (s Serializer) mutedAccounts(list []store.Muted) Accounts { return each(list, s.MutedAccount) }
