package ui

import (
	"net/url"
	"strings"

	"kinglet/store"
)

// otherHost is the host of a post's page, if it is not that of its id: whoever
// opens the page sees beforehand where it leads.
func otherHost(st *store.Status) string {
	page, err := url.Parse(st.URL)
	if err != nil || page.Host == "" || st.Local {
		return ""
	}
	if id, err := url.Parse(st.URI); err == nil && strings.EqualFold(id.Hostname(), page.Hostname()) {
		return ""
	}
	return page.Host
}
