package ui

import (
	"net/http"

	"kinglet/store"
)

// kept are the pages that a browser may keep for going back, after
// revalidation. No other page is kept (api/respond).
var kept = map[string]bool{"home.html": true, "profile.html": true, "status.html": true, "tag.html": true}

// cache sets who may cache a page: with a signed-in user, only the browser.
func cache(w http.ResponseWriter, status int, name string, viewer *store.Account) {
	if status != http.StatusOK || !kept[name] {
		return
	}
	control := "no-cache"
	if viewer != nil {
		control = "private, no-cache"
	}
	w.Header().Set("Cache-Control", control)
}
