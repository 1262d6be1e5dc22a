package federation

import (
	"net/http"
	"time"

	"kinglet/ap/ratelimit"
	"kinglet/api/respond"
)

// client is the address that a request is counted for.
func (a *API) client(r *http.Request) string {
	return ratelimit.Client(r, a.Config.TrustedProxies)
}

const window = 5 * time.Minute

// counted bounds how many documents one address may ask for, before anything
// is looked up for it; countedMedia pictures, countedInbox inbox posts.
func (a *API) counted(h http.HandlerFunc) http.HandlerFunc {
	return a.limited(ratelimit.Rule{Name: "documents", Most: a.Config.Federation.DocumentsPerAddress, Window: window}, h)
}

func (a *API) countedMedia(h http.HandlerFunc) http.HandlerFunc {
	return a.limited(ratelimit.Rule{Name: "media", Most: a.Config.Federation.MediaPerAddress, Window: window}, h)
}

func (a *API) countedInbox(h http.HandlerFunc) http.HandlerFunc {
	return a.limited(ratelimit.Rule{Name: "inbox", Most: a.Config.Federation.InboxPerAddress, Window: window}, h)
}

func (a *API) limited(rule ratelimit.Rule, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !a.Limits.Check(w, rule, a.client(r)) {
			a.fail(w, r, respond.TooMany)
			return
		}
		h(w, r)
	}
}
