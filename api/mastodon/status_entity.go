package mastodon

import (
	"strconv"

	"kinglet/store"
)

// Status is Mastodon's Status entity.
type Status struct {
	ID                 string       `json:"id"`
	CreatedAt          string       `json:"created_at"`
	InReplyToID        *string      `json:"in_reply_to_id"`
	InReplyToAccountID *string      `json:"in_reply_to_account_id"`
	Sensitive          bool         `json:"sensitive"`
	SpoilerText        string       `json:"spoiler_text"`
	Visibility         string       `json:"visibility"`
	Language           *string      `json:"language"`
	URI                string       `json:"uri"`
	URL                *string      `json:"url"`
	RepliesCount       int64        `json:"replies_count"`
	ReblogsCount       int64        `json:"reblogs_count"`
	FavouritesCount    int64        `json:"favourites_count"`
	EditedAt           *string      `json:"edited_at"`
	Content            string       `json:"content"`
	Reblog             *Status      `json:"reblog"`
	Application        *Client      `json:"application"`
	Account            *Account     `json:"account"`
	MediaAttachments   []Attachment `json:"media_attachments"`
	Mentions           []Mention    `json:"mentions"`
	Tags               []Tag        `json:"tags"`
	Emojis             []Emoji      `json:"emojis"`
	Card               *struct{}    `json:"card"`
	Poll               *struct{}    `json:"poll"`

	// For one's own eyes; absent for a stranger.
	*Marks
	// Of what was just deleted, to be written anew.
	Text *string `json:"text,omitempty"`
}

// Marks are what the viewer did to a status.
type Marks struct {
	Favourited bool       `json:"favourited"`
	Reblogged  bool       `json:"reblogged"`
	Muted      bool       `json:"muted"`
	Bookmarked bool       `json:"bookmarked"`
	Pinned     bool       `json:"pinned"`
	Filtered   []struct{} `json:"filtered"`
}

// Client is the application a status was written with.
type Client struct {
	Name    string  `json:"name"`
	Website *string `json:"website"`
}

// Mention is an account that a status mentions.
type Mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

// Tag is a hashtag of a status.
type Tag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

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

// Status spells a status as viewer sees it, 0 for a stranger.
func (s Spell) Status(st *store.Status, viewer store.AccountID) *Status {
	e := &Status{
		ID: st.ID.String(), CreatedAt: Date(st.PublishedAt), Sensitive: st.Sensitive, SpoilerText: st.SpoilerText,
		Visibility: st.Visibility.String(), Language: textPtr(st.Language), URI: st.URI, URL: textPtr(st.URL),
		RepliesCount: st.RepliesCount, ReblogsCount: st.ReblogsCount, FavouritesCount: st.FavouritesCount,
		EditedAt: datePtr(st.EditedAt), Content: st.Content, Account: s.Account(st.Account),
		MediaAttachments: attachments(st.Attachments), Mentions: mentions(st.Mentions), Tags: s.tags(st.Tags), Emojis: emojis(st.Emojis),
	}
	if st.InReplyToID != 0 {
		id, account := st.InReplyToID.String(), st.InReplyToAccountID.String()
		e.InReplyToID, e.InReplyToAccountID = &id, &account
	}
	if st.Application != nil {
		e.Application = &Client{Name: st.Application.Name, Website: textPtr(st.Application.Website)}
	}
	if viewer != 0 {
		e.Marks = &Marks{
			Favourited: st.Favourited, Reblogged: st.Reblogged, Muted: st.Muted, Bookmarked: st.Bookmarked,
			Pinned: st.Pinned, Filtered: []struct{}{},
		}
	}
	if st.Reblog != nil {
		e.Reblog = s.Status(st.Reblog, viewer)
		// A boost shows the boosted one's marks and counts.
		e.Marks = e.Reblog.Marks
		e.RepliesCount, e.ReblogsCount, e.FavouritesCount = e.Reblog.RepliesCount, e.Reblog.ReblogsCount, e.Reblog.FavouritesCount
	}
	return e
}

// Statuses spells a page.
func (s Spell) Statuses(list []*store.Status, viewer store.AccountID) []*Status {
	out := make([]*Status, len(list))
	for i, st := range list {
		out[i] = s.Status(st, viewer)
	}
	return out
}

func mentions(list []*store.Account) []Mention {
	out := make([]Mention, len(list))
	for i, a := range list {
		out[i] = Mention{ID: a.ID.String(), Username: a.Username, URL: a.URL, Acct: a.Acct()}
	}
	return out
}

func (s Spell) tags(list []string) []Tag {
	out := make([]Tag, len(list))
	for i, t := range list {
		out[i] = Tag{Name: store.FoldTag(t), URL: s.Config.TagURL(t)}
	}
	return out
}

func attachments(list []store.Attachment) []Attachment {
	out := make([]Attachment, len(list))
	for i, m := range list {
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
		if m.FocusX != 0 || m.FocusY != 0 {
			e.Meta.Focus = &focus{m.FocusX, m.FocusY}
		}
		out[i] = e
	}
	return out
}
