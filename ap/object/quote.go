package object

import (
	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

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
