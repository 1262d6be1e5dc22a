package vocab

import "strings"

// Quotes are said in five ways, mostly in several at once.

// Quote is what an object quotes: its URI, "" for nothing.
type Quote struct {
	URI   string
	Gone  bool     // it came embedded as a Tombstone
	Stamp string   // URI of the quoted author's consent (FEP-044f)
	Names []string // all the URIs that are given for it
}

// quoteTerms are the terms of a quote, in the order in which they are believed.
func quoteTerms() []string { return []string{"quote", "_misskey_quote", "quoteUrl", "quoteUri"} }

// QuoteOf reads what an object quotes. Of a Quotation the quote is a text
// (BookWyrm).
func QuoteOf(o *Object) Quote {
	var q Quote
	if o.Type == "Quotation" {
		return q
	}
	add := func(uri string) {
		if _, err := ParseURI(uri); err != nil || uri == o.ID {
			return
		}
		if q.URI == "" {
			q.URI = uri
		}
		q.Names = append(q.Names, uri)
	}
	for _, term := range quoteTerms() {
		v := o.Document[term]
		if v == nil {
			continue
		}
		if l := list(v); len(l) > 0 {
			add(id(l[0]))
			m, _ := l[0].(map[string]any)
			q.Gone = q.Gone || q.URI != "" && firstText(m["type"]) == "Tombstone"
		}
	}
	if tag := o.Document["tag"]; tag != nil {
		for _, x := range list(tag) {
			if m, ok := x.(map[string]any); ok && isQuoteLink(m) && len(q.Names) < maxLinks {
				add(text(m["href"]))
			}
		}
	}
	if q.URI != "" {
		if stamp := id(o.Document["quoteAuthorization"]); stamp != "" {
			if _, err := ParseURI(stamp); err == nil {
				q.Stamp = stamp
			}
		}
	}
	return q
}

// isQuoteLink reports whether a tag is a link to a quoted object (FEP-e232): by
// its relation or, where it gives none, by its name.
func isQuoteLink(m map[string]any) bool {
	if firstText(m["type"]) != "Link" || !IsActivityPubContentType(text(m["mediaType"])) {
		return false
	}
	rels := texts(m["rel"])
	for _, rel := range rels {
		switch rel {
		case "https://misskey-hub.net/ns#_misskey_quote", "https://w3id.org/fep/044f#quote", "http://fedibird.com/ns#quoteUri",
			"https://www.w3.org/ns/activitystreams#quoteUrl", "as:quoteUrl", "quote":
			return true
		}
	}
	return len(rels) == 0 && strings.HasPrefix(text(m["name"]), "RE:")
}

// QuotesNeedStamp reports whether an object says who may quote it (FEP-044f):
// then a quote needs its author's consent.
func QuotesNeedStamp(o *Object) bool {
	policy, _ := o.Document["interactionPolicy"].(map[string]any)
	return policy["canQuote"] != nil
}
