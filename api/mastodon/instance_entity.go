package mastodon

import (
	"kinglet/ap"
	"kinglet/internal/config"
	"kinglet/internal/markup"
	"kinglet/media"
	"kinglet/store"
)

// instance is the data about the server that is not a setting.
type instance struct {
	admin *store.Account // the first, nil when there is none
	stats store.ServerStats
}

// contact is the administrator's account; null when there is none.
func (s Serializer) contact(i instance) *Account {
	if i.admin == nil {
		return nil
	}
	return s.Account(i.admin)
}

// InstanceV1 serializes the server as Mastodon's V1::Instance entity.
func (s Serializer) InstanceV1(i instance) map[string]any {
	conf := s.Config
	return map[string]any{
		"uri": conf.Domain, "title": conf.Title, "short_description": conf.Description, "description": conf.Description,
		"email": conf.ContactEmail, "version": config.CompatibleVersion, "languages": conf.Languages,
		"registrations": false, "approval_required": false, "invites_enabled": false,
		// Without streaming_api until there is streaming: an empty one is an error
		// for clients that parse it as a URL, and one that answers 501 is retried
		// forever.
		"urls":      map[string]any{},
		"stats":     map[string]any{"user_count": i.stats.Users, "status_count": i.stats.Statuses, "domain_count": i.stats.Domains},
		"thumbnail": conf.StaticURL("header.png"), "max_toot_chars": conf.MaxPostCharacters,
		"contact_account": s.contact(i), "rules": []struct{}{}, "configuration": s.configuration(false),
	}
}

// InstanceV2 serializes the server as Mastodon's Instance entity.
func (s Serializer) InstanceV2(i instance) map[string]any {
	conf := s.Config
	return map[string]any{
		"domain": conf.Domain, "title": conf.Title, "version": config.CompatibleVersion, "source_url": conf.Source(),
		"description": conf.Description, "usage": map[string]any{"users": map[string]any{"active_month": i.stats.ActiveMonth}},
		"thumbnail": map[string]any{"url": conf.StaticURL("header.png"), "blurhash": nil, "versions": map[string]any{}},
		"icon":      []any{map[string]any{"src": conf.StaticURL("avatar.png"), "size": "400x400"}},
		"languages": conf.Languages, "configuration": s.configuration(true),
		"registrations": map[string]any{"enabled": false, "approval_required": false, "message": nil, "url": nil},
		"api_versions":  map[string]any{"mastodon": 1},
		"contact":       map[string]any{"email": conf.ContactEmail, "account": s.contact(i)}, "rules": []struct{}{},
	}
}

// configuration lists the limits for clients.
func (s Serializer) configuration(v2 bool) map[string]any {
	accounts := map[string]any{"max_featured_tags": 0}
	conf := map[string]any{
		"accounts": accounts,
		"statuses": map[string]any{
			"max_characters": s.Config.MaxPostCharacters, "max_media_attachments": 0, "characters_reserved_per_url": markup.URLLength,
		},
		"media_attachments": map[string]any{
			"supported_mime_types": media.Types, "image_size_limit": s.Config.MaxMediaBytes, "image_matrix_limit": 33177600,
			"video_size_limit": s.Config.MaxMediaBytes, "video_frame_rate_limit": 120, "video_matrix_limit": 8294400, "description_limit": 1500,
		},
		"polls": map[string]any{"max_options": 0, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2629746},
	}
	if v2 {
		accounts["max_pinned_statuses"] = s.Config.MaxPinned
		accounts["max_display_name_length"] = ap.MaxDisplayName
		accounts["max_note_length"] = ap.MaxNote
		accounts["max_profile_fields"] = ap.MaxFields
		accounts["profile_field_name_limit"] = ap.MaxFieldLength
		accounts["profile_field_value_limit"] = ap.MaxFieldLength
		conf["urls"] = map[string]any{"about": s.Config.URL + "/", "privacy_policy": nil, "terms_of_service": nil}
		conf["vapid"] = map[string]any{"public_key": ""}
		conf["translation"] = map[string]any{"enabled": false}
		conf["limited_federation"] = false
	}
	return conf
}
