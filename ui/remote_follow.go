package ui

import (
	"context"
	"net/http"

	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// remoteFollowPage leads a visitor to the page of their own server where they
// can follow an account of this one. It is a link that they press, and not a
// redirect: nobody can have this server send people to an address of their
// choice.
type remoteFollowPage struct {
	Account *store.Account
	Visitor string // their handle, as typed
	Host    string // of their server
	Link    string // the page there
	Reason  string // why there is none
}

// remoteFollow asks a visitor's server, by WebFinger, where its people follow
// others. Strangers have us ask: it is counted for their address here, and by ap
// for the host that is asked.
func (u *UI) remoteFollow(w http.ResponseWriter, r *http.Request) {
	form, err := u.readForm(w, r)
	if err == nil && !u.Limits.Count(ratelimit.Resolve, "address "+u.Config.ClientAddress(r)).Allowed {
		err = fault.Errorf(fault.RateLimited, "too many lookups")
	}
	if err != nil {
		u.fail(w, r, err)
		return
	}
	c := remoteFollowPage{Visitor: form.Get("visitor")}
	c.Account, err = store.Read(r.Context(), u.Store, func(tx *store.Tx) (*store.Account, error) { return u.localAccount(tx, form.Get("account")) })
	if err != nil {
		u.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), resolveTime)
	defer cancel()
	status := http.StatusOK
	found, err := u.Service.FollowPage(ctx, c.Visitor, c.Account.URI)
	if fault.Is(err, fault.RateLimited) {
		u.fail(w, r, err)
		return
	}
	if err != nil {
		u.Log.Info("no page to follow from", "visitor", c.Visitor, "reason", err.Error())
		c.Reason, status = "Your server could not be asked, or does not say where to follow from.", http.StatusNotFound
		if fault.Is(err, fault.Invalid) {
			c.Reason = "That is not a handle: it looks like @you@example.org."
		}
	}
	c.Host, c.Link = found.Host, found.Address
	u.show(w, r, status, "remote_follow.html", page{Title: "Follow @" + u.Config.Handle(c.Account.Username), Content: c, Viewer: u.viewer(r)})
}
