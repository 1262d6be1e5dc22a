package ui

import (
	"net/http"
	"strconv"
	"strings"

	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// pageSize is how many statuses a page shows.
const pageSize = 20

type homePage struct {
	Accounts []*store.Account // those that want to be found
	Nobody   bool             // whether there is no account at all
}

func (u *UI) home(w http.ResponseWriter, r *http.Request) {
	viewer, ctx := u.reader(r)
	c, err := store.Read(ctx, u.Store, func(tx *store.Tx) (c homePage, err error) {
		all, err := tx.LocalAccounts()
		c.Nobody = len(all) == 0
		for _, a := range all {
			if a.Discoverable && a.Active() {
				c.Accounts = append(c.Accounts, a)
			}
		}
		return c, err
	})
	if err != nil {
		u.fail(w, r, err)
		return
	}
	u.show(w, r, http.StatusOK, "home.html", page{
		Title: u.Config.Title, Description: u.Config.Description, Content: c, Index: true, Viewer: viewer, Card: u.homeCard(),
	})
}

type profilePage struct {
	Account  *store.Account
	Handle   string
	Pinned   []*store.Status
	Statuses []*store.Status
	Older    store.ObjectID // where the next page begins, 0 for none
}

// Profile shows a local account and what everyone may see of its posts.
func (u *UI) Profile(w http.ResponseWriter, r *http.Request) {
	if h, ok := u.otherServers(r); ok {
		if h.Own {
			u.ToProfile(w, r)
			return
		}
		u.remoteProfile(w, r, h)
		return
	}
	p := store.Page{Limit: pageSize}
	p.MaxID, _ = store.ParseID(r.URL.Query().Get("max_id"))
	viewer, ctx := u.reader(r)
	c, err := store.Read(ctx, u.Store, func(tx *store.Tx) (c profilePage, err error) {
		if c.Account, err = u.account(tx, r); err != nil {
			return c, err
		}
		c.Statuses, c.Older, err = tx.AccountStatuses(0, c.Account.ID, store.AccountQuery{Public: true, ExcludeReplies: true}, p)
		if err != nil {
			return c, err
		}
		if len(c.Statuses) == pageSize {
			c.Older = c.Statuses[pageSize-1].ID
		}
		if p.MaxID != 0 {
			return c, nil
		}
		c.Pinned, _, err = tx.AccountStatuses(0, c.Account.ID, store.AccountQuery{Pinned: true}, store.Page{Limit: u.Config.MaxPinned})
		return c, err
	})
	if err != nil {
		u.fail(w, r, err)
		return
	}
	c.Handle = u.Config.Handle(c.Account.Username)
	u.show(w, r, http.StatusOK, "profile.html", page{
		Title: displayName(c.Account) + " (@" + c.Handle + ")", Description: clip(markup.PlainText(c.Account.Note)), Content: c,
		Card: u.profileCard(c.Account, p.MaxID), Index: c.Account.Indexable, Document: c.Account.URI, Viewer: viewer,
	})
}

// account is the local account of the path, which may have our own domain.
func (u *UI) account(tx *store.Tx, r *http.Request) (*store.Account, error) {
	return u.localAccount(tx, chi.URLParam(r, "name"))
}

func (u *UI) localAccount(tx *store.Tx, name string) (*store.Account, error) {
	h, ok := u.Config.ParseHandle(name)
	if !ok || h.Domain != "" {
		return nil, fault.Errorf(fault.NotFound, "no account %s here", name)
	}
	a, err := tx.AccountByHandle(h.Name, "")
	if err == nil && !a.Active() {
		err = fault.Errorf(fault.Gone, "this account is gone")
	}
	return a, err
}

type statusPage struct {
	Status       *store.Status
	Above, Below []*store.Status
	Next         int // how many replies the next page skips, 0 when there is none
}

// repliesPerPage is how many replies a page of a post shows, and how deep.
var repliesPerPage = store.ThreadBounds{Ancestors: 40, Descendants: 60, Depth: 20}

// Status shows a post with what it answers and a page of what answers it.
func (u *UI) Status(w http.ResponseWriter, r *http.Request) {
	if h, ok := u.otherServers(r); ok && !h.Own {
		u.remoteStatus(w, r, h)
		return
	}
	id, _ := store.ParseID(chi.URLParam(r, "id"))
	viewer, ctx := u.reader(r)
	c, err := store.Read(ctx, u.Store, func(tx *store.Tx) (c statusPage, err error) {
		a, err := u.account(tx, r)
		if err != nil {
			return c, err
		}
		o, err := tx.Object(store.ObjectID(id))
		if err != nil {
			return c, err
		}
		if o.AccountID == a.ID && !o.DeletedAt.IsZero() && o.Visibility <= store.Unlisted {
			return c, fault.Errorf(fault.Gone, "this post is gone")
		}
		if c.Status, err = tx.Status(0, store.ObjectID(id)); err != nil {
			return c, err
		}
		if c.Status.AccountID != a.ID {
			return c, fault.Errorf(fault.NotFound, "not a post of %s", a.Username)
		}
		bounds := repliesPerPage
		bounds.Skip, _ = strconv.Atoi(r.URL.Query().Get("skip"))
		bounds.Skip = max(bounds.Skip, 0)
		c.Above, c.Below, c.Next, err = tx.ThreadPage(0, store.ObjectID(id), bounds)
		return c, err
	})
	if err != nil {
		u.fail(w, r, err)
		return
	}
	st := c.Status
	text := markup.PlainText(st.Content)
	if st.SpoilerText != "" {
		text = st.SpoilerText
	}
	u.show(w, r, http.StatusOK, "status.html", page{
		Title: displayName(st.Account) + ": “" + clip(text) + "”", Description: clip(text), Content: c,
		Card: u.statusCard(st, clip(text)), Index: st.Account.Indexable, Document: st.URI, Viewer: viewer,
	})
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}

type tagPage struct {
	Name     string
	Statuses []*store.Status
}

func (u *UI) tag(w http.ResponseWriter, r *http.Request) {
	c := tagPage{Name: store.FoldTag(chi.URLParam(r, "tag"))}
	viewer, ctx := u.reader(r)
	var err error
	c.Statuses, err = store.Read(ctx, u.Store, func(tx *store.Tx) ([]*store.Status, error) {
		list, _, err := tx.Tagged(0, store.TagQuery{Any: []string{c.Name}, PublicQuery: store.PublicQuery{Local: true}}, store.Page{Limit: pageSize})
		return list, err
	})
	if err != nil {
		u.fail(w, r, err)
		return
	}
	u.show(w, r, http.StatusOK, "tag.html", page{Title: "#" + c.Name, Content: c, Viewer: viewer, Card: u.tagCard(c.Name)})
}

// ToProfile sends a visitor from an actor's URI to its page.
func (u *UI) ToProfile(w http.ResponseWriter, r *http.Request) {
	u.toPage(w, r, func(tx *store.Tx) (string, error) {
		a, err := u.account(tx, r)
		if err != nil {
			return "", err
		}
		return u.Config.ProfileURL(a.Username), nil
	})
}

// ToStatus redirects from the URI of an object or activity to the page of the
// post that it is, or is about. If the post is remote, it redirects to the
// profile of the local account: a URL of ours never redirects to a URL that a
// stranger chose.
func (u *UI) ToStatus(uri func(uuid string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u.toPage(w, r, func(tx *store.Tx) (string, error) {
			o, err := tx.ObjectByURI(uri(chi.URLParam(r, "uuid")))
			if err != nil {
				return "", err
			}
			if !o.DeletedAt.IsZero() && o.Visibility <= store.Unlisted {
				return "", fault.Errorf(fault.Gone, "this post is gone")
			}
			actor := o.AccountID
			if o.ReblogOfID != 0 || !o.IsStatus {
				if o, err = tx.ObjectByURI(o.ObjectURI); err != nil {
					return "", err
				}
			}
			st, err := tx.Status(0, o.ID)
			if err != nil {
				return "", err
			}
			if st.Local {
				return u.Config.StatusURL(st.Account.Username, int64(st.ID)), nil
			}
			account, err := tx.Account(actor)
			if err == nil && !account.Local() {
				err = fault.Errorf(fault.NotFound, "no page here")
			}
			if err != nil {
				return "", err
			}
			return u.Config.ProfileURL(account.Username), nil
		})
	}
}

// maxThread limits how far a conversation is searched for a local post.
const maxThread = 200

// ToThread redirects from a conversation to its first public local post. Its
// very first post may be remote.
func (u *UI) ToThread(w http.ResponseWriter, r *http.Request) {
	u.toPage(w, r, func(tx *store.Tx) (string, error) {
		list, err := tx.ContextStatuses(u.Config.ContextURI(chi.URLParam(r, "uuid")), maxThread)
		if err != nil {
			return "", err
		}
		for _, o := range list {
			if o.Local && o.ReblogOfID == 0 {
				author, err := tx.Account(o.AccountID)
				if err != nil {
					return "", err
				}
				return u.Config.StatusURL(author.Username, int64(o.ID)), nil
			}
		}
		return "", fault.Errorf(fault.NotFound, "no such conversation")
	})
}

func (u *UI) toPage(w http.ResponseWriter, r *http.Request, find func(tx *store.Tx) (string, error)) {
	url, err := store.Read(r.Context(), u.Store, find)
	if err != nil {
		u.fail(w, r, err)
		return
	}
	w.Header().Set("Vary", "Accept")
	http.Redirect(w, r, url, http.StatusFound)
}
