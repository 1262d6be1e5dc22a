package mastodon

// Statuses is a list of statuses.
type Statuses []*Status

// AppendJSON appends the list.
func (list Statuses) AppendJSON(b []byte) []byte {
	w := newPageWriter(b)
	appendList(w, list, (*jsonWriter).status)
	return w.b
}

// AppendJSON appends the status.
func (e *Status) AppendJSON(b []byte) []byte {
	w := jsonWriter{b: b}
	w.status(e)
	return w.b
}

// Context is Mastodon's Context entity.
type Context struct {
	Ancestors   Statuses `json:"ancestors"`
	Descendants Statuses `json:"descendants"`
}

// AppendJSON appends the context.
func (e *Context) AppendJSON(b []byte) []byte {
	w := newPageWriter(b)
	w.raw(`{"ancestors":`)
	appendList(w, e.Ancestors, (*jsonWriter).status)
	w.raw(`,"descendants":`)
	appendList(w, e.Descendants, (*jsonWriter).status)
	w.raw(`}`)
	return w.b
}

// Notifications is a list of notifications.
type Notifications []*Notification

// AppendJSON appends the list.
func (list Notifications) AppendJSON(b []byte) []byte {
	w := newPageWriter(b)
	appendList(w, list, (*jsonWriter).notification)
	return w.b
}

// AppendJSON appends the notification.
func (e *Notification) AppendJSON(b []byte) []byte {
	w := jsonWriter{b: b}
	w.notification(e)
	return w.b
}

// Accounts is a list of accounts.
type Accounts []*Account

// AppendJSON appends the list.
func (list Accounts) AppendJSON(b []byte) []byte {
	w := &jsonWriter{b: b}
	appendList(w, list, (*jsonWriter).account)
	return w.b
}

// AppendJSON appends the account.
func (e *Account) AppendJSON(b []byte) []byte {
	w := jsonWriter{b: b}
	w.account(e)
	return w.b
}

func (w *jsonWriter) notification(e *Notification) {
	if e == nil {
		w.raw(`null`)
		return
	}
	w.text(`{"id":`, e.ID)
	w.text(`,"type":`, e.Type)
	w.text(`,"created_at":`, e.CreatedAt)
	w.text(`,"group_key":`, e.GroupKey)
	w.raw(`,"account":`)
	w.account(e.Account)
	if e.Status != nil {
		w.raw(`,"status":`)
		w.status(e.Status)
	}
	if e.Report != nil {
		w.raw(`,"report":`)
		w.other(e.Report)
	}
	if r := e.NotifiedReaction; r != nil {
		w.text(`,"emoji":`, r.Emoji)
		w.nullable(`,"emoji_url":`, r.EmojiURL)
		w.text(`,"fallback":{"title":`, r.Fallback.Title)
		w.raw(`}`)
	}
	w.raw(`}`)
}

func (w *jsonWriter) status(e *Status) {
	if e == nil {
		w.raw(`null`)
		return
	}
	w.text(`{"id":`, e.ID)
	w.text(`,"created_at":`, e.CreatedAt)
	w.nullable(`,"in_reply_to_id":`, e.InReplyToID)
	w.nullable(`,"in_reply_to_account_id":`, e.InReplyToAccountID)
	w.bool(`,"sensitive":`, e.Sensitive)
	w.text(`,"spoiler_text":`, e.SpoilerText)
	w.text(`,"visibility":`, e.Visibility)
	w.nullable(`,"language":`, e.Language)
	w.text(`,"uri":`, e.URI)
	w.nullable(`,"url":`, e.URL)
	w.int(`,"replies_count":`, e.RepliesCount)
	w.int(`,"reblogs_count":`, e.ReblogsCount)
	w.int(`,"favourites_count":`, e.FavouritesCount)
	w.nullable(`,"edited_at":`, e.EditedAt)
	w.text(`,"content":`, e.Content)
	w.raw(`,"reblog":`)
	w.status(e.Reblog)
	w.raw(`,"application":`)
	w.application(e.Application)
	w.raw(`,"account":`)
	w.account(e.Account)
	w.raw(`,"media_attachments":`)
	appendList(w, e.MediaAttachments, (*jsonWriter).attachment)
	w.raw(`,"mentions":`)
	appendList(w, e.Mentions, (*jsonWriter).mention)
	w.raw(`,"tags":`)
	appendList(w, e.Tags, (*jsonWriter).statusTag)
	w.raw(`,"emojis":`)
	appendList(w, e.Emojis, (*jsonWriter).emoji)
	w.raw(`,"card":null,"poll":`)
	w.poll(e.Poll)
	w.raw(`,"quote":`)
	w.quote(e.Quote)
	w.raw(`,"pleroma":{"emoji_reactions":`)
	appendList(w, e.Pleroma.Reactions, (*jsonWriter).reaction)
	w.raw(`}`)
	if len(e.Reactions) > 0 {
		w.raw(`,"reactions":`)
		appendList(w, e.Reactions, (*jsonWriter).reaction)
	}
	if i := e.Interactions; i != nil {
		w.bool(`,"favourited":`, i.Favourited)
		w.bool(`,"reblogged":`, i.Reblogged)
		w.bool(`,"muted":`, i.Muted)
		w.bool(`,"bookmarked":`, i.Bookmarked)
		w.bool(`,"pinned":`, i.Pinned)
		w.raw(`,"filtered":[]`)
	}
	if e.Text != nil {
		w.text(`,"text":`, *e.Text)
	}
	w.raw(`}`)
}

func (w *jsonWriter) quote(e *Quote) {
	if e == nil {
		w.raw(`null`)
		return
	}
	w.text(`{"state":`, e.State)
	if e.QuotedStatus != nil {
		w.raw(`,"quoted_status":`)
		w.status(e.Status)
	}
	if e.QuotedStatusID != nil {
		w.nullable(`,"quoted_status_id":`, e.ID)
	}
	w.raw(`}`)
}

func (w *jsonWriter) application(e *Application) {
	if e == nil {
		w.raw(`null`)
		return
	}
	w.text(`{"name":`, e.Name)
	w.nullable(`,"website":`, e.Website)
	w.raw(`}`)
}

func (w *jsonWriter) attachment(e Attachment) {
	w.text(`{"id":`, e.ID)
	w.text(`,"type":`, e.Type)
	w.nullable(`,"url":`, e.URL)
	w.nullable(`,"preview_url":`, e.PreviewURL)
	w.nullable(`,"remote_url":`, e.RemoteURL)
	w.raw(`,"meta":{`)
	if o := e.Meta.Original; o != nil {
		w.int(`"original":{"width":`, o.Width)
		w.int(`,"height":`, o.Height)
		w.text(`,"size":`, o.Size)
		w.float(`,"aspect":`, o.Aspect)
		w.raw(`}`)
	}
	if f := e.Meta.Focus; f != nil {
		if e.Meta.Original != nil {
			w.raw(`,`)
		}
		w.float(`"focus":{"x":`, f.X)
		w.float(`,"y":`, f.Y)
		w.raw(`}`)
	}
	w.nullable(`},"description":`, e.Description)
	w.nullable(`,"blurhash":`, e.Blurhash)
	w.raw(`}`)
}

func (w *jsonWriter) mention(e Mention) {
	w.text(`{"id":`, e.ID)
	w.text(`,"username":`, e.Username)
	w.text(`,"url":`, e.URL)
	w.text(`,"acct":`, e.Acct)
	w.raw(`}`)
}

func (w *jsonWriter) statusTag(e StatusTag) {
	w.text(`{"name":`, e.Name)
	w.text(`,"url":`, e.URL)
	w.raw(`}`)
}

func (w *jsonWriter) emoji(e Emoji) {
	w.text(`{"shortcode":`, e.Shortcode)
	w.text(`,"url":`, e.URL)
	w.text(`,"static_url":`, e.StaticURL)
	w.bool(`,"visible_in_picker":`, e.VisibleInPicker)
	w.raw(`}`)
}

func (w *jsonWriter) reaction(e Reaction) {
	w.text(`{"name":`, e.Name)
	w.int(`,"count":`, e.Count)
	w.bool(`,"me":`, e.Me)
	w.nullable(`,"url":`, e.URL)
	w.nullable(`,"static_url":`, e.StaticURL)
	w.raw(`}`)
}

// poll and what is of one's own account only are rare: encoding/json writes them.
func (w *jsonWriter) poll(e *Poll) {
	if e == nil {
		w.raw(`null`)
		return
	}
	w.other(e)
}

func (w *jsonWriter) account(e *Account) {
	if e == nil {
		w.raw(`null`)
		return
	}
	if at, ok := w.accounts[e]; ok {
		w.b = append(w.b, w.b[at.begin:at.end]...)
		return
	}
	begin := len(w.b)
	w.text(`{"id":`, e.ID)
	w.text(`,"username":`, e.Username)
	w.text(`,"acct":`, e.Acct)
	w.text(`,"display_name":`, e.DisplayName)
	w.bool(`,"locked":`, e.Locked)
	w.bool(`,"bot":`, e.Bot)
	w.bool(`,"discoverable":`, e.Discoverable)
	w.bool(`,"indexable":`, e.Indexable)
	w.bool(`,"group":`, e.Group)
	w.text(`,"created_at":`, e.CreatedAt)
	w.text(`,"note":`, e.Note)
	w.text(`,"url":`, e.URL)
	w.text(`,"uri":`, e.URI)
	w.text(`,"avatar":`, e.Avatar)
	w.text(`,"avatar_static":`, e.AvatarStatic)
	w.text(`,"header":`, e.Header)
	w.text(`,"header_static":`, e.HeaderStatic)
	w.int(`,"followers_count":`, e.FollowersCount)
	w.int(`,"following_count":`, e.FollowingCount)
	w.int(`,"statuses_count":`, e.StatusesCount)
	w.nullable(`,"last_status_at":`, e.LastStatusAt)
	w.bool(`,"hide_collections":`, e.HideCollections)
	w.bool(`,"noindex":`, e.Noindex)
	if e.Suspended {
		w.raw(`,"suspended":true`)
	}
	w.raw(`,"emojis":`)
	appendList(w, e.Emojis, (*jsonWriter).emoji)
	w.raw(`,"roles":[],"fields":`)
	appendList(w, e.Fields, (*jsonWriter).field)
	if e.Moved != nil {
		w.raw(`,"moved":`)
		w.account(e.Moved)
	}
	if e.Source != nil {
		w.raw(`,"source":`)
		w.other(e.Source)
	}
	if e.Role != nil {
		w.raw(`,"role":`)
		w.other(e.Role)
	}
	if e.MuteExpiresAt != nil {
		w.text(`,"mute_expires_at":`, *e.MuteExpiresAt)
	}
	w.raw(`}`)
	if w.accounts != nil {
		w.accounts[e] = span{begin, len(w.b)}
	}
}

func (w *jsonWriter) field(e Field) {
	w.text(`{"name":`, e.Name)
	w.text(`,"value":`, e.Value)
	w.nullable(`,"verified_at":`, e.VerifiedAt)
	w.raw(`}`)
}
