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
	URLs           struct{}      `json:"urls"`
	Stats          InstanceStats `json:"stats"`
	Thumbnail      string        `json:"thumbnail"`
	MaxTootChars   int           `json:"max_toot_chars"`
	ContactAccount *Account      `json:"contact_account"`
	Rules          []struct{}    `json:"rules"`
	Configuration  Configuration `json:"configuration"`
}

// InstanceStats are the counts of a V1::Instance.
type InstanceStats struct {
	UserCount   int64 `json:"user_count"`
	StatusCount int64 `json:"status_count"`
	DomainCount int64 `json:"domain_count"`
}

// Instance is Mastodon's Instance entity.
type Instance struct {
	Domain        string            `json:"domain"`
	Title         string            `json:"title"`
	Version       string            `json:"version"`
	SourceURL     string            `json:"source_url"`
	Description   string            `json:"description"`
	Usage         InstanceUsage     `json:"usage"`
	Thumbnail     InstanceThumbnail `json:"thumbnail"`
	Icon          []InstanceIcon    `json:"icon"`
	Languages     []string          `json:"languages"`
	Configuration ConfigurationV2   `json:"configuration"`
	Registrations Registrations     `json:"registrations"`
	APIVersions   APIVersions       `json:"api_versions"`
	Contact       InstanceContact   `json:"contact"`
	Rules         []struct{}        `json:"rules"`
}

// InstanceUsage counts who has used a server lately.
type InstanceUsage struct {
	Users struct {
		ActiveMonth int64 `json:"active_month"`
	} `json:"users"`
}

// InstanceThumbnail is the picture of a server.
type InstanceThumbnail struct {
	URL      string   `json:"url"`
	Blurhash *string  `json:"blurhash"`
	Versions struct{} `json:"versions"`
}

// InstanceIcon is a server's icon in one size.
type InstanceIcon struct {
	Src  string `json:"src"`
	Size string `json:"size"`
}

// Registrations says whether strangers may register: they may not.
type Registrations struct {
	Enabled          bool    `json:"enabled"`
	ApprovalRequired bool    `json:"approval_required"`
	Message          *string `json:"message"`
	URL              *string `json:"url"`
}

// APIVersions says which version of an API's additions is here.
type APIVersions struct {
	Mastodon int `json:"mastodon"`
}

// InstanceContact says whom to write to.
type InstanceContact struct {
	Email   string   `json:"email"`
	Account *Account `json:"account"`
}

// Configuration lists the limits for clients.
type Configuration struct {
	Accounts         AccountLimits    `json:"accounts"`
	Statuses         StatusLimits     `json:"statuses"`
	MediaAttachments AttachmentLimits `json:"media_attachments"`
	Polls            PollLimits       `json:"polls"`
}

// ConfigurationV2 is what an Instance has besides.
type ConfigurationV2 struct {
	Configuration
	Accounts          AccountLimitsV2 `json:"accounts"` // in the place of Configuration's
	URLs              InstanceURLs    `json:"urls"`
	VAPID             VAPID           `json:"vapid"`
	Translation       Translation     `json:"translation"`
	LimitedFederation bool            `json:"limited_federation"`
}

// AccountLimits are the limits of an account.
type AccountLimits struct {
	MaxFeaturedTags int `json:"max_featured_tags"`
}

// AccountLimitsV2 are those of an Instance.
type AccountLimitsV2 struct {
	AccountLimits
	MaxPinnedStatuses      int `json:"max_pinned_statuses"`
	MaxDisplayNameLength   int `json:"max_display_name_length"`
	MaxNoteLength          int `json:"max_note_length"`
	MaxProfileFields       int `json:"max_profile_fields"`
	ProfileFieldNameLimit  int `json:"profile_field_name_limit"`
	ProfileFieldValueLimit int `json:"profile_field_value_limit"`
}

// StatusLimits are the limits of a status.
type StatusLimits struct {
	MaxCharacters            int `json:"max_characters"`
	MaxMediaAttachments      int `json:"max_media_attachments"`
	CharactersReservedPerURL int `json:"characters_reserved_per_url"`
}

// AttachmentLimits are the limits of an upload.
type AttachmentLimits struct {
	SupportedMimeTypes  []string `json:"supported_mime_types"`
	ImageSizeLimit      int64    `json:"image_size_limit"`
	ImageMatrixLimit    int      `json:"image_matrix_limit"`
	VideoSizeLimit      int64    `json:"video_size_limit"`
	VideoFrameRateLimit int      `json:"video_frame_rate_limit"`
	VideoMatrixLimit    int      `json:"video_matrix_limit"`
	DescriptionLimit    int      `json:"description_limit"`
}

// PollLimits are the limits of a poll.
type PollLimits struct {
	MaxOptions             int `json:"max_options"`
	MaxCharactersPerOption int `json:"max_characters_per_option"`
	MinExpiration          int `json:"min_expiration"`
	MaxExpiration          int `json:"max_expiration"`
}

// InstanceURLs are pages about a server.
type InstanceURLs struct {
	About          string  `json:"about"`
	PrivacyPolicy  *string `json:"privacy_policy"`
	TermsOfService *string `json:"terms_of_service"`
}

// VAPID is the key of push messages: there are none yet.
type VAPID struct {
	PublicKey string `json:"public_key"`
}

// Translation says whether posts can be translated here.
type Translation struct {
	Enabled bool `json:"enabled"`
}

// contact is the administrator's account; null when there is none.
func (s Serializer) contact(i instance) *Account {
	if i.admin == nil {
		return nil
	}
	return s.Account(i.admin)
}

// InstanceV1 serializes the server as Mastodon's V1::Instance entity.
func (s Serializer) InstanceV1(i instance) *InstanceV1 {
	conf := s.Config
	return &InstanceV1{
		URI: conf.Domain, Title: conf.Title, ShortDescription: conf.Description, Description: conf.Description,
		Email: conf.ContactEmail, Version: config.CompatibleVersion, Languages: conf.Languages,
		Stats:     InstanceStats{UserCount: i.stats.Users, StatusCount: i.stats.Statuses, DomainCount: i.stats.Domains},
		Thumbnail: conf.StaticURL("header.png"), MaxTootChars: conf.MaxPostCharacters,
		ContactAccount: s.contact(i), Rules: []struct{}{}, Configuration: s.configuration(),
	}
}

// InstanceV2 serializes the server as Mastodon's Instance entity.
func (s Serializer) InstanceV2(i instance) *Instance {
	conf := s.Config
	e := &Instance{
		Domain: conf.Domain, Title: conf.Title, Version: config.CompatibleVersion, SourceURL: conf.Source(), Description: conf.Description,
		Thumbnail: InstanceThumbnail{URL: conf.StaticURL("header.png")}, Icon: []InstanceIcon{{Src: conf.StaticURL("avatar.png"), Size: "400x400"}},
		Languages: conf.Languages, Configuration: s.configurationV2(), APIVersions: APIVersions{Mastodon: 1},
		Contact: InstanceContact{Email: conf.ContactEmail, Account: s.contact(i)}, Rules: []struct{}{},
	}
	e.Usage.Users.ActiveMonth = i.stats.ActiveMonth
	return e
}

func (s Serializer) configuration() Configuration {
	return Configuration{
		Statuses: StatusLimits{MaxCharacters: s.Config.MaxPostCharacters, CharactersReservedPerURL: markup.URLLength},
		MediaAttachments: AttachmentLimits{
			SupportedMimeTypes: media.Types, ImageSizeLimit: s.Config.MaxMediaBytes, ImageMatrixLimit: 33177600,
			VideoSizeLimit: s.Config.MaxMediaBytes, VideoFrameRateLimit: 120, VideoMatrixLimit: 8294400, DescriptionLimit: 1500,
		},
		Polls: pollLimits(),
	}
}

func (s Serializer) configurationV2() ConfigurationV2 {
	return ConfigurationV2{
		Configuration: s.configuration(),
		Accounts: AccountLimitsV2{
			MaxPinnedStatuses: s.Config.MaxPinned, MaxDisplayNameLength: ap.MaxDisplayName, MaxNoteLength: ap.MaxNote,
			MaxProfileFields: ap.MaxFields, ProfileFieldNameLimit: ap.MaxFieldLength, ProfileFieldValueLimit: ap.MaxFieldLength,
		},
		URLs: InstanceURLs{About: s.Config.URL + "/"},
	}
}
