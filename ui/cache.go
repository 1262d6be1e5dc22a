package ui

import (
	"net/http"

	"kinglet/store"
)

// kept are the pages that a browser may keep to go back to, having asked
// whether they still stand. All others are not kept at all (api/respond).
var kept = map[string]bool{"home.html": true, "profile.html": true, "status.html": true, "tag.html": true}

// cache says who may keep a page: of one who is signed in, nobody else.
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
