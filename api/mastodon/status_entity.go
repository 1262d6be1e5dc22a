package mastodon

import "kinglet/store"

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
	Application        *Application `json:"application"`
	Account            *Account     `json:"account"`
	MediaAttachments   []Attachment `json:"media_attachments"`
	Mentions           []Mention    `json:"mentions"`
	Tags               []StatusTag  `json:"tags"`
	Emojis             []Emoji      `json:"emojis"`
	Card               *struct{}    `json:"card"`
	Poll               *Poll        `json:"poll"`
	Quote              *Quote       `json:"quote"`

	// Pleroma's extension, which its clients and those of Akkoma read.
	Pleroma struct {
		Reactions []Reaction `json:"emoji_reactions"`
	} `json:"pleroma"`

	// The same, where glitch-soc and other forks of Mastodon have it.
	Reactions []Reaction `json:"reactions,omitempty"`

	// Absent for a stranger.
	*Interactions
	// The source of a status that was just deleted, for deleting and
	// redrafting.
	Text *string `json:"text,omitempty"`
}

// Interactions are what the viewer did with a status.
type Interactions struct {
	Favourited bool       `json:"favourited"`
	Reblogged  bool       `json:"reblogged"`
	Muted      bool       `json:"muted"`
	Bookmarked bool       `json:"bookmarked"`
	Pinned     bool       `json:"pinned"`
	Filtered   []struct{} `json:"filtered"`
}

// Application is the client that a status was written with.
type Application struct {
	Name    string  `json:"name"`
	Website *string `json:"website"`
}

// Status serializes a status as the viewer sees it.
func (s Serializer) Status(st *store.Status) *Status {
	e := s.status(st)
	e.Quote = s.quote(st)
	if e.Reblog != nil {
		e.Reblog.Quote = s.quote(st.Reblog)
		e.Quote = e.Reblog.Quote
	}
	return e
}

// status serializes a status without what it quotes.
func (s Serializer) status(st *store.Status) *Status {
	e := &Status{
		ID: st.ID.String(), CreatedAt: formatTime(st.PublishedAt), Sensitive: st.Sensitive, SpoilerText: st.SpoilerText,
		Visibility: st.Visibility.String(), Language: textPtr(st.Language), URI: st.URI, URL: textPtr(st.URL),
		RepliesCount: st.RepliesCount, ReblogsCount: st.ReblogsCount, FavouritesCount: st.FavouritesCount,
		EditedAt: timePtr(st.EditedAt), Content: contentOf(st), Account: s.author(st.Account),
		MediaAttachments: each(st.Attachments, s.Attachment), Mentions: each(st.Mentions, s.Mention), Tags: each(st.Tags, s.StatusTag), Emojis: each(st.Emojis, s.Emoji),
	}
	e.Pleroma.Reactions, e.Poll = s.reactions(st), s.poll(st)
	e.Reactions = e.Pleroma.Reactions
	if st.InReplyToID != 0 {
		id, account := st.InReplyToID.String(), st.InReplyToAccountID.String()
		e.InReplyToID, e.InReplyToAccountID = &id, &account
	}
	if st.Application != nil {
		e.Application = &Application{Name: st.Application.Name, Website: textPtr(st.Application.Website)}
	}
	if s.Viewer != 0 {
		e.Interactions = &Interactions{
			Favourited: st.Favourited, Reblogged: st.Reblogged, Muted: st.Muted, Bookmarked: st.Bookmarked,
			Pinned: st.Pinned, Filtered: []struct{}{},
		}
	}
	if st.Reblog != nil {
		e.Reblog = s.status(st.Reblog)
		// A boost has the counts of the boosted status, and the viewer's
		// interactions with that.
		e.Interactions, e.Pleroma, e.Reactions = e.Reblog.Interactions, e.Reblog.Pleroma, e.Reblog.Reactions
		e.RepliesCount, e.ReblogsCount, e.FavouritesCount = e.Reblog.RepliesCount, e.Reblog.ReblogsCount, e.Reblog.FavouritesCount
	}
	return e
}

// author serializes the author of a status.
func (s Serializer) author(a *store.Account) *Account {
	if s.authors == nil {
		return s.Account(a)
	}
	if s.authors[a] == nil {
		s.authors[a] = s.Account(a)
	}
	return s.authors[a]
}

// statuses serializes a list of statuses.
func (s Serializer) statuses(list []*store.Status) Statuses {
	s.authors = map[*store.Account]*Account{}
	return each(list, s.Status)
}
