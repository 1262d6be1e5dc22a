package mastodon

import (
	"kinglet/internal/markup"
	"kinglet/store"
)

// Quote is Mastodon's Quote entity or, within a quoted status, its ShallowQuote:
// it has one of the two.
type Quote struct {
	State string `json:"state"`
	*QuotedStatus
	*QuotedStatusID
}

// QuotedStatus is the quoted status, null unless the viewer may see it.
type QuotedStatus struct {
	Status *Status `json:"quoted_status"`
}

// QuotedStatusID is the id of it.
type QuotedStatusID struct {
	ID *string `json:"quoted_status_id"`
}

// quote serializes what a status quotes.
func (s Serializer) quote(st *store.Status) *Quote {
	if st.Quote == nil {
		return nil
	}
	e := &Quote{State: st.Quote.State, QuotedStatus: &QuotedStatus{}}
	if quoted := st.Quote.Status; quoted != nil {
		e.Status = s.status(quoted)
		e.Status.Quote = s.shallowQuote(quoted)
	}
	return e
}

func (s Serializer) shallowQuote(st *store.Status) *Quote {
	if st.Quote == nil {
		return nil
	}
	e := &Quote{State: st.Quote.State, QuotedStatusID: &QuotedStatusID{}}
	if st.Quote.ID != 0 {
		id := st.Quote.ID.String()
		e.ID = &id
	}
	return e
}

// contentOf is the text of a status, with a link to what it quotes while that is
// not known here.
func contentOf(st *store.Status) string {
	if st.Quote == nil || st.QuoteID != 0 || st.Quote.State != store.QuotePending {
		return st.Content
	}
	return st.Content + markup.QuoteLink(st.QuoteURI)
}
