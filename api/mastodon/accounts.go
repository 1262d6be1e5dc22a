package mastodon

import (
	"strings"

	"kinglet/ap"
	"kinglet/ap/scope"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/media"
	"kinglet/store"
)

func (c *call) verifyCredentials() error {
	var e *Account
	err := c.view(func(tx *store.Tx) (err error) {
		e, err = c.own(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.json(e)
}

// picture keeps an uploaded one, nil when there is none. An empty value takes
// the picture away.
func (c *call) picture(name string, shape media.Shape) (*media.Picture, error) {
	if f := c.params.File(name); f != nil && f.Size() > 0 {
		return c.api.Pictures.Keep(c.ctx, f.Open(), f.Size(), shape)
	}
	if v, given := c.params.Text(name); given && v == "" {
		return &media.Picture{}, nil
	}
	return nil, nil
}

// dropAvatar and dropHeader take a picture of the profile away.
func (c *call) dropAvatar() error {
	return c.drop(ap.ProfileChange{Avatar: &media.Picture{}})
}

func (c *call) dropHeader() error {
	return c.drop(ap.ProfileChange{Header: &media.Picture{}})
}

func (c *call) drop(change ap.ProfileChange) error {
	if err := c.api.Service.UpdateProfile(c.ctx, c.viewer, change); err != nil {
		return err
	}
	return c.verifyCredentials()
}

// userInfo says who signed in, in OpenID Connect's words.
func (c *call) userInfo() error {
	var a *store.Account
	if err := c.view(func(tx *store.Tx) (err error) {
		a, err = tx.Account(c.viewer)
		return err
	}); err != nil {
		return err
	}
	e := c.api.spell().Account(a)
	return c.json(map[string]string{
		"iss": c.api.Config.URL + "/", "sub": e.URI, "name": e.DisplayName, "preferred_username": e.Username, "profile": e.URL, "picture": e.Avatar,
	})
}

func (c *call) own(tx *store.Tx) (*Account, error) {
	account, err := tx.Account(c.viewer)
	if err != nil {
		return nil, err
	}
	user, err := tx.User(c.viewer)
	if err != nil {
		return nil, err
	}
	requests, err := tx.CountFollowRequests(c.viewer)
	e := c.api.spell().Own(account, user, requests)
	if !scope.Allows(c.token.Scopes, "read:accounts") && !scope.Allows(c.token.Scopes, "write:accounts") {
		// profile tells who one is, not how one posts or who waits to follow.
		e.Source.Privacy, e.Source.Sensitive, e.Source.Language, e.Source.FollowRequestsCount = store.Public.String(), false, nil, 0
		e.Role = &Role{ID: "-99", Permissions: "0"}
	}
	return e, err
}

func (c *call) updateCredentials() error {
	p := c.params
	change := ap.ProfileChange{
		DisplayName: p.TextPtr("display_name"), Note: p.TextPtr("note"),
		Locked: p.BoolPtr("locked"), Bot: p.BoolPtr("bot"), Discoverable: p.BoolPtr("discoverable"), Indexable: p.BoolPtr("indexable"),
	}
	var err error
	if change.Avatar, err = c.picture("avatar", media.Avatar); err != nil {
		return err
	}
	if change.Header, err = c.picture("header", media.Header); err != nil {
		return err
	}
	if source, ok := p.Sub("source"); ok {
		change.DefaultSensitive, change.DefaultLanguage = source.BoolPtr("sensitive"), source.TextPtr("language")
		if name, ok := source.Text("privacy"); ok {
			v, ok := store.ParseVisibility(name)
			if !ok {
				return fault.Errorf(fault.Invalid, "Validation failed: %q is no visibility", name)
			}
			change.DefaultVisibility = &v
		}
	}
	if p.Has("fields_attributes") {
		list := []store.Field{}
		for _, f := range p.List("fields_attributes") {
			if name, value := f.String("name"), f.String("value"); name != "" || value != "" {
				list = append(list, store.Field{Name: name, Value: value})
			}
		}
		change.Fields = &list
	}
	if err := c.api.Service.UpdateProfile(c.ctx, c.viewer, change); err != nil {
		return err
	}
	return c.verifyCredentials()
}

// seen reads an account that viewer may be shown; NotFound.
func (c *call) seen(tx *store.Tx, id store.AccountID) (*store.Account, error) {
	a, err := tx.Account(id)
	if err == nil && !a.DeletedAt.IsZero() {
		err = respond.NotFound
	}
	return a, err
}

func (c *call) account() error {
	id, err := c.accountID()
	if err != nil {
		return err
	}
	var a *store.Account
	if err := c.view(func(tx *store.Tx) (err error) {
		a, err = c.seen(tx, id)
		return err
	}); err != nil {
		return err
	}
	return c.json(c.api.spell().Account(a))
}

// accounts reads several by id, those that are known, in the order asked.
func (c *call) accounts() error {
	out := []*Account{}
	ids := accountIDs(c.params.Strings("id"))
	err := c.view(func(tx *store.Tx) error {
		known, err := tx.Accounts(ids)
		for _, id := range ids {
			if a := known[id]; a != nil && a.DeletedAt.IsZero() {
				out = append(out, c.api.spell().Account(a))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.json(out)
}

// maxIDs bounds how many ids one request may name.
const maxIDs = 100

func accountIDs(list []string) []store.AccountID {
	var out []store.AccountID
	for _, s := range list {
		if id, ok := store.ParseID(s); ok && len(out) < maxIDs {
			out = append(out, store.AccountID(id))
		}
	}
	return out
}

// lookup finds an account by handle among those known here.
func (c *call) lookup() error {
	handle := strings.TrimPrefix(c.params.String("acct"), "@")
	name, domain, _ := strings.Cut(handle, "@")
	if c.api.Config.IsOwnHost(domain) {
		domain = ""
	}
	var a *store.Account
	if err := c.view(func(tx *store.Tx) (err error) {
		a, err = tx.AccountByHandle(name, domain)
		if err == nil && !a.DeletedAt.IsZero() {
			err = respond.NotFound
		}
		return err
	}); err != nil {
		return err
	}
	return c.json(c.api.spell().Account(a))
}

func (c *call) relationships() error {
	ids := c.params.Strings("id")
	out := []*Relationship{}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.Relationships(c.viewer, accountIDs(ids))
		for _, r := range list {
			out = append(out, c.api.spell().Relationship(r))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.json(out)
}

func (c *call) familiarFollowers() error {
	type familiar struct {
		ID       string     `json:"id"`
		Accounts []*Account `json:"accounts"`
	}
	out := []familiar{}
	for _, id := range accountIDs(c.params.Strings("id")) {
		out = append(out, familiar{id.String(), []*Account{}})
	}
	if len(out) == 0 {
		return c.json(out)
	}
	err := c.view(func(tx *store.Tx) error {
		for i := range out {
			id, _ := store.ParseID(out[i].ID)
			list, err := tx.FamiliarFollowers(c.viewer, store.AccountID(id), 20)
			if err != nil {
				return err
			}
			for _, a := range list {
				out[i].Accounts = append(out[i].Accounts, c.api.spell().Account(a))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.json(out)
}

// act does something to the account of the path and answers with what then
// stands between the two.
func (c *call) act(do func(target store.AccountID) error) error {
	id, err := c.accountID()
	if err != nil {
		return err
	}
	if err := do(id); err != nil {
		return err
	}
	var list []*store.Relationship
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Relationships(c.viewer, []store.AccountID{id})
		return err
	}); err != nil {
		return err
	}
	if len(list) == 0 {
		return respond.NotFound
	}
	return c.json(c.api.spell().Relationship(list[0]))
}

func (c *call) follow() error {
	f := ap.FollowSettings{ShowReblogs: c.params.BoolPtr("reblogs"), Notify: c.params.BoolPtr("notify")}
	if c.params.Has("languages") {
		f.Languages = c.params.Strings("languages")
	}
	return c.act(func(target store.AccountID) error { return c.api.Service.Follow(c.ctx, c.viewer, target, f) })
}

func (c *call) unfollow() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.Unfollow(c.ctx, c.viewer, target) })
}

func (c *call) removeFollower() error {
	return c.act(func(target store.AccountID) error {
		err := c.api.Service.RejectFollow(c.ctx, c.viewer, target)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
}

func (c *call) block() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.Block(c.ctx, c.viewer, target) })
}

func (c *call) unblock() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.Unblock(c.ctx, c.viewer, target) })
}

func (c *call) mute() error {
	m := ap.MuteSettings{Notifications: true, For: seconds(c.params.Int("duration", 0))}
	if v, ok := c.params.Bool("notifications"); ok {
		m.Notifications = v
	}
	return c.act(func(target store.AccountID) error { return c.api.Service.Mute(c.ctx, c.viewer, target, m) })
}

func (c *call) unmute() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.Unmute(c.ctx, c.viewer, target) })
}

func (c *call) authorizeFollow() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.AuthorizeFollow(c.ctx, c.viewer, target) })
}

func (c *call) rejectFollow() error {
	return c.act(func(target store.AccountID) error { return c.api.Service.RejectFollow(c.ctx, c.viewer, target) })
}

// accountPage answers with a list of accounts that is paged by an id of its own.
func (c *call) accountPage(read func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error)) error {
	page := c.page(40, 80)
	var list []store.Paged[*store.Account]
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = read(tx, page)
		return err
	}); err != nil {
		return err
	}
	out := make([]*Account, len(list))
	for i, item := range list {
		out[i] = c.api.spell().Account(item.Item)
	}
	if n := len(list); n > 0 {
		c.links(list[0].PageID, list[n-1].PageID)
	}
	return c.json(out)
}

// of lists what hangs on the account of the path.
func (c *call) of(read func(tx *store.Tx, id store.AccountID, p store.Page) ([]store.Paged[*store.Account], error)) error {
	id, err := c.accountID()
	if err != nil {
		return err
	}
	return c.accountPage(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		if _, err := c.seen(tx, id); err != nil {
			return nil, err
		}
		return read(tx, id, p)
	})
}

func (c *call) followers() error {
	return c.of(func(tx *store.Tx, id store.AccountID, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Followers(c.viewer, id, p)
	})
}

func (c *call) following() error {
	return c.of(func(tx *store.Tx, id store.AccountID, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Following(c.viewer, id, p)
	})
}

func (c *call) followRequests() error {
	return c.accountPage(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.FollowRequests(c.viewer, p)
	})
}

func (c *call) blocks() error {
	return c.accountPage(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		return tx.Blocks(c.viewer, p)
	})
}

func (c *call) mutes() error {
	page := c.page(40, 80)
	var list []store.Paged[store.Muted]
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Mutes(c.viewer, page)
		return err
	}); err != nil {
		return err
	}
	out := make([]*Account, len(list))
	for i, item := range list {
		out[i] = c.api.spell().Account(item.Item.Account)
		out[i].MuteExpiresAt = datePtr(item.Item.ExpiresAt)
	}
	if n := len(list); n > 0 {
		c.links(list[0].PageID, list[n-1].PageID)
	}
	return c.json(out)
}
