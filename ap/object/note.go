package object

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Note is a short text: what most people mean by a post, and the only kind
// written here.
func note() Kind {
	return Kind{
		Type:  "Note",
		Read:  func(o *vocab.Object, status *store.Object) { status.Content = textOf(o) },
		Write: writeNote,
	}
}

// textOf is the text of an object as it is displayed, safe HTML.
func textOf(o *vocab.Object) string {
	if html, ok := markup.RenderSource(o.Content, o.MediaType); ok {
		return html
	}
	return markup.Sanitize(o.Content)
}

// Document writes the document of a note of ours again, from its row and its
// draft; nil for what is not written here.
func Document(c *config.Config, row *store.Object) json.RawMessage {
	o := Draft(c, row)
	if o == nil {
		return nil
	}
	return vocab.Encode(kinds[o.Type].Write(o))
}

// Draft is the draft of a note or a poll of ours, from its row; nil for what is
// not written here.
func Draft(c *config.Config, row *store.Object) *vocab.Object {
	if row.Type != "Note" && row.Type != "Question" {
		return nil
	}
	d := row.Draft
	o := &vocab.Object{
		ID: row.URI, Type: row.Type, AttributedTo: []vocab.Ref{{ID: d.Author}}, Content: row.Content, Summary: markup.EscapeText(row.SpoilerText),
		Sensitive: row.Sensitive, Language: row.Language, Published: row.PublishedAt, Updated: row.EditedAt, To: d.To, Cc: d.Cc,
		InReplyTo: vocab.Ref{ID: row.InReplyToURI}, Context: row.Context, URL: []vocab.Link{{Href: row.URL}},
		Source: vocab.Source{Content: d.Source, MediaType: "text/plain"}, Audience: Audience(d.Community),
	}
	if d.Source == "" {
		o.Source.Content = markup.PlainText(row.Content)
	}
	for _, m := range d.Mentions {
		o.Tag = append(o.Tag, vocab.Tag{Type: "Mention", Href: m.Href, Name: m.Name})
	}
	for _, t := range row.Tags {
		o.Tag = append(o.Tag, vocab.Tag{Type: "Hashtag", Href: c.TagURL(t), Name: "#" + t})
	}
	o.Quote, o.QuoteAuthorization, o.InteractionPolicy = row.QuoteURI, row.QuoteStamp, WritePolicy(c, d.Author, row.Policy)
	if row.Poll != nil {
		draftPoll(row.Poll, o)
	}
	return o
}

func writeNote(o *vocab.Object) vocab.Document {
	if IsVote(o) {
		return writeVote(o)
	}
	d := vocab.Document{
		"id": o.ID, "type": o.Type, "attributedTo": o.Author(), "content": o.Content, "summary": nil, "sensitive": o.Sensitive,
		"published": vocab.Date(o.Published), "to": vocab.Texts(o.To), "cc": vocab.Texts(o.Cc), "inReplyTo": nil,
		"url": firstLink(o.URL), "tag": writeTags(o.Tag), "attachment": []any{},
	}
	if o.ID != "" {
		// Their sizes change: they are not in the document, which stays the same.
		d["replies"], d["likes"], d["shares"] = writeReplies(o.ID+"/replies"), o.ID+"/likes", o.ID+"/shares"
	}
	if o.Language != "" {
		d["contentMap"] = vocab.Document{o.Language: o.Content}
	}
	if o.Summary != "" {
		d["summary"] = o.Summary
	}
	if !o.Updated.IsZero() {
		d["updated"] = vocab.Date(o.Updated)
	}
	if o.InReplyTo.ID != "" {
		d["inReplyTo"] = o.InReplyTo.ID
	}
	writeAudience(d, o)
	writeQuote(d, o)
	if o.Context != "" {
		d["context"], d["conversation"] = o.Context, o.Context
	}
	if o.Source.Content != "" {
		d["source"] = vocab.Document{"content": o.Source.Content, "mediaType": o.Source.MediaType}
	}
	return d
}

// Audience is the audience of a post in a community, "" for none.
func Audience(community string) []string {
	if community == "" {
		return nil
	}
	return []string{community}
}

// writeAudience writes the one community as a string: Lemmy reads no list.
func writeAudience(d vocab.Document, o *vocab.Object) {
	if len(o.Audience) > 0 {
		d["audience"] = o.Audience[0]
	}
}

// writeReplies writes the collection of replies with an empty first page, as
// Mastodon does: GoToSocial reads no other.
func writeReplies(uri string) vocab.Document {
	first := vocab.Document{"type": "CollectionPage", "partOf": uri, "next": uri + "?page=true", "items": []any{}}
	return vocab.Document{"id": uri, "type": "Collection", "first": first}
}
