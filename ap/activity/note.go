package activity

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/internal/markup"
	"kinglet/store"
)

// putNote writes a note as a status, with everything that hangs on it: its
// mentions, tags and attachments, counters, feeds, notifications, and the
// jobs for what is not known here yet. A known note is left as it is.
func putNote(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (*store.Object, bool, error) {
	status, err := statusOf(tx, a, note)
	if err != nil {
		return nil, false, err
	}
	dropOwnPage(env, a, status)
	created, err := tx.InsertObject(status)
	if err != nil || !created {
		return status, false, err
	}
	told, err := putParts(env, tx, a, note, status)
	if err != nil {
		return nil, false, err
	}
	if err := tx.CountStatus(status); err != nil {
		return nil, false, err
	}
	if err := tx.AdoptReplies(status); err != nil {
		return nil, false, err
	}
	// What a thread fetch brings in is old: it fills threads, not feeds.
	if a.Origin != Fetched {
		if err := tx.FeedStatus(status); err != nil {
			return nil, false, err
		}
		if err := tellOfStatus(tx, a, status, told); err != nil {
			return nil, false, err
		}
	}
	return status, true, completeParent(env, tx, a, status)
}

// statusOf fills the typed columns of a status from a note, once.
func statusOf(tx *store.Tx, a *Activity, note *vocab.Object) (*store.Object, error) {
	status := &store.Object{
		ID: a.Result, URI: note.ID, Type: note.Type, AccountID: a.Actor.ID, Local: a.Origin == Local, IsStatus: true,
		Visibility:    visibilityOf(a, note),
		InReplyToURI:  note.InReplyTo.ID,
		Context:       note.Context,
		ApplicationID: a.ApplicationID,
		PublishedAt:   note.Published, JSON: note.Raw,
	}
	fillText(status, note)
	if status.InReplyToURI == "" {
		return status, nil
	}
	parent, err := tx.ObjectByURI(status.InReplyToURI)
	if fault.Is(err, fault.NotFound) {
		return status, nil
	}
	if err != nil {
		return nil, err
	}
	if parent.IsStatus {
		status.InReplyToID, status.InReplyToAccountID = parent.ID, parent.AccountID
		if status.Context == "" {
			status.Context = parent.Context
		}
	}
	return status, nil
}

// fillText fills what an edit may change.
func fillText(status *store.Object, note *vocab.Object) {
	status.SpoilerText = clip(markup.PlainText(note.Summary), maxSpoiler)
	status.Content = contentOf(note)
	status.Sensitive = note.Sensitive || status.SpoilerText != ""
	status.Language = note.Language
	status.URL = note.ID
	for _, l := range note.URL {
		if l.MediaType == "" || strings.HasPrefix(l.MediaType, "text/html") {
			if _, err := vocab.ParseURI(l.Href); err == nil {
				status.URL = l.Href
				break
			}
		}
	}
	status.Tags, status.Emojis = nil, emojisOf(note.Tag)
	for _, t := range note.Tag {
		if name := strings.TrimPrefix(t.Name, "#"); t.Type == "Hashtag" && markup.IsHashtag(name) {
			status.Tags = append(status.Tags, name)
		}
	}
	if !note.Updated.IsZero() && note.Updated.After(note.Published) {
		status.EditedAt = note.Updated
	}
}

// dropOwnPage keeps another server's post from having a page of ours for its
// page (SECURITY-RULES 6).
func dropOwnPage(env *Env, a *Activity, status *store.Object) {
	if a.Origin != Local && env.Config.IsOwn(status.URL) {
		status.URL = status.URI
	}
}

// Longest texts kept of a stranger's post, in bytes. What is longer is cut.
const (
	maxSpoiler     = 4096
	maxTag         = 256
	maxDescription = 8192
)

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// contentOf is the HTML that a person sees of a note. What is more than text
// (an Article, a Page, a Video, a Question) has its title first and its page
// behind, so that nothing looks empty.
func contentOf(note *vocab.Object) string {
	text := note.Content
	if note.MediaType == "text/plain" {
		text = markup.Render(text, markup.Options{})
	}
	text = markup.Sanitize(text)
	if note.Type == "Note" {
		return text
	}
	var b strings.Builder
	if note.Name != "" {
		b.WriteString("<p><strong>" + markup.EscapeText(markup.PlainText(note.Name)) + "</strong></p>")
	}
	b.WriteString(text)
	for _, o := range append(note.OneOf, note.AnyOf...) {
		b.WriteString("<p>• " + markup.EscapeText(markup.PlainText(o.Name)) + "</p>")
	}
	page := note.ID
	for _, l := range note.URL {
		if l.MediaType == "" || strings.HasPrefix(l.MediaType, "text/html") {
			page = l.Href
			break
		}
	}
	if note.Type != "Question" {
		b.WriteString(markup.Render(page, markup.Options{}))
	}
	return markup.Sanitize(b.String())
}

// visibilityOf reads Mastodon's visibility from the addressing, of the object
// and, where that has none, of the activity.
func visibilityOf(a *Activity, note *vocab.Object) store.Visibility {
	to, cc := note.To, note.Cc
	if len(to)+len(cc) == 0 {
		to, cc = a.To, a.Cc
	}
	for _, uri := range to {
		if uri == vocab.Public {
			return store.Public
		}
	}
	for _, uri := range cc {
		if uri == vocab.Public {
			return store.Unlisted
		}
	}
	for _, uri := range append(append([]string{}, to...), cc...) {
		if uri != "" && uri == a.Actor.FollowersURI {
			return store.Private
		}
	}
	return store.Direct
}

// putParts writes a status's mentions, tags and attachments, and returns the
// local accounts among those mentioned.
func putParts(env *Env, tx *store.Tx, a *Activity, note *vocab.Object, status *store.Object) ([]store.AccountID, error) {
	mentions, told, unknown, err := mentionsOf(env, tx, a, note)
	if err != nil {
		return nil, err
	}
	if err := tx.PutMentions(status.ID, mentions); err != nil {
		return nil, err
	}
	if len(unknown) > 0 && a.Origin != Local {
		args := MentionsArgs{Status: status.ID, URIs: unknown, Cause: a.cause(), Host: vocab.Host(status.URI)}
		if err := MentionsJob.Enqueue(tx, args, jobs.Unique(MentionsJob.Name+" "+status.URI)); err != nil {
			return nil, err
		}
	}
	if err := tx.PutTags(status.ID, status.Tags); err != nil {
		return nil, err
	}
	if list := attachmentsOf(note); len(list) > 0 || !status.EditedAt.IsZero() {
		return told, tx.PutAttachments(status.ID, status.AccountID, list)
	}
	return told, nil
}

// maxUnknownMentions bounds how many unknown accounts one status has us fetch.
const maxUnknownMentions = 8

// mentionsOf finds the accounts a note is for: those its tags mention, and,
// silently, those here that it is only addressed to. It also gives those here
// that are to be told, and the mentioned that are not known yet.
func mentionsOf(env *Env, tx *store.Tx, a *Activity, note *vocab.Object) (list []store.Mention, told []store.AccountID, unknown []string, err error) {
	seen := map[string]bool{a.Actor.URI: true}
	add := func(uri string, silent bool) error {
		if uri == "" || seen[uri] || uri == vocab.Public || uri == a.Actor.FollowersURI {
			return nil
		}
		seen[uri] = true
		if silent {
			if _, ok := env.Config.LocalUsername(uri); !ok {
				return nil
			}
		}
		account, err := mentioned(env, tx, uri)
		if fault.Is(err, fault.NotFound) {
			if !silent && len(unknown) < maxUnknownMentions && !env.Config.IsOwn(uri) {
				unknown = append(unknown, uri)
			}
			return nil
		}
		if err != nil {
			return err
		}
		list = append(list, store.Mention{AccountID: account.ID, Silent: silent})
		if account.Local() && !silent {
			told = append(told, account.ID)
		}
		return nil
	}
	for _, t := range note.Tag {
		if t.Type == "Mention" {
			if err := add(t.Href, false); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	for _, uri := range recipients(a, note) {
		if err := add(uri, true); err != nil {
			return nil, nil, nil, err
		}
	}
	return list, told, unknown, nil
}

// mentioned finds the account of a mention's href. Local accounts are found
// by any spelling of their address.
func mentioned(env *Env, tx *store.Tx, uri string) (*store.Account, error) {
	if name, ok := env.Config.LocalUsername(uri); ok {
		return tx.AccountByHandle(name, "")
	}
	return tx.AccountByURI(uri)
}

func emojisOf(tags []vocab.Tag) []store.Emoji {
	var out []store.Emoji
	for _, t := range tags {
		name := strings.Trim(t.Name, ":")
		if t.Type != "Emoji" || !vocab.IsShortcode(name) {
			continue
		}
		if _, err := vocab.ParseURI(t.Icon); err == nil {
			out = append(out, store.Emoji{Shortcode: name, URL: t.Icon})
		}
	}
	return out
}

// attachmentsOf reads the pictures, videos and sounds of a note.
func attachmentsOf(note *vocab.Object) []store.Attachment {
	var out []store.Attachment
	for _, m := range note.Attachment {
		if _, err := vocab.ParseURI(m.URL); err != nil {
			continue
		}
		kind := attachmentKind(m)
		if kind == "" {
			continue
		}
		at := store.Attachment{
			Kind: kind, MediaType: m.MediaType, URL: m.URL, RemoteURL: m.URL, PreviewURL: m.URL,
			Description: clip(m.Name, maxDescription), Blurhash: clip(m.Blurhash, maxTag),
			Width: int64(m.Width), Height: int64(m.Height),
		}
		if kind != "image" {
			at.PreviewURL = ""
		}
		if m.HasFocal {
			at.FocusX, at.FocusY = m.FocalPoint[0], m.FocalPoint[1]
		}
		out = append(out, at)
	}
	return out
}

func attachmentKind(m vocab.Attachment) string {
	major, _, _ := strings.Cut(m.MediaType, "/")
	switch {
	case m.Type == "PropertyValue" || m.Type == "Link":
		return ""
	case major == "image" || m.Type == "Image":
		return "image"
	case major == "video" || m.Type == "Video":
		return "video"
	case major == "audio" || m.Type == "Audio":
		return "audio"
	}
	return "unknown"
}

// tellOfStatus notifies those here whom a new status mentions, and those who
// asked to hear of everything its author posts.
func tellOfStatus(tx *store.Tx, a *Activity, status *store.Object, told []store.AccountID) error {
	for _, id := range told {
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "mention", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	if status.InReplyToURI != "" && status.InReplyToAccountID != status.AccountID || status.Visibility == store.Direct {
		return nil
	}
	watchers, err := tx.FollowersToNotify(a.Actor.ID)
	if err != nil {
		return err
	}
	for _, id := range watchers {
		if _, err := tx.Notify(&store.Notification{AccountID: id, Type: "status", From: a.Actor.ID, StatusID: status.ID}); err != nil {
			return err
		}
	}
	return nil
}

// MaxThreadDepth bounds how far up a thread is fetched.
const MaxThreadDepth = 40

// completeParent has the parent fetched that a status answers, when it is
// not known here. Those whom nobody here follows can't fill a host's lane, in
// which deliveries wait too: their parent is then left where it is.
func completeParent(env *Env, tx *store.Tx, a *Activity, status *store.Object) error {
	if status.InReplyToURI == "" || status.InReplyToID != 0 || a.Depth >= MaxThreadDepth {
		return nil
	}
	if _, err := vocab.ParseURI(status.InReplyToURI); err != nil {
		return nil
	}
	if a.Origin == Inbox {
		followed, err := tx.FollowedBySomeoneHere(a.Actor.ID)
		if err != nil {
			return err
		}
		most := env.Config.Federation.WaitingPerHost
		if waiting, err := tx.CountWaiting(ThreadJob.Name, vocab.Host(status.InReplyToURI), most); err != nil || !followed && waiting >= most {
			return err
		}
	}
	args := ThreadArgs{URI: status.InReplyToURI, Depth: a.Depth + 1, Cause: a.cause()}
	return ThreadJob.Enqueue(tx, args, jobs.Unique(ThreadJob.Name+" "+status.InReplyToURI))
}
