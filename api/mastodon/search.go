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

func (c *call) searchAccounts() error {
	limit := min(max(int(c.params.Int("limit", 40)), 1), 80)
	list, err := c.findAccounts(c.params.String("q"), c.params.True("following"), c.params.True("resolve"), limit, max(int(c.params.Int("offset", 0)), 0))
	if err != nil {
		return err
	}
	return c.json(list)
}

// search answers with accounts, statuses and hashtags; with resolve, it
// fetches what a handle or an address names and is not known here yet.
func (c *call) search() error {
	p := c.params
	q := strings.TrimSpace(p.String("q"))
	kind := p.String("type")
	limit := min(max(int(p.Int("limit", 20)), 1), 40)
	offset := max(int(p.Int("offset", 0)), 0)
	resolve := p.True("resolve")
	if c.viewer == 0 && (resolve || offset > 0) {
		return c.needsToken()
	}
	out := struct {
		Accounts []*Account  `json:"accounts"`
		Statuses []*Status   `json:"statuses"`
		Hashtags []tagEntity `json:"hashtags"`
	}{[]*Account{}, []*Status{}, []tagEntity{}}
	if q == "" {
		return c.json(out)
	}
	if isAddress(q) {
		found, err := c.resolve(q, resolve)
		if err != nil {
			return err
		}
		if found.Account != 0 && kind != "statuses" && kind != "hashtags" {
			out.Accounts, err = c.accountsOf(found.Account)
		}
		if found.Status != 0 && kind != "accounts" && kind != "hashtags" {
			out.Statuses, err = c.statusesOf(found.Status)
		}
		if err != nil {
			return err
		}
		return c.json(out)
	}
	if kind == "" || kind == "accounts" {
		var err error
		if out.Accounts, err = c.findAccounts(q, p.True("following"), resolve, limit, offset); err != nil {
			return err
		}
	}
	if (kind == "" || kind == "hashtags") && offset == 0 && !strings.ContainsAny(q, "@ ") {
		names, err := c.findTags(strings.TrimPrefix(q, "#"), limit)
		if err != nil {
			return err
		}
		for _, name := range names {
			out.Hashtags = append(out.Hashtags, c.newTag(name))
		}
	}
	return c.json(out)
}

func isAddress(q string) bool {
	return strings.HasPrefix(q, "https://") || strings.HasPrefix(q, "http://")
}

// resolveTime bounds how long a search waits for another server.
const resolveTime = 15 * time.Second

// resolve finds what an address names; nothing is an empty answer, not an
// error, since clients search while one types.
func (c *call) resolve(address string, fetch bool) (ap.Found, error) {
	if fetch && !c.count(ratelimit.Resolve, c.viewer.String()) {
		return ap.Found{}, respond.TooMany
	}
	ctx, cancel := context.WithTimeout(c.ctx, resolveTime)
	defer cancel()
	find := c.api.Service.ResolveURL
	if !fetch {
		find = c.api.Service.KnownURL
	}
	found, err := find(ctx, address)
	return found, c.unlessOurs(err, address)
}

// unlessOurs drops the errors that are another server's fault, having logged
// them.
func (c *call) unlessOurs(err error, what string) error {
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	c.api.Log.Info("not resolved", "query", what, "reason", err.Error())
	return nil
}

func (c *call) accountsOf(ids ...store.AccountID) ([]*Account, error) {
	out := []*Account{}
	err := c.view(func(tx *store.Tx) error {
		known, err := tx.Accounts(ids)
		for _, id := range ids {
			if a := known[id]; a != nil && a.Active() {
				out = append(out, c.api.spell().Account(a))
			}
		}
		return err
	})
	return out, err
}

func (c *call) statusesOf(id store.ObjectID) ([]*Status, error) {
	var list []*store.Status
	err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Statuses(c.viewer, []store.ObjectID{id})
		return err
	})
	return c.api.spell().Statuses(list, c.viewer), err
}

// findAccounts searches by the beginning of a handle and, when the whole of
// one is given and it is not known, looks it up.
func (c *call) findAccounts(q string, following, resolve bool, limit, offset int) ([]*Account, error) {
	q = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(q), "acct:"), "@")
	name, domain, whole := strings.Cut(q, "@")
	if whole && c.api.Config.IsOwnHost(domain) {
		q = name
	}
	if whole && domain != "" && resolve && offset == 0 {
		if !c.count(ratelimit.Resolve, c.viewer.String()) {
			return nil, respond.TooMany
		}
		ctx, cancel := context.WithTimeout(c.ctx, resolveTime)
		defer cancel()
		id, err := c.api.Service.ResolveHandle(ctx, q)
		if err == nil {
			return c.accountsOf(id)
		}
		if err := c.unlessOurs(err, q); err != nil {
			return nil, err
		}
	}
	out := []*Account{}
	if q == "" {
		return out, nil
	}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.SearchAccounts(c.viewer, q, following, limit, offset)
		for _, a := range list {
			out = append(out, c.api.spell().Account(a))
		}
		return err
	})
	return out, err
}

func (c *call) findTags(prefix string, limit int) (names []string, err error) {
	err = c.view(func(tx *store.Tx) (err error) {
		names, err = tx.SearchTags(prefix, limit)
		return err
	})
	return names, err
}
