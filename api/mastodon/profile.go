package mastodon

import (
	"kinglet/ap"
	"kinglet/api/params"
	"kinglet/internal/auth/scope"
	"kinglet/internal/fault"
	"kinglet/media"
	"kinglet/store"
)

func (c *call) verifyCredentials() (any, error) { return read(c, c.ownAccount) }

// ownAccount is the viewer's own account, with as much of its settings as the
// token may read.
func (c *call) ownAccount(tx *store.Tx) (*Account, error) {
	account, err := visibleAccount(tx, c.viewer)
	if err != nil {
		return nil, err
	}
	user, err := tx.User(c.viewer)
	if err != nil {
		return nil, err
	}
	requests, err := tx.CountFollowRequests(c.viewer)
	e := c.serializer().OwnAccount(account, user, requests)
	if !scope.Allows(c.token.Scopes, "read:accounts") && !scope.Allows(c.token.Scopes, "write:accounts") {
		// The scope profile shows the public profile, not the preferences for posts
		// or the number of follow requests.
		e.Source.Privacy, e.Source.Sensitive, e.Source.Language, e.Source.FollowRequestsCount = store.Public.String(), false, nil, 0
		e.Role = &Role{ID: "-99", Permissions: "0"}
	}
	return e, err
}

// userInfo is the signed-in account in OpenID Connect's terms.
func (c *call) userInfo() (any, error) {
	a, err := read(c, func(tx *store.Tx) (*store.Account, error) { return tx.Account(c.viewer) })
	if err != nil {
		return nil, err
	}
	e := c.serializer().Account(a)
	return map[string]string{
		"iss": c.api.Config.URL + "/", "sub": e.URI, "name": e.DisplayName, "preferred_username": e.Username, "profile": e.URL, "picture": e.Avatar,
	}, nil
}

func (c *call) preferences() (any, error) {
	u, err := read(c, func(tx *store.Tx) (*store.User, error) { return tx.User(c.viewer) })
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"posting:default:visibility": u.DefaultVisibility.String(), "posting:default:sensitive": u.DefaultSensitive,
		"posting:default:language": textPtr(u.DefaultLanguage), "posting:default:quote_policy": "public",
		"reading:expand:media": "default", "reading:expand:spoilers": false, "reading:autoplay:gifs": false,
	}, nil
}

func (c *call) updateCredentials() (any, error) {
	p := c.params
	change := ap.ProfileChange{
		DisplayName: p.TextPtr("display_name"), Note: p.TextPtr("note"),
		Locked: p.BoolPtr("locked"), Bot: p.BoolPtr("bot"), Discoverable: p.BoolPtr("discoverable"), Indexable: p.BoolPtr("indexable"),
	}
	var err error
	if change.Avatar, err = c.picture("avatar", media.Avatar); err != nil {
		return nil, err
	}
	if change.Header, err = c.picture("header", media.Header); err != nil {
		return nil, err
	}
	if source, ok := p.Sub("source"); ok {
		change.DefaultSensitive, change.DefaultLanguage = source.BoolPtr("sensitive"), source.TextPtr("language")
		if change.DefaultVisibility, err = visibility(source, "privacy"); err != nil {
			return nil, err
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
	return c.changeProfile(change)
}

// visibility reads the visibility that a parameter names; nil when it was not
// given.
func visibility(p *params.Params, name string) (*store.Visibility, error) {
	text := p.String(name)
	if text == "" {
		return nil, nil
	}
	v, ok := store.ParseVisibility(text)
	if !ok {
		return nil, fault.Errorf(fault.Invalid, "Validation failed: %q is not a valid visibility", text)
	}
	return &v, nil
}

// picture stores an uploaded picture; nil when none was uploaded. An empty
// value removes the picture.
func (c *call) picture(name string, shape media.Shape) (*media.Picture, error) {
	if f := c.params.File(name); f != nil && f.Size() > 0 {
		return c.api.Pictures.Keep(c.ctx, f.Open(), f.Size(), shape)
	}
	if v, given := c.params.Text(name); given && v == "" {
		return &media.Picture{}, nil
	}
	return nil, nil
}

func (c *call) deleteAvatar() (any, error) {
	return c.changeProfile(ap.ProfileChange{Avatar: &media.Picture{}})
}

func (c *call) deleteHeader() (any, error) {
	return c.changeProfile(ap.ProfileChange{Header: &media.Picture{}})
}

func (c *call) changeProfile(change ap.ProfileChange) (any, error) {
	if err := c.api.Service.UpdateProfile(c.ctx, c.viewer, change); err != nil {
		return nil, err
	}
	return c.verifyCredentials()
}
