package object

import (
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// writeQuote writes what a post of ours quotes, in the forms that others read: of
// FEP-044f, Fedibird, Misskey and FEP-e232, and as a paragraph where none of them is
// understood.
func writeQuote(d vocab.Document, o *vocab.Object) {
	if len(o.InteractionPolicy) > 0 {
		d["interactionPolicy"] = o.InteractionPolicy
	}
	if o.Quote == "" {
		return
	}
	d["quote"], d["quoteUri"], d["_misskey_quote"] = o.Quote, o.Quote, o.Quote
	if o.QuoteAuthorization != "" {
		d["quoteAuthorization"] = o.QuoteAuthorization
	}
	d["tag"] = append(writeTags(o.Tag), vocab.Document{
		"type": "Link", "mediaType": vocab.LinkedContentType, "rel": "https://misskey-hub.net/ns#_misskey_quote", "href": o.Quote, "name": "RE: " + o.Quote,
	})
	text := markup.QuoteLink(o.Quote) + o.Content
	d["content"] = text
	if o.Language != "" {
		d["contentMap"] = vocab.Document{o.Language: text}
	}
}

// WithQuoteAuthorization is the stored document of a post that quotes another with
// what the quoted author says by now; "" for nothing.
func WithQuoteAuthorization(doc json.RawMessage, stamp string) json.RawMessage {
	changed := reopen(doc)
	if changed == nil {
		return doc
	}
	if delete(changed, "quoteAuthorization"); stamp != "" {
		changed["quoteAuthorization"] = stamp
	}
	return vocab.Encode(changed)
}

// reopen reads an encoded document of ours, to change what it says; nil for none.
func reopen(doc json.RawMessage) vocab.Document {
	var d map[string]json.RawMessage
	if json.Unmarshal(doc, &d) != nil {
		return nil
	}
	changed := vocab.Document{}
	for k, v := range d {
		changed[k] = v
	}
	return changed
}

// readQuote reads what a status quotes, and takes out of its text what stands
// for that on servers that know no quotes: it is shown in its place, or linked.
func readQuote(o *vocab.Object, status *store.Object) {
	status.QuotesNeedStamp = vocab.QuotesNeedStamp(o)
	q := vocab.QuoteOf(o)
	if q.URI == "" {
		return
	}
	status.QuoteURI, status.QuoteStamp = q.URI, q.Stamp
	if q.Gone {
		status.QuoteState = store.QuoteDeleted
	}
	status.Content = markup.WithoutQuoteLink(status.Content, q.Names)
}
