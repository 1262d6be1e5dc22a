package ui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// interactionPage is where "follow", "favourite" and "boost" buttons of other
// servers lead: an account or a post, with what the viewer can do with it. It
// changes nothing until one of its own buttons is pressed.
type interactionPage struct {
	Query   string // what was asked for
	Reason  string // why there is nothing
	Account *store.Account
	Status  *store.Status
	Host    string // of the original page, "" if it is ours
	Related *store.Relationship
	Own     bool // whether it is the viewer's own
}

// resolveTime limits how long the page waits for another server.
const resolveTime = 15 * time.Second

// interaction shows what the parameter uri names: an account or a post, by
// its address or handle, in any form that people paste.
func (u *UI) interaction(w http.ResponseWriter, r *http.Request) {
	u.showInteraction(w, r, strings.TrimSpace(r.URL.Query().Get("uri")))
}

func (u *UI) showInteraction(w http.ResponseWriter, r *http.Request, query string) {
	viewer, ctx := u.reader(r)
	if viewer == nil {
		next := config.InteractionPath
		if query != "" {
			next += "?uri=" + url.QueryEscape(query)
		}
		http.Redirect(w, r, "/auth/sign_in?next="+url.QueryEscape(next), http.StatusSeeOther)
		return
	}
	c := interactionPage{Query: query}
	status := http.StatusOK
	if query != "" {
		err := u.readInteraction(ctx, viewer, &c)
		switch kind := fault.KindOf(err); {
		case err == nil:
		case kind == fault.RateLimited, errors.Is(err, fault.ErrOutage), kind == fault.Internal && !errors.Is(err, context.DeadlineExceeded):
			u.fail(w, r, err)
			return
		default:
			u.Log.Info("not resolved", "query", query, "reason", err.Error())
			c.Reason, status = reasonOf(err), http.StatusNotFound
		}
	}
	u.show(w, r, status, "interaction.html", page{Title: "On another server", Content: c, Viewer: viewer})
}

// reasonOf is why something was not found, for the person who asked.
func reasonOf(err error) string {
	switch fault.KindOf(err) {
	case fault.Gone:
		return "It was there once, and is gone."
	case fault.Unavailable, fault.Internal:
		return "Its server does not answer just now. Try again later."
	}
	return "This is what came of it: " + err.Error()
}

// readInteraction finds what was asked for, asking other servers where it is not
// known here, and reads it as the viewer sees it.
func (u *UI) readInteraction(ctx context.Context, viewer *store.Account, c *interactionPage) error {
	if len(c.Query) > vocab.MaxURI {
		return fault.Errorf(fault.Invalid, "the address is too long")
	}
	if !u.Limits.Count(ratelimit.Resolve, viewer.ID.String()).Allowed {
		return fault.Errorf(fault.RateLimited, "too many lookups")
	}
	waiting, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	found, err := u.Service.Resolve(waiting, c.Query)
	if err != nil {
		return err
	}
	return u.Store.View(ctx, func(tx *store.Tx) error { return u.readFound(tx, viewer, found, c) })
}

func (u *UI) readFound(tx *store.Tx, viewer *store.Account, found ap.Found, c *interactionPage) (err error) {
	if found.Status != 0 {
		if c.Status, err = tx.Status(viewer.ID, found.Status); err != nil {
			return err
		}
		c.Host, c.Own = u.otherHost(c.Status.URL), c.Status.AccountID == viewer.ID
		return nil
	}
	if c.Account, err = tx.Account(found.Account); err != nil {
		return err
	}
	if !c.Account.Active() {
		return fault.Errorf(fault.Gone, "this account is gone")
	}
	c.Host, c.Own = u.otherHost(c.Account.URL), c.Account.ID == viewer.ID
	list, err := tx.Relationships(viewer.ID, []store.AccountID{c.Account.ID})
	if err == nil && len(list) == 1 {
		c.Related = list[0]
	}
	return err
}

// otherHost is the host of an address on another server.
func (u *UI) otherHost(address string) string {
	if u.Config.IsOwn(address) {
		return ""
	}
	return vocab.Host(address)
}

// interact does what a button of the page says. The form carries the id that the
// page was about, and the answer leads back to it.
func (u *UI) interact(w http.ResponseWriter, r *http.Request) {
	form, err := u.form(w, r, sessionForm, u.cookie(r, sessionCookie))
	if err != nil {
		u.fail(w, r, err)
		return
	}
	viewer, ctx := u.reader(r)
	if viewer == nil { // the session has ended since
		http.Redirect(w, r, "/auth/sign_in", http.StatusSeeOther)
		return
	}
	id, _ := store.ParseID(form.Get("id"))
	s := u.Service
	switch form.Get("action") {
	case "follow":
		err = s.Follow(ctx, viewer.ID, store.AccountID(id), ap.FollowSettings{})
	case "unfollow":
		err = s.Unfollow(ctx, viewer.ID, store.AccountID(id))
	case "favourite":
		err = s.Favourite(ctx, viewer.ID, store.ObjectID(id))
	case "unfavourite":
		err = s.Unfavourite(ctx, viewer.ID, store.ObjectID(id))
	case "boost":
		_, err = s.Boost(ctx, viewer.ID, store.ObjectID(id), store.Public)
	case "unboost":
		err = s.Unboost(ctx, viewer.ID, store.ObjectID(id))
	default:
		err = fault.Errorf(fault.Invalid, "The form is invalid")
	}
	if err != nil {
		u.fail(w, r, err)
		return
	}
	http.Redirect(w, r, config.InteractionPath+"?uri="+url.QueryEscape(form.Get("uri")), http.StatusSeeOther)
}

// remoteProfile answers for a page of another server's account under this one's
// address, /@name@example.org: who is signed in sees the account here, all
// others are sent to its own server. Only an address on the origin of its id is
// followed, as any other would be a redirect to wherever a stranger likes.
func (u *UI) remoteProfile(w http.ResponseWriter, r *http.Request, h config.Handle) {
	if u.viewer(r) != nil {
		u.showInteraction(w, r, "@"+h.String())
		return
	}
	u.toOrigin(w, r, func(tx *store.Tx) (id, page string, err error) {
		a, err := tx.AccountByHandle(h.Name, h.Domain)
		if err == nil && !a.Active() {
			err = fault.Errorf(fault.NotFound, "this account is gone")
		}
		if err != nil {
			return "", "", err
		}
		return a.URI, a.URL, nil
	})
}

// remoteStatus is remoteProfile for a post, /@name@example.org/{id}.
func (u *UI) remoteStatus(w http.ResponseWriter, r *http.Request, h config.Handle) {
	id, _ := store.ParseID(chi.URLParam(r, "id"))
	viewer, ctx := u.reader(r)
	reader := store.AccountID(0)
	if viewer != nil {
		reader = viewer.ID
	}
	st, err := store.Read(ctx, u.Store, func(tx *store.Tx) (*store.Status, error) {
		st, err := tx.Status(reader, store.ObjectID(id))
		if err == nil && (st.Local || st.ReblogOfID != 0 || !strings.EqualFold(st.Account.Acct(), store.Handle(h.Name, h.Domain))) {
			err = fault.Errorf(fault.NotFound, "not a post of %s", h)
		}
		return st, err
	})
	switch {
	case err != nil:
		u.fail(w, r, err)
	case viewer != nil:
		u.showInteraction(w, r, st.URI)
	default:
		u.toOrigin(w, r, func(*store.Tx) (id, page string, err error) { return st.URI, st.URL, nil })
	}
}

// toOrigin redirects to the page of something of another server, or to its id.
func (u *UI) toOrigin(w http.ResponseWriter, r *http.Request, find func(tx *store.Tx) (id, page string, err error)) {
	u.toPage(w, r, func(tx *store.Tx) (string, error) {
		id, page, err := find(tx)
		if err != nil {
			return "", err
		}
		if target := originPage(id, page); target != "" && !u.Config.IsOwn(target) {
			return target, nil
		}
		return "", fault.Errorf(fault.NotFound, "it has no page of its own")
	})
}

// originPage is the page of something with an id if it is on the id's own
// origin, else the id itself; "" unless it is https.
func originPage(id, page string) string {
	target := id
	if vocab.SameOrigin(id, page) {
		target = page
	}
	canonical, err := vocab.Canonical(target)
	if err != nil || !strings.HasPrefix(canonical, "https://") {
		return ""
	}
	return canonical
}

// otherServers is the handle of another server's account in the path, if there
// is one.
func (u *UI) otherServers(r *http.Request) (h config.Handle, ok bool) {
	name := chi.URLParam(r, "name")
	if !strings.Contains(name, "@") {
		return h, false
	}
	h, ok = u.Config.ParseHandle(name)
	if h.Domain != "" {
		h.Domain = vocab.Host("https://" + h.Domain)
	}
	return h, ok && (h.Own || h.Domain != "")
}
