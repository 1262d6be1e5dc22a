package object

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"
)

// Reading is an object as the rows that will be written for it, as far as they
// depend on the object alone. Rules copy from it and change nothing in it: a
// transaction may run twice.
type Reading struct {
	// Status has the columns that an edit may change, and what the object
	// replies to; nil unless it is a status.
	Status      *store.Object
	Mentions    []string // ids of the accounts that its tags mention, once each
	Attachments []store.Attachment
	Community   string // id of the community that it is posted in

	// Account is that of an actor; nil unless it is one.
	Account *store.Account
}

// Limits of a remote post's texts, in bytes. What is longer is cut.
const (
	maxContent     = 128 << 10 // of HTML, before it is sanitised
	maxSpoiler     = 4096
	maxTag         = 256
	maxDescription = 8192
)

// maxHashtags limits how many hashtags of a remote post count: each is a row in
// two tables.
const maxHashtags = 256

// Read reads an object; nil for what is neither a status nor an actor. An
// Invalid error says what is wrong with an actor's document. If the object is
// not trusted, a page on this server is ignored.
func Read(c *config.Config, o *vocab.Object, trusted bool) (*Reading, error) {
	if vocab.IsActorType(o.Type) {
		account, err := ReadActor(o)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "%s: %w", o.ID, err)
		}
		if !trusted && c.IsOwn(account.URL) {
			account.URL = account.URI // a page of ours is not theirs
		}
		return &Reading{Account: account}, nil
	}
	if !IsShown(o) {
		return nil, nil
	}
	if !trusted {
		o = bounded(o)
	}
	media, links := attachmentsOf(o)
	status := readStatus(o)
	status.Content = withLinks(status.Content, links)
	if !trusted && len(status.Tags) > maxHashtags {
		status.Tags = status.Tags[:maxHashtags]
	}
	if !trusted && c.IsOwn(status.URL) {
		status.URL = status.URI // nor is it their post's (SECURITY-RULES 6)
	}
	return &Reading{Status: status, Mentions: mentionsOf(c, o), Attachments: media, Community: communityOf(o)}, nil
}

// communityOf is the community that a post is in, by its audience (FEP-1b12).
func communityOf(o *vocab.Object) string {
	for _, uri := range o.Audience {
		if _, err := vocab.ParseURI(uri); err == nil && uri != vocab.Public && uri != o.Author() {
			return uri
		}
	}
	return ""
}

// bounded cuts what a stranger would make the database's one writer write.
func bounded(o *vocab.Object) *vocab.Object {
	if len(o.Content) <= maxContent {
		return o
	}
	b := *o
	b.Content = clip(o.Content, maxContent)
	return &b
}

// readStatus reads what all kinds of statuses have in common.
func readStatus(o *vocab.Object) *store.Object {
	status := &store.Object{
		URI: o.ID, Type: o.Type, IsStatus: true, InReplyToURI: o.InReplyTo.ID, Context: o.Context, PublishedAt: o.Published,
		SpoilerText: clip(markup.PlainText(o.Summary), maxSpoiler), Language: o.Language, URL: pageOf(o), Emojis: emojisOf(o.Tag),
	}
	status.Sensitive = o.Sensitive || status.SpoilerText != ""
	status.Tags = hashtagsOf(o.Tag)
	if !o.Updated.IsZero() && o.Updated.After(o.Published) {
		status.EditedAt = o.Updated
	}
	kindOf(o.Type).Read(o, status)
	readQuote(o, status)
	return status
}

// Hashtags are the hashtags of a post, as Read has them.
func Hashtags(o *vocab.Object) []string { return hashtagsOf(o.Tag) }

// hashtagsOf are the hashtags of a post, each once. Spaces are left out: PeerTube's
// may have some.
func hashtagsOf(tags []vocab.Tag) (list []string) {
	seen := map[string]bool{}
	for _, t := range tags {
		name := strings.TrimLeft(strings.Join(strings.Fields(t.Name), ""), "#")
		key := strings.ToLower(name)
		if t.Type == "Hashtag" && !seen[key] && markup.IsHashtag(name) {
			seen[key] = true
			list = append(list, name)
		}
	}
	return list
}

// mentionsOf are the ids of whom an object's tags mention, once each. A mention
// of somebody here may have the handle alone.
func mentionsOf(c *config.Config, o *vocab.Object) []string {
	var list []string
	seen := map[string]bool{"": true}
	for _, t := range o.Tag {
		if t.Type != "Mention" {
			continue
		}
		uri := t.Href
		if h, ok := c.ParseHandle(t.Name); uri == "" && ok && h.Own {
			uri = c.ActorURI(h.Name)
		}
		if !seen[uri] {
			seen[uri] = true
			list = append(list, uri)
		}
	}
	return list
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
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
