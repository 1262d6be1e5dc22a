package federation

import (
	"net/http"

	"kinglet/api/limit"
	"kinglet/api/respond"
	"kinglet/internal/ratelimit"
)

// client is the address that a request is counted for.
func (a *API) client(r *http.Request) string {
	return a.Config.ClientAddress(r)
}

// counted limits how many inbox posts one address may make, before anything is
// looked up for them. (The router counts documents, with pages.)
func (a *API) counted(h http.HandlerFunc) http.HandlerFunc {
	most := a.Config.Federation.InboxPerAddress
	rule := ratelimit.Rule{Name: "inbox", Most: most.Most, Window: most.Window}
	return func(w http.ResponseWriter, r *http.Request) {
		if !limit.Check(w, a.Limits, rule, a.client(r)) {
			a.fail(w, r, respond.TooMany)
			return
		}
		h(w, r)
	}
}
