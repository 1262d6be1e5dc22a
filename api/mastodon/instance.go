package mastodon

import (
	"strconv"

	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/media"
	"kinglet/store"
)

func (c *call) emptyList() error { return c.json([]struct{}{}) }

func (c *call) health() error {
	if err := c.view(func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	if err := c.api.Store.Health(c.r.Context(), c.api.Config.MinFreeBytes); err != nil {
		return err
	}
	return c.json(map[string]string{"status": "OK"})
}

func (c *call) noSubscription() error { return respond.NotFound }

// conversations are not built yet; those who have none see none.
func (c *call) conversations() error { return respond.NotImplemented }

func (c *call) peers() error {
	var list []string
	if err := c.view(func(tx *store.Tx) (err error) {
		list, err = tx.Domains()
		return err
	}); err != nil {
		return err
	}
	if list == nil {
		list = []string{}
	}
	return c.json(list)
}

func (c *call) extendedDescription() error {
	return c.json(map[string]any{"updated_at": nil, "content": markup.Render(c.api.Config.Description, markup.Options{})})
}

func (a *API) configuration(v2 bool) map[string]any {
	accounts := map[string]any{"max_featured_tags": 0}
	conf := map[string]any{
		"accounts": accounts,
		"statuses": map[string]any{
			"max_characters": a.Config.MaxPostCharacters, "max_media_attachments": 0, "characters_reserved_per_url": markup.URLLength,
		},
		"media_attachments": map[string]any{
			"supported_mime_types": media.Types, "image_size_limit": a.Config.MaxMediaBytes, "image_matrix_limit": 33177600,
			"video_size_limit": a.Config.MaxMediaBytes, "video_frame_rate_limit": 120, "video_matrix_limit": 8294400, "description_limit": 1500,
		},
		"polls": map[string]any{"max_options": 0, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2629746},
	}
	if v2 {
		accounts["max_pinned_statuses"] = a.Config.MaxPinned
		accounts["max_display_name_length"] = ap.MaxDisplayName
		accounts["max_note_length"] = ap.MaxNote
		accounts["max_profile_fields"] = ap.MaxFields
		accounts["profile_field_name_limit"] = ap.MaxFieldLength
		accounts["profile_field_value_limit"] = ap.MaxFieldLength
		conf["urls"] = map[string]any{"about": a.Config.URL + "/", "privacy_policy": nil, "terms_of_service": nil}
		conf["vapid"] = map[string]any{"public_key": ""}
		conf["translation"] = map[string]any{"enabled": false}
		conf["limited_federation"] = false
	}
	return conf
}

// facts are the first admin here, nil when there is none, and the counts.
func (c *call) facts() (contact *Account, stats store.ServerStats, err error) {
	err = c.view(func(tx *store.Tx) error {
		a, err := tx.FirstAdmin()
		if err == nil {
			contact = c.api.spell().Account(a)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		stats, err = tx.Stats()
		return err
	})
	return contact, stats, err
}

func (c *call) instanceV1() error {
	conf := c.api.Config
	contact, stats, err := c.facts()
	if err != nil {
		return err
	}
	return c.json(map[string]any{
		"uri": conf.Domain, "title": conf.Title, "short_description": conf.Description, "description": conf.Description,
		"email": conf.ContactEmail, "version": config.CompatibleVersion, "languages": conf.Languages,
		"registrations": false, "approval_required": false, "invites_enabled": false,
		// Without streaming_api until there is streaming: an empty one is an error
		// to clients that read it as a URL, and one that answers 501 is tried again and again.
		"urls":      map[string]any{},
		"stats":     map[string]any{"user_count": stats.Users, "status_count": stats.Statuses, "domain_count": stats.Domains},
		"thumbnail": conf.URL + "/static/header.png", "max_toot_chars": conf.MaxPostCharacters,
		"contact_account": contact, "rules": []struct{}{}, "configuration": c.api.configuration(false),
	})
}

func (c *call) instanceV2() error {
	conf := c.api.Config
	contact, stats, err := c.facts()
	if err != nil {
		return err
	}
	return c.json(map[string]any{
		"domain": conf.Domain, "title": conf.Title, "version": config.CompatibleVersion, "source_url": conf.Source(),
		"description": conf.Description, "usage": map[string]any{"users": map[string]any{"active_month": stats.ActiveMonth}},
		"thumbnail": map[string]any{"url": conf.URL + "/static/header.png", "blurhash": nil, "versions": map[string]any{}},
		"icon":      []any{map[string]any{"src": conf.URL + "/static/avatar.png", "size": "400x400"}},
		"languages": conf.Languages, "configuration": c.api.configuration(true),
		"registrations": map[string]any{"enabled": false, "approval_required": false, "message": nil, "url": nil},
		"api_versions":  map[string]any{"mastodon": 1},
		"contact":       map[string]any{"email": conf.ContactEmail, "account": contact}, "rules": []struct{}{},
	})
}

func (c *call) preferences() error {
	var u *store.User
	if err := c.view(func(tx *store.Tx) (err error) {
		u, err = tx.User(c.viewer)
		return err
	}); err != nil {
		return err
	}
	return c.json(map[string]any{
		"posting:default:visibility": u.DefaultVisibility.String(), "posting:default:sensitive": u.DefaultSensitive,
		"posting:default:language": textPtr(u.DefaultLanguage), "posting:default:quote_policy": "nobody",
		"reading:expand:media": "default", "reading:expand:spoilers": false, "reading:autoplay:gifs": false,
	})
}

type marker struct {
	LastReadID string `json:"last_read_id"`
	Version    int64  `json:"version"`
	UpdatedAt  string `json:"updated_at"`
}

func newMarker(m store.Marker) marker {
	return marker{strconv.FormatInt(m.LastReadID, 10), m.Version, Date(m.UpdatedAt)}
}

func (c *call) markers() error {
	out := map[string]marker{}
	if err := c.view(func(tx *store.Tx) error {
		list, err := tx.Markers(c.viewer, c.params.Strings("timeline"))
		for _, m := range list {
			out[m.Timeline] = newMarker(m)
		}
		return err
	}); err != nil {
		return err
	}
	return c.json(out)
}

func (c *call) putMarkers() error {
	out := map[string]marker{}
	err := c.api.Store.Update(c.ctx, func(tx *store.Tx) error {
		for _, timeline := range []string{"home", "notifications"} {
			p, ok := c.params.Sub(timeline)
			if !ok {
				continue
			}
			id, ok := store.ParseID(p.String("last_read_id"))
			if !ok {
				return fault.Errorf(fault.Invalid, "Validation failed: last_read_id is no id")
			}
			m, err := tx.PutMarker(c.viewer, timeline, id)
			if err != nil {
				return err
			}
			out[timeline] = newMarker(m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.json(out)
}
