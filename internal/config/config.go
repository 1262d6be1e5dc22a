// Package config holds Kinglet's settings: one struct, read from a TOML file,
// the environment and flags (precedence, lowest to highest), checked once and
// then never changed. The tags of its fields are their documentation, from
// which docs/CONFIGURATION.md is generated. The server's own secrets are not
// here: they are generated at the first start and stored in the database.
//
// The URLs that Kinglet gives out are here too (urls.go), since they follow
// from the settings and must never change. Read Config and Load.
package config

import (
	"io/fs"
	"net/netip"
	"time"
)

// Config are the settings of one server. Its zero value is not usable: see
// Load.
type Config struct {
	Domain         string         `toml:"domain" doc:"The part after the second @ of your handle: example.org makes @you@example.org. It can never be changed afterwards. With a port only on loopback."`
	URL            string         `toml:"url" doc:"Where the server is reached from outside, without a path. Default: https:// and the domain. http:// is allowed on loopback only. It may change: ids keep the URL that the database began with, which has to go on leading here."`
	Listen         string         `toml:"listen" default:"127.0.0.1:8080" doc:"Where the server listens: host:port, or unix:/path of a socket."`
	ListenMode     fs.FileMode    `toml:"listen_mode" default:"0660" doc:"The mode of the unix socket: who may connect, in addition to the permissions of its folder. The proxy has to be in the socket's group, or the mode 0666."`
	Database       string         `toml:"database" default:"kinglet.db" secret:"true" doc:"The SQLite file, or a postgres:// URL."`
	Create         bool           `toml:"create" default:"true" doc:"Whether a missing SQLite file is created. With false, a missing file stops the start: perhaps its disk is not mounted."`
	MigrateAtStart bool           `toml:"migrate_at_start" default:"true" doc:"Whether serve migrates an old database to this version's schema. With false it stops, and you run kinglet migrate up."`
	MinFreeBytes   int64          `toml:"min_free_bytes" default:"8388608" doc:"With less free space on the SQLite file's disk, /health fails."`
	AllowNetworks  []netip.Prefix `toml:"allow_networks" doc:"Networks (CIDRs) that outgoing requests may reach although they are private, in plain http as well. For tests and closed networks only."`
	TrustedProxies []netip.Prefix `toml:"trusted_proxies" default:"127.0.0.0/8, ::1/128" doc:"Networks (CIDRs) whose X-Forwarded-For header is trusted."`
	TrustSocket    bool           `toml:"trust_socket" default:"true" doc:"Whether the X-Forwarded-For header of requests over a unix socket is trusted. With false, all of them count as one address."`
	LogLevel       string         `toml:"log_level" default:"info" doc:"debug, info, warn or error."`
	LogFormat      string         `toml:"log_format" default:"text" doc:"text or json."`

	Title        string   `toml:"title" doc:"The server's name. Default: the domain."`
	Description  string   `toml:"description" default:"A personal server of the fediverse." doc:"What the server is, in a sentence."`
	ContactEmail string   `toml:"contact_email" doc:"Where people write to about the server."`
	SourceURL    string   `toml:"source_url" doc:"Where the source code of the program that runs here is (AGPL-3.0, section 13). Default: the server hands it out itself, at /source.tar.gz."`
	Languages    []string `toml:"languages" default:"en" doc:"The languages of the server's users (ISO 639)."`

	MaxPostCharacters int   `toml:"max_post_characters" default:"5000" doc:"The longest post, in characters as a person counts them."`
	MaxPinned         int   `toml:"max_pinned" default:"5" doc:"How many posts one can pin to the profile."`
	MaxMediaBytes     int64 `toml:"max_media_bytes" default:"41943040" doc:"The largest file that can be uploaded, in bytes."`

	Federation Federation `toml:"federation"`
	Retention  Retention  `toml:"retention"`
	Limits     Limits     `toml:"limits"`
	Signatures Signatures `toml:"signatures"`
	Threads    Threads    `toml:"threads"`
	Relays     Relays     `toml:"relays"`

	idBase string // see KeepIDs
}

// Retention is the table of what is kept, and for how long.
type Retention struct {
	IdempotencyKeys   time.Duration `toml:"idempotency_keys" default:"1h" doc:"How long a post that is sent again with the same Idempotency-Key is answered with the first one."`
	Sessions          time.Duration `toml:"sessions" default:"90d" doc:"How long a browser stays signed in."`
	Deliveries        time.Duration `toml:"deliveries" default:"7d" doc:"How long a delivery is tried again before it is given up."`
	DeadJobs          time.Duration `toml:"dead_jobs" default:"30d" doc:"How long failed jobs that are not tried again are kept."`
	Events            time.Duration `toml:"events" default:"1h" doc:"How long events (\"a post was written\", with its number and nothing of what it says) stay for servers on the same database that have not read them yet."`
	FederationLog     time.Duration `toml:"federation_log" default:"14d" doc:"How long it is remembered what came from other servers and what became of it, and which server took what: kinglet why and kinglet federation check tell it. Ids and reasons, no texts."`
	FederationLogRows int           `toml:"federation_log_rows" default:"20000" doc:"How many of each are remembered at most: half of them are for accounts that somebody here follows and half for all others, and one server has a tenth. Ten thousand take 5 MB."`
	HomeFeed          int           `toml:"home_feed" default:"4000" doc:"How many of the newest posts a home feed keeps."`
}

// Limits are the rate limits. IPv6 addresses count by their /64.
type Limits struct {
	Account   RateLimit `toml:"account" default:"1500/5m" doc:"API requests of a signed-in account: 1500/5m is 1500 in five minutes."`
	Address   RateLimit `toml:"address" default:"600/5m" doc:"API requests of an address that is not signed in."`
	SignIn    RateLimit `toml:"sign_in" default:"20/15m" doc:"Wrong passwords of an address, whatever the accounts."`
	SignInTo  RateLimit `toml:"sign_in_to" default:"10/15m" doc:"Wrong passwords of an account: of all browsers and addresses together that it has never signed in from, and of each that it has."`
	Invalid   RateLimit `toml:"invalid_tokens" default:"60/5m" doc:"Invalid access tokens of an address."`
	Apps      RateLimit `toml:"apps" default:"100/30m" doc:"Registrations of apps by an address."`
	Token     RateLimit `toml:"token" default:"120/5m" doc:"Requests for OAuth tokens by an address."`
	Resolve   RateLimit `toml:"resolve" default:"60/1m" doc:"Searches of an account that ask other servers."`
	Deleting  RateLimit `toml:"deleting" default:"60/30m" doc:"Deletions of an account's posts."`
	Pages     RateLimit `toml:"pages" default:"600/5m" doc:"Pages that an address looks at."`
	Documents RateLimit `toml:"documents" default:"3000/5m" doc:"ActivityPub documents and pictures that an address fetches."`
	Discovery RateLimit `toml:"discovery" default:"1500/5m" doc:"Requests of an address for WebFinger, NodeInfo and their like."`

	ReadTimeout   time.Duration `toml:"read_timeout" default:"10s" doc:"How long the database may take to answer one read of a client."`
	Connections   int           `toml:"connections" default:"256" doc:"How many clients are connected at once; for one more, the one that has been idle for longest is disconnected."`
	PictureMemory int64         `toml:"picture_memory" default:"33554432" doc:"How many bytes of memory decoding a picture may take; one is decoded at a time. The default does for photographs of 22 megapixels, and for PNGs of 8."`
}

// RateLimit is how many requests are allowed in a window of time. The zero
// value is no limit.
type RateLimit struct {
	Most   int
	Window time.Duration
}
