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

// InstanceV1 is Mastodon's V1::Instance entity.
type InstanceV1 struct {
	URI              string   `json:"uri"`
	Title            string   `json:"title"`
	ShortDescription string   `json:"short_description"`
	Description      string   `json:"description"`
	Email            string   `json:"email"`
	Version          string   `json:"version"`
	Languages        []string `json:"languages"`
	Registrations    bool     `json:"registrations"`
	ApprovalRequired bool     `json:"approval_required"`
	InvitesEnabled   bool     `json:"invites_enabled"`
	// Without streaming_api until there is streaming: an empty one is an error
	// for clients that parse it as a URL, and one that answers 501 is retried
	// forever.
	URLs  struct{} `json:"urls"`
	Stats struct {
		Users    int64 `json:"user_count"`
		Statuses int64 `json:"status_count"`
		Domains  int64 `json:"domain_count"`
	} `json:"stats"`
	Thumbnail      string         `json:"thumbnail"`
	MaxTootChars   int            `json:"max_toot_chars"`
	ContactAccount *Account       `json:"contact_account"`
	Rules          []struct{}     `json:"rules"`
	Configuration  *Configuration `json:"configuration"`
}

// InstanceV1 serializes the server as old clients read it.
func (s Serializer) InstanceV1(i instance) *InstanceV1 {
	conf := s.Config
	e := &InstanceV1{
		URI: conf.Domain, Title: conf.Title, ShortDescription: conf.Description, Description: conf.Description,
		Email: conf.ContactEmail, Version: config.CompatibleVersion, Languages: conf.Languages,
		Thumbnail: conf.StaticURL("header.png"), MaxTootChars: conf.MaxPostCharacters,
		ContactAccount: s.contact(i), Rules: []struct{}{}, Configuration: s.configuration(),
	}
	e.Stats.Users, e.Stats.Statuses, e.Stats.Domains = i.stats.Users, i.stats.Statuses, i.stats.Domains
	return e
}

// InstanceV2 is Mastodon's Instance entity.
type InstanceV2 struct {
	Domain      string `json:"domain"`
	Title       string `json:"title"`
	Version     string `json:"version"`
	SourceURL   string `json:"source_url"`
	Description string `json:"description"`
	Usage       struct {
		Users struct {
			ActiveMonth int64 `json:"active_month"`
		} `json:"users"`
	} `json:"usage"`
	Thumbnail struct {
		URL      string   `json:"url"`
		Blurhash *string  `json:"blurhash"`
		Versions struct{} `json:"versions"`
	} `json:"thumbnail"`
	Icon          []Icon           `json:"icon"`
	Languages     []string         `json:"languages"`
	Configuration *ConfigurationV2 `json:"configuration"`
	Registrations struct {
		Enabled          bool    `json:"enabled"`
		ApprovalRequired bool    `json:"approval_required"`
		Message          *string `json:"message"`
		URL              *string `json:"url"`
	} `json:"registrations"`
	APIVersions struct {
		Mastodon int `json:"mastodon"`
	} `json:"api_versions"`
	Contact struct {
		Email   string   `json:"email"`
		Account *Account `json:"account"`
	} `json:"contact"`
	Rules []struct{} `json:"rules"`
}

// Icon is a picture of the server in one size.
type Icon struct {
	Src  string `json:"src"`
	Size string `json:"size"`
}

// InstanceV2 serializes the server.
func (s Serializer) InstanceV2(i instance) *InstanceV2 {
	conf := s.Config
	e := &InstanceV2{
		Domain: conf.Domain, Title: conf.Title, Version: config.CompatibleVersion, SourceURL: conf.Source(), Description: conf.Description,
		Icon: []Icon{{conf.StaticURL("avatar.png"), "400x400"}}, Languages: conf.Languages, Configuration: s.configurationV2(), Rules: []struct{}{},
	}
	e.Usage.Users.ActiveMonth = i.stats.ActiveMonth
	e.Thumbnail.URL = conf.StaticURL("header.png")
	e.APIVersions.Mastodon = 1
	e.Contact.Email, e.Contact.Account = conf.ContactEmail, s.contact(i)
	return e
}

// Configuration are the limits for clients.
type Configuration struct {
	Accounts struct {
		MaxFeaturedTags int `json:"max_featured_tags"`
		*AccountLimits
	} `json:"accounts"`
	Statuses struct {
		MaxCharacters            int `json:"max_characters"`
		MaxMediaAttachments      int `json:"max_media_attachments"`
		CharactersReservedPerURL int `json:"characters_reserved_per_url"`
	} `json:"statuses"`
	MediaAttachments struct {
		SupportedMIMETypes  []string `json:"supported_mime_types"`
		ImageSizeLimit      int64    `json:"image_size_limit"`
		ImageMatrixLimit    int      `json:"image_matrix_limit"`
		VideoSizeLimit      int64    `json:"video_size_limit"`
		VideoFrameRateLimit int      `json:"video_frame_rate_limit"`
		VideoMatrixLimit    int      `json:"video_matrix_limit"`
		DescriptionLimit    int      `json:"description_limit"`
	} `json:"media_attachments"`
	Polls struct {
		MaxOptions             int `json:"max_options"`
		MaxCharactersPerOption int `json:"max_characters_per_option"`
		MinExpiration          int `json:"min_expiration"`
		MaxExpiration          int `json:"max_expiration"`
	} `json:"polls"`
}

// AccountLimits are those of a profile, which the entity of V1 does not have.
type AccountLimits struct {
	MaxPinnedStatuses      int `json:"max_pinned_statuses"`
	MaxDisplayNameLength   int `json:"max_display_name_length"`
	MaxNoteLength          int `json:"max_note_length"`
	MaxProfileFields       int `json:"max_profile_fields"`
	ProfileFieldNameLimit  int `json:"profile_field_name_limit"`
	ProfileFieldValueLimit int `json:"profile_field_value_limit"`
}

// ConfigurationV2 is Configuration with what Mastodon's Instance has besides.
type ConfigurationV2 struct {
	*Configuration
	URLs struct {
		About          string  `json:"about"`
		PrivacyPolicy  *string `json:"privacy_policy"`
		TermsOfService *string `json:"terms_of_service"`
	} `json:"urls"`
	VAPID struct {
		PublicKey string `json:"public_key"`
	} `json:"vapid"`
	Translation struct {
		Enabled bool `json:"enabled"`
	} `json:"translation"`
	LimitedFederation bool `json:"limited_federation"`
}

func (s Serializer) configuration() *Configuration {
	e := new(Configuration)
	e.Statuses.MaxCharacters, e.Statuses.CharactersReservedPerURL = s.Config.MaxPostCharacters, markup.URLLength
	m := &e.MediaAttachments
	m.SupportedMIMETypes, m.ImageSizeLimit, m.VideoSizeLimit = media.Types, s.Config.MaxMediaBytes, s.Config.MaxMediaBytes
	m.ImageMatrixLimit, m.VideoFrameRateLimit, m.VideoMatrixLimit, m.DescriptionLimit = 33177600, 120, 8294400, 1500
	e.Polls.MaxCharactersPerOption, e.Polls.MinExpiration, e.Polls.MaxExpiration = 50, 300, 2629746
	return e
}

func (s Serializer) configurationV2() *ConfigurationV2 {
	e := &ConfigurationV2{Configuration: s.configuration()}
	e.Accounts.AccountLimits = &AccountLimits{
		MaxPinnedStatuses: s.Config.MaxPinned, MaxDisplayNameLength: ap.MaxDisplayName, MaxNoteLength: ap.MaxNote,
		MaxProfileFields: ap.MaxFields, ProfileFieldNameLimit: ap.MaxFieldLength, ProfileFieldValueLimit: ap.MaxFieldLength,
	}
	e.URLs.About = s.Config.URL + "/"
	return e
}
