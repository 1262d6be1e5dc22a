package mastodon

import (
	"context"
	"strings"
	"time"

	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

func (c *call) searchAccounts() (any, error) {
	limit := min(max(int(c.params.Int("limit", 40)), 1), 80)
	return c.findAccounts(c.params.String("q"), c.params.True("following"), c.params.True("resolve"), limit, max(int(c.params.Int("offset", 0)), 0))
}

// search answers with accounts, statuses and hashtags; with resolve, it fetches
// an unknown account or status by handle or URL.
func (c *call) search() (any, error) {
	p := c.params
	q := strings.TrimSpace(p.String("q"))
	kind := p.String("type")
	limit := min(max(int(p.Int("limit", 20)), 1), 40)
	offset := max(int(p.Int("offset", 0)), 0)
	resolve := p.True("resolve")
	if c.viewer == 0 && (resolve || offset > 0) {
		return nil, c.needsToken()
	}
	out := struct {
		Accounts []*Account `json:"accounts"`
		Statuses []*Status  `json:"statuses"`
		Hashtags []Tag      `json:"hashtags"`
	}{[]*Account{}, []*Status{}, []Tag{}}
	if q == "" {
		return out, nil
	}
	if address, ok := c.api.Config.ParseAddress(q); ok {
		found, err := c.resolve(address, resolve)
		if err != nil {
			return nil, err
		}
		if found.Account != 0 && kind != "statuses" && kind != "hashtags" {
			out.Accounts, err = c.foundAccounts(found.Account)
		}
		if found.Status != 0 && kind != "accounts" && kind != "hashtags" {
			out.Statuses, err = c.foundStatuses(found.Status)
		}
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	if kind == "" || kind == "accounts" {
		var err error
		if out.Accounts, err = c.findAccounts(q, p.True("following"), resolve, limit, offset); err != nil {
			return nil, err
		}
	}
	if (kind == "" || kind == "hashtags") && offset == 0 && !strings.ContainsAny(q, "@ ") {
		names, err := c.findTags(strings.TrimPrefix(q, "#"), limit)
		if err != nil {
			return nil, err
		}
		out.Hashtags = each(names, c.serializer().Tag)
	}
	return out, nil
}

// resolveTime limits how long a search waits for another server.
const resolveTime = 15 * time.Second

// resolve finds what a URL refers to; nothing is an empty answer, not an error,
// since clients search while the user types.
func (c *call) resolve(address string, fetch bool) (ap.Found, error) {
	if fetch && !c.allow(ratelimit.Resolve) {
		return ap.Found{}, respond.TooMany
	}
	ctx, cancel := context.WithTimeout(c.ctx, resolveTime)
	defer cancel()
	find := c.api.Service.ResolveURL
	if !fetch {
		find = c.api.Service.KnownURL
	}
	found, err := find(ctx, address)
	return found, c.ignoreRemoteErrors(err, address)
}

// ignoreRemoteErrors logs and drops the errors that another server caused.
func (c *call) ignoreRemoteErrors(err error, what string) error {
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	c.api.Log.Info("not resolved", "query", what, "reason", err.Error())
	return nil
}

// foundAccounts lists the account that was found, if it is not suspended or
// deleted.
func (c *call) foundAccounts(id store.AccountID) ([]*Account, error) {
	a, err := read(c, func(tx *store.Tx) (*store.Account, error) { return visibleAccount(tx, id) })
	if fault.Is(err, fault.NotFound) || err == nil && !a.Active() {
		return []*Account{}, nil
	}
	if err != nil {
		return nil, err
	}
	return []*Account{c.serializer().Account(a)}, nil
}

// foundStatuses lists the status that was found, if the viewer may see it.
func (c *call) foundStatuses(id store.ObjectID) ([]*Status, error) {
	list, err := read(c, func(tx *store.Tx) ([]*store.Status, error) { return tx.Statuses(c.viewer, []store.ObjectID{id}) })
	return c.serializer().statuses(list), err
}

// findAccounts searches by the beginning of a handle and resolves a complete
// handle that is not known here.
func (c *call) findAccounts(q string, following, resolve bool, limit, offset int) ([]*Account, error) {
	h, whole := c.api.Config.ParseHandle(q)
	typed := q
	q = h.String()
	if whole && (h.Domain != "" || h.Own) && resolve && offset == 0 {
		if !c.allow(ratelimit.Resolve) {
			return nil, respond.TooMany
		}
		ctx, cancel := context.WithTimeout(c.ctx, resolveTime)
		defer cancel()
		id, err := c.api.Service.ResolveHandle(ctx, typed)
		if err == nil {
			return c.foundAccounts(id)
		}
		if err := c.ignoreRemoteErrors(err, q); err != nil {
			return nil, err
		}
	}
	if q == "" || h.Community { // of its name there may be a person
		return []*Account{}, nil
	}
	list, err := read(c, func(tx *store.Tx) ([]*store.Account, error) {
		list, err := tx.SearchAccounts(c.viewer, q, following, limit, offset)
		if err != nil {
			return nil, err
		}
		return list, tx.FillMoved(list...)
	})
	return c.serializer().accounts(list), err
}

func (c *call) findTags(prefix string, limit int) ([]string, error) {
	return read(c, func(tx *store.Tx) ([]string, error) { return tx.SearchTags(prefix, limit) })
}
